"""Where a set of local services keeps its data, its ports and its secrets, and who is using it.

Users of a state hold a shared lock on one file; the kernel lets go of it however they die. So whoever leaves can ask
"am I the last?" without counters that a crash would leave wrong.
"""

import fcntl
import json
import os
import random
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
CHOSEN_PORTS = range(20_000, 30_000)  # below the ports that systems hand out to outgoing connections


class LocalError(Exception):
    """Something that the person at the terminal can read and act on."""


class State:
    """A folder that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = self.folder.stat().st_uid
        if owner != os.geteuid():
            raise LocalError(
                f"{self.folder} belongs to user {owner}: run as that user, or name another folder in TOUCHSTONE_STATE"
            )

    @classmethod
    def chosen(cls, name: str, folder: str | None = None) -> "State":
        """The folder asked for, else TOUCHSTONE_STATE, else `.local/<name>` in the checkout."""
        asked = folder or os.environ.get("TOUCHSTONE_STATE")
        return cls(Path(asked) if asked else PROJECT / ".local" / name)

    def read(self) -> dict[str, Any]:
        try:
            kept: dict[str, Any] = json.loads((self.folder / "kept.json").read_text())
        except FileNotFoundError:
            return {}
        return kept

    def keep(self, **values: Any) -> None:
        write_private(self.folder / "kept.json", json.dumps(self.read() | values, indent=2))

    def secret(self, name: str) -> str:
        """A random word, made once and kept."""
        kept = self.read().get(name)
        if kept is None:
            kept = secrets.token_urlsafe(32)
            self.keep(**{name: kept})
        return str(kept)

    def port(self, name: str, prefer: int | None = None) -> int:
        """The port of last time while it is free; else the preferred one; else any that is free."""
        kept = self.read().get(name)
        port = next((p for p in (kept, prefer) if p and is_free(p)), None) or free_port()
        if port != kept:
            self.keep(**{name: port})
        return port

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Held while services start or stop, so that two launchers never do so at once."""
        with locked(self.folder / "changing.lock", fcntl.LOCK_EX):
            yield

    def join(self) -> int:
        """Become a user of the services; the caller holds `changing`."""
        return lock(self.folder / "users.lock", fcntl.LOCK_SH)

    def leave(self, user: int) -> bool:
        """Stop being a user; true when there is no other. The caller holds `changing`."""
        os.close(user)
        return not self.is_used()

    def is_used(self) -> bool:
        return is_locked(self.folder / "users.lock")


def lock(path: Path, how: int) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, how)
    except OSError:
        os.close(handle)
        raise
    return handle


@contextmanager
def locked(path: Path, how: int) -> Iterator[None]:
    handle = lock(path, how)
    try:
        yield
    finally:
        os.close(handle)


def is_locked(path: Path) -> bool:
    try:
        os.close(lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def write_private(path: Path, text: str) -> None:
    """Replace a file in one move; nobody else can read it at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    for port in random.sample(CHOSEN_PORTS, 200):
        if is_free(port):
            return port
    raise LocalError("No free port found on 127.0.0.1")
