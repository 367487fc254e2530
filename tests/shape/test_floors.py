"""The floors of ARCHITECTURE.md hold, without exceptions."""

import tomllib
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

PROJECT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_every_contract_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["name"])
def test_no_contract_lists_exceptions(contract: dict[str, object]) -> None:
    assert not [key for key in contract if key.startswith(("ignore", "allow", "unmatched"))]


def test_no_import_hides_in_a_function_of_the_domain() -> None:
    """The linter sees those too, but a late import is how cycles are hidden from people."""
    found = [
        f"{path.relative_to(PROJECT)}:{number}"
        for app in ("engagement", "journeys", "reviews", "nudges")
        for path in (PROJECT / app).rglob("*.py")
        if path.name != "apps.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.startswith(" ")
        and line.lstrip().startswith(("import ", "from "))
        and " import " in f" {line}"
        if any(f" {name}" in line for name in ("engagement", "journeys", "reviews", "nudges"))
    ]
    assert found == []
