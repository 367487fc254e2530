"""Child processes in one terminal: prefixed logs, and started again with back-off when they die."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

LONG_LIFE = 60.0  # seconds after which a death is no longer counted with those before
LONGEST_PAUSE = 30.0


def say(name: str, text: str) -> None:
    sys.stdout.write(f"{name:<6} | {text}\n")
    sys.stdout.flush()


@dataclass
class Child:
    name: str
    command: list[str]
    environment: dict[str, str]
    deaths: int = 0
    started_at: float = 0.0
    due_at: float = 0.0
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self, now: float) -> None:
        self.started_at = now
        self.process = subprocess.Popen(
            self.command,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
        )
        threading.Thread(target=relay, args=(self.name, self.process.stdout), daemon=True).start()

    def tend(self, now: float) -> None:
        """Notice a death, plan the next start, make it when it is due."""
        if self.process is None:
            if now >= self.due_at:
                self.start(now)
            return
        code = self.process.poll()
        if code is None:
            return
        self.process = None
        self.deaths = self.deaths + 1 if now - self.started_at < LONG_LIFE else 1
        pause = back_off(self.deaths)
        self.due_at = now + pause
        say(self.name, f"ended with code {code}; starting it again in {pause:.0f} s")

    def signal(self, number: int) -> None:
        if self.process is not None:
            signal_group(self.process.pid, number)


def back_off(deaths: int) -> float:
    """How long to wait after so many deaths in a row: 1, 2, 4 … seconds."""
    return float(min(2 ** min(deaths - 1, 10), LONGEST_PAUSE))


def relay(name: str, output: IO[str] | None) -> None:
    for line in output or ():
        say(name, line.rstrip())


def signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def is_group(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


class Children:
    """Started in order, ended in reverse."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children

    def tend(self) -> None:
        for child in self.children:
            child.tend(time.monotonic())

    def tend_until(self, is_so: Callable[[], bool], *, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                return False
            self.tend()
            time.sleep(0.1)
        return True

    def groups(self) -> list[int]:
        return [child.process.pid for child in self.children if child.process]

    def end(self, *, patience: float = 10) -> None:
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + patience
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(child.name, "did not end in time: killed")
            child.signal(signal.SIGKILL)  # also whatever it left behind in its group
            child.process = None
