"""isso, the reference: installed from PyPI into a venv that is thrown away, filled with the text that ours has."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.measuring import say
from bench.reviewing.writing import Written
from config.local.state import free_port

CONFIGURATION = """\
[general]
dbpath = {folder}/comments.db
host =
    http://127.0.0.1/
notify =
[guard]
enabled = false
"""
# isso keeps a bloom filter of voters with each comment; an empty one is what a comment begins with.
SEED = """\
import json, sqlite3, sys
from isso.utils import Bloomfilter
from isso.db import SQLite3
from isso import config
SQLite3(sys.argv[1], config.load(config.default_file(), sys.argv[2]))
voters = memoryview(bytes(Bloomfilter(iterable=["127.0.0.0"]).array))
database = sqlite3.connect(sys.argv[1])
for page, comments in enumerate(json.load(sys.stdin), 1):
    database.execute("INSERT INTO threads (id, uri, title) VALUES (?, ?, 'Page')", (page, f"/p{page}/"))
    database.executemany(
        "INSERT INTO comments (tid, created, mode, remote_addr, text, author, voters)"
        " VALUES (?, ?, 1, '127.0.0.0', ?, ?, ?)",
        ((page, at, body, author, voters) for at, author, body in comments),
    )
database.commit()
"""


class Isso(NamedTuple):
    port: int
    pid: int


class NotThere(Exception):
    """isso cannot be had here; the text says why."""


@contextmanager
def serving(pages: list[list[Written]]) -> Iterator[Isso]:
    """isso behind gunicorn with two workers, as its documentation shows; page n is /p<n>/. Raises NotThere."""
    with tempfile.TemporaryDirectory(prefix="bench-isso-") as folder:
        binaries = _install(Path(folder))
        _fill(Path(folder), binaries, pages)
        port = free_port()
        command = [str(binaries / "gunicorn"), "-w", "2", "-b", f"127.0.0.1:{port}", "--log-level", "error"]
        process = subprocess.Popen(
            [*command, "isso.run"],
            env=os.environ | {"ISSO_SETTINGS": f"{folder}/isso.cfg"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(port)
            yield Isso(port, process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _install(folder: Path) -> Path:
    say("  installing isso into a venv of its own")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv/bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "isso", "gunicorn"], capture_output=True, text=True)
    if done.returncode:
        raise NotThere((done.stderr.strip().splitlines() or ["pip failed"])[-1])
    return folder / "venv/bin"


def _fill(folder: Path, binaries: Path, pages: list[list[Written]]) -> None:
    import json

    (folder / "isso.cfg").write_text(CONFIGURATION.format(folder=folder))
    told = json.dumps([[(one.at, one.author, one.body) for one in page] for page in pages])
    arguments = [str(folder / "comments.db"), str(folder / "isso.cfg")]
    subprocess.run([str(binaries / "python"), "-c", SEED, *arguments], input=told, text=True, check=True)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/?uri=%2Fp1%2F&limit=1", timeout=20)
            return
        except urllib.error.HTTPError as error:
            raise NotThere(f"isso answers {error.code}") from error
        except OSError:
            time.sleep(0.2)
    raise NotThere("isso did not start within a minute")
