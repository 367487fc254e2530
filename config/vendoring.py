"""Fetch the front-end files of other people that the dashboard serves: `python -m config.vendoring`.

Reads `static/vendor/vendor.lock.json` (package, version, which files), gets each package by `npm pack`, refuses one
whose integrity differs from the lock, copies the files and writes their checksums back. No build step: a file is
copied as it is, but for the source-map line, because the maps aren't served.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
VENDOR = PROJECT / "static" / "vendor"
LOCK = VENDOR / "vendor.lock.json"
SPRITE = "icons.svg"
SOURCE_MAP = re.compile(rb"\n?(//[#@] sourceMappingURL=\S+|/\*[#@] sourceMappingURL=\S+ \*/)\s*$")
NAME = r"([a-z0-9]+(?:-[a-z0-9]+)*)"
ICON_USES = [
    (PROJECT / "templates", "*.html", re.compile(rf'(?:{{% icon (?:[\w.]+\|default:)?|icon_name=)"{NAME}"')),
    # Modules with a table of icons: any word there that names one is taken, so that the table needs no list beside it.
    *(
        (PROJECT / app, "*.py", re.compile(rf'"{NAME}"'))
        for app in ("engagement", "journeys", "reviews", "nudges")
    ),
]


def main() -> int:
    lock = json.loads(LOCK.read_text())
    with tempfile.TemporaryDirectory() as folder:
        for package in lock["packages"]:
            vendor(package, Path(folder))
    LOCK.write_text(json.dumps(lock, indent=2) + "\n")
    return 0


def vendor(package: dict[str, Any], folder: Path) -> None:
    """Copy one package's files and note their checksums in `package`."""
    content = packed(package, folder)
    for file in package["files"]:
        body = (
            sprite(content, used_icons(icon_names(content)))
            if file["from"] == "icons"
            else content[file["from"]]
        )
        target = PROJECT / file["to"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(SOURCE_MAP.sub(b"\n", body))
        file["sha384"] = checksum(target)
        print(f"{package['name']}@{package['version']}: {file['to']}")


def packed(package: dict[str, Any], folder: Path) -> dict[str, bytes]:
    """The package's files by name, after its integrity was checked against the lock (or noted, the first time)."""
    name = f"{package['name']}@{package['version']}"
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # names from our own lock
    archive = folder / done.stdout.split()[-1]
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if package.setdefault("integrity", integrity) != integrity:
        sys.exit(f"{name} is not what the lock names: {integrity}")
    with tarfile.open(archive) as tar:
        return {
            member.name.removeprefix("package/"): tar.extractfile(member).read()  # type: ignore[union-attr]
            for member in tar.getmembers()
            if member.isfile()
        }


def used_icons(known: Container[str]) -> list[str]:
    """Names of the icons that templates and views name, of those that are known."""
    found = {
        name
        for folder, pattern, use in ICON_USES
        for path in folder.rglob(pattern)
        if (text := path.read_text()) and (path.suffix == ".html" or "ICONS" in text or "icon=" in text)
        for name in use.findall(text)
    }
    return sorted(name for name in found if name in known)


def icon_names(content: dict[str, bytes]) -> set[str]:
    return {Path(name).stem for name in content if name.startswith("icons/outline/")}


def sprite(content: dict[str, bytes], names: Iterable[str]) -> bytes:
    """One SVG with a symbol for each icon."""
    symbols = [symbol(name, content[f"icons/outline/{name}.svg"].decode()) for name in names]
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""]).encode()


def symbol(name: str, source: str) -> str:
    shapes = re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL)
    inner = re.sub(r"\s+", " ", shapes[shapes.index(">", shapes.index("<svg")) + 1 : shapes.rindex("</svg>")])
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round">{inner.strip()}</symbol>'
    )


def checksum(path: Path) -> str:
    return base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


if __name__ == "__main__":
    sys.exit(main())
