"""A worker as the clock wakes it: each step of the flow that concerns messages, each second, until it is ended."""

from __future__ import annotations

import importlib
import time

import django

STEPS = ("consider_broadcasts", "decide_nudges", "send_messages")


def main() -> None:
    django.setup()
    tasks = importlib.import_module("nudges.tasks")
    while True:
        began = time.monotonic()
        for step in STEPS:
            getattr(tasks, step)()
        time.sleep(max(0.0, 1 - (time.monotonic() - began)))


if __name__ == "__main__":
    main()
