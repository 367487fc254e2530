"""django-post-office on the same server: another queue in Django that is known and used.

It is installed into a throw-away environment with the versions named here; where that is not possible nothing is
measured, and the notes say so. Its queue is filled by its own `send_many` with texts of the size of ours, then its own
`send_queued` is timed, on a database of the same Postgres: with its defaults (one process with five threads, batches of
100), and with the whole queue as one batch, which is quicker, in one process and in two.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2

PACKAGES = ["django-post-office==3.12.0", "Django==5.2.*", "psycopg2-binary"]
SCRIPT = Path(__file__).with_name("django_post_office_script.py")
DATABASE = "touchstone_bench_post_office"
WAYS = {"its_defaults": (1, 100), "one_process_one_batch": (1, 100_000), "two_processes": (2, 100_000)}


@contextmanager
def installed() -> Iterator[Path | str]:
    """The Python of an environment that has it, for the length of a block; or why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "bin", "python")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
        problem = failed(install)
        yield f"skipped, it could not be installed: {problem}" if problem else python


def send(python: Path, way: str, told: Mapping[str, Any], _round: int = 0) -> float:
    """Mails a second in one of WAYS. `told`: `mail_port`, `mails`, `text` and `html`."""
    processes, batch = WAYS[way]
    done = subprocess.run(
        [python, SCRIPT],
        input=json.dumps({**told, "database": make_database(), "processes": processes, "batch": batch}),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def failed(command: list[str | Path]) -> str:
    """The last words of a command that failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def make_database() -> dict[str, object]:
    """An empty one, as Django's settings name it."""
    maintenance = os.environ["BENCH_DATABASE_URL"]
    connection = psycopg2.connect(maintenance)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    connection.close()
    url = urlsplit(maintenance)
    return {
        "NAME": DATABASE,
        "HOST": url.hostname,
        "PORT": url.port,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
    }
