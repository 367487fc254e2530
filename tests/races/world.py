"""An installation of its own, with durable services, that can be killed part by part."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from config.local import services
from config.local.demo import web
from config.local.postgres import Postgres
from config.local.processes import Child, Children
from config.local.redis import wait_until
from config.local.state import State, free_port

PYTHON = [sys.executable, "-m"]


class World:
    """An installation of its own, with durable services, that can be killed part by part."""

    def __init__(self, state: State, environment: dict[str, str], outbox: Path) -> None:
        smtp, self.port = free_port(), free_port()
        self.state, self.outbox = state, outbox
        self.environment = environment | {
            "BASE_URL": f"http://127.0.0.1:{self.port}",
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp}",
            "STATIC_ROOT": str(outbox.parent / "static"),
            "DEBUG": "1",
            "LOG_LEVEL": "WARNING",
        }
        celery = [*PYTHON, "celery", "-A", "config"]
        commands = {
            "mail": [*PYTHON, "demo.mailbox", "--smtp-port", str(smtp), "--dir", str(outbox)],
            "web": web(self.port),
            "worker": [*celery, "worker", "--loglevel", "WARNING", "--concurrency", "2", "--without-gossip"],
            "clock": [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(outbox.parent / "clock")],
        }
        self.children = Children(
            [Child(name, command, self.environment) for name, command in commands.items()]
        )

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, what: str) -> dict[str, Any]:
        """What a function of `kill_world` returns inside this installation."""
        asked = f"import json; from tests.races import kill_world; print(json.dumps(kill_world.{what}()))"
        said = self.manage("manage.py", "shell", "--no-imports", "--command", asked)
        answer: dict[str, Any] = json.loads(said.splitlines()[-1])
        return answer

    def kill(self, name: str) -> None:
        if name == "postgres":
            pid = Postgres(self.state).pid()
            assert pid
            os.kill(pid, signal.SIGKILL)
            assert wait_until(lambda: services.revive(self.state, "demo"), seconds=30)
            return
        next(child for child in self.children.children if child.name == name).signal(signal.SIGKILL)

    def letters(self) -> Counter[str]:
        """How often each dispatch id was accepted by the SMTP peer."""
        ids = (message_from_bytes(path.read_bytes())["Message-ID"] for path in self.outbox.glob("*.eml"))
        return Counter(name.strip("<>").split("@")[0] for name in ids)


def settled(world: World, *, seconds: float = 240) -> dict[str, Any]:
    """The counts once nothing is waiting any more."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        world.children.tend_until(lambda: False, seconds=3)
        counts = world.ask("count")
        waiting = counts["messages"].get("decided", 0) + counts["messages"].get("claimed", 0)
        if (
            not (counts["unread"] or counts["changes_waiting"] or counts["due"] or waiting)
            and counts["candidates"]
        ):
            return counts
    pytest.fail(f"not settled after {seconds} s: { {k: v for k, v in counts.items() if k != 'sent'} }")
