"""An installation of its own, with durable services, that can be killed part by part and whose clock can be moved."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from unittest import mock

from environ import Env

from config.local import services
from config.local.demo import is_reached, web
from config.local.postgres import Postgres
from config.local.processes import Child, Children
from config.local.redis import Redis
from config.local.state import State, free_port
from tests.races.workers import Worker

PYTHON = [sys.executable, "-m"]
CELERY = [*PYTHON, "celery", "-A", "tests.races.shaken"]
WORKER = [
    *CELERY,
    "worker",
    "--loglevel",
    "ERROR",
    "--concurrency",
    "2",
    "--without-gossip",
    "--without-mingle",
]
WORKERS, CLOCKS = ("worker", "late-worker"), ("clock", "clock-2")
LATE = 420  # seconds by which one worker's clock is behind


@contextmanager
def installed(folder: Path) -> Iterator[World]:
    """An installation that runs, with two workers and two clocks; ended and stopped afterwards."""
    with ExitStack() as stack:
        with mock.patch.dict(os.environ):  # the services that the tests themselves run on are not for it
            for name in ("DATABASE_URL", "REDIS_URL"):
                os.environ.pop(name, None)
            state = State(folder / "state")
            environment = stack.enter_context(services.services(state, "demo"))
        world = World(state, environment, folder)
        world.manage("migrate", "--verbosity", "0")
        stack.callback(world.children.end)
        assert world.children.tend_until(lambda: is_reached(f"{world.url}/healthz"), seconds=90)
        yield world


class World:
    """Its processes, services, clock and outbox."""

    def __init__(self, state: State, environment: dict[str, str], folder: Path) -> None:
        smtp, port = free_port(), free_port()
        self.state, self.outbox, self.clock = state, folder / "outbox", folder / "time"
        self.clock.write_text("0")
        self.url = f"http://127.0.0.1:{port}"
        self.environment = environment | {
            "BASE_URL": self.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp}",
            "STATIC_ROOT": str(folder / "static"),
            "DEBUG": "1",
            "LOG_LEVEL": "ERROR",
            "SHAKEN_CLOCK": str(self.clock),
        }
        self.database = Env.db_url_config(environment["DATABASE_URL"])
        commands = {"mail": [*PYTHON, "demo.mailbox", "--smtp-port", str(smtp), "--dir", str(self.outbox)]}
        commands["web"] = [*web(port)[:-1], "tests.races.shaken_web:application"]
        commands |= {name: [*WORKER, "--hostname", f"{name}@shaken"] for name in WORKERS}
        for name in CLOCKS:
            commands[name] = [
                *CELERY,
                "beat",
                "--loglevel",
                "ERROR",
                "--schedule",
                str(folder / f"{name}.beat"),
            ]
        self.children = Children(
            [Child(name, command, self.environment_of(name)) for name, command in commands.items()]
        )

    def environment_of(self, name: str) -> dict[str, str]:
        return self.environment | ({"SHAKEN_LAG": str(LATE)} if name == "late-worker" else {})

    def manage(self, *command: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """What a function returns inside this installation."""
        return Worker(work, *arguments, database=self.database).answer()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self.clock.read_text()))

    def set_clock(self, at: datetime) -> None:
        """For every process at once, however far it has to go."""
        draft = self.clock.with_suffix(".draft")
        draft.write_text(str((at - datetime.now(UTC)).total_seconds()))
        draft.replace(self.clock)

    def pass_time(self, by: timedelta) -> None:
        self.set_clock(self.now() + by)

    def kill(self, name: str) -> None:
        """Kill a process with all that it started; it is started again after a second."""
        child = next(child for child in self.children.children if child.name == name)
        child.signal(signal.SIGKILL)
        child.deaths = 0

    def kill_one_of_its_own(self, name: str, chance: random.Random) -> None:
        """Kill one of the processes that a worker works in, not the worker."""
        child = next(child for child in self.children.children if child.name == name)
        if child.process is not None:
            pid = child.process.pid
            own = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if own:
                os.kill(int(chance.choice(own)), signal.SIGKILL)

    def kill_postgres(self) -> None:
        pid = Postgres(self.state).pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        with self.state.changing():
            Postgres(self.state).start("demo")

    def restart_postgres(self) -> None:
        with self.state.changing():
            Postgres(self.state).restart("demo")

    def flush_broker(self) -> None:
        assert Redis(self.state).ask("FLUSHALL") == "+OK"

    def letters(self) -> Counter[str]:
        """How often each dispatch id was accepted by the SMTP peer."""
        ids = (message_from_bytes(path.read_bytes())["Message-ID"] for path in self.outbox.glob("*.eml"))
        return Counter(name.strip("<>").split("@")[0] for name in ids)
