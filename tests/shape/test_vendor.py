"""What other people wrote and we serve is what the lock says it is, and carries its licence."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from config.vendoring import ICON_USES, LOCK, PROJECT, VENDOR, checksum

PACKAGES: list[dict[str, Any]] = json.loads(LOCK.read_text())["packages"]
FILES = [(package["name"], file) for package in PACKAGES for file in package["files"]]
LICENCES = {"MIT", "0BSD", "OFL-1.1", "MPL-2.0"}


@pytest.mark.parametrize(
    ("name", "file"), FILES, ids=lambda value: value["to"] if isinstance(value, dict) else value
)
def test_a_vendored_file_has_the_checksum_of_the_lock(name: str, file: dict[str, str]) -> None:
    assert checksum(PROJECT / file["to"]) == file["sha384"]


def test_nothing_lies_in_the_vendor_folder_that_the_lock_does_not_name() -> None:
    named = {PROJECT / file["to"] for _name, file in FILES} | {LOCK}
    assert {path for path in VENDOR.rglob("*") if path.is_file()} <= named


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_every_package_is_pinned_with_its_integrity_and_a_licence(package: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
    assert package["integrity"].startswith("sha512-")
    assert package["licence"] in LICENCES


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (VENDOR / "tabler" / "icons.svg").read_text()
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    folder, pattern, use = ICON_USES[0]
    used = {name for path in folder.rglob(pattern) for name in use.findall(path.read_text())}
    assert len(used) > 40
    assert used - known == set(), "run `python -m config.vendoring`"


def test_no_template_of_ours_carries_inline_scripts_styles_or_handlers() -> None:
    """The policy of the pages would block them; letters and bare text are no pages."""
    inline = re.compile(
        r"<script(?![^>]*(?:\bsrc=|json\"))[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
    )
    pages = [path for path in (PROJECT / "templates").rglob("*.html") if "letter" not in path.parts]
    found = [
        f"{path.relative_to(PROJECT)}: {match[0]}"
        for path in pages
        for match in inline.finditer(path.read_text())
    ]
    assert len(pages) > 40
    assert found == []
