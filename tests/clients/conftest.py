"""The real clients, unmodified: where their packages are, and the server that they send to."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.committed import committed, server, transactional_db

__all__ = ["committed", "server", "transactional_db"]

HERE = Path(__file__).parent
INSTALL = [
    "npm",
    "install",
    "--no-save",
    "--omit=optional",
    "--ignore-scripts",
    "--prefer-offline",
    "--no-audit",
]


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the packages of package-lock.json installed; where it is missing the test is skipped by name."""
    found = shutil.which("node")
    if not found or not shutil.which("npm"):
        missing("no node and npm: install them to run the clients that are written for them")
    with (HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test process may be installing
        if not is_installed():
            done = subprocess.run(INSTALL, cwd=HERE, capture_output=True, text=True, timeout=110)
            if done.returncode:
                missing(f"npm could not install the clients: {done.stderr[-500:]}")
            (HERE / "node_modules" / ".installed").write_text(wanted())
    assert found
    return found


def wanted() -> str:
    return (HERE / "package-lock.json").read_text()


def is_installed() -> bool:
    mark = HERE / "node_modules" / ".installed"
    return mark.exists() and mark.read_text() == wanted()


def missing(message: str) -> None:
    """In CI what is missing is a failure, elsewhere a skip that says its reason."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(message)
    pytest.skip(message)
