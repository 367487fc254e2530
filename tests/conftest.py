"""How tests are launched: which browser, and what is said about tests that did not run. Data is made in `make.py`."""

import os
import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(PROJECT / "tests").parts[0]
        if folder in ("races", "browser"):
            item.add_marker(folder.removesuffix("s"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium, else Playwright's own; in CI its absence is a failure, elsewhere a named skip."""
    wanted = os.environ.get("CHROMIUM", "chromium")
    found = shutil.which(wanted) or shutil.which("google-chrome") or playwrights_chromium()
    if found:
        return found
    message = "no Chromium: install one, name it in CHROMIUM, or run `.venv/bin/playwright install chromium`"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(message)
    pytest.skip(message)


def playwrights_chromium() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None
