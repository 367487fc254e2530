"""One worker of ours as a process of its own: it sends until nothing is due, and, told to begin, does so again."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from collections.abc import Callable
from typing import IO, Any, cast

import django
from django.conf import settings


def use_server(port: int) -> None:
    """Send by the SMTP server at this port of this machine."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False


def send_at_once(port: int, processes: int, make_due: Callable[[], None]) -> tuple[int, float]:
    """Let so many workers send what `make_due` decides, begun at one time: how many mails, and in how many seconds.

    Before that they send what is due already, so that everything is loaded and planned.
    """
    command = [sys.executable, "-m", "bench.mailing.work", str(port)]
    working = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for one in working:
        cast(IO[str], one.stdout).readline()
    make_due()
    for one in working:
        print("go", file=cast(IO[str], one.stdin), flush=True)
    told = [one.communicate()[0].split() for one in working]
    seconds = max(float(ended) for _sent, _began, ended in told) - min(float(began) for _, began, _ in told)
    return sum(int(sent) for sent, _began, _ended in told), seconds


def main(port: int) -> None:
    """Sends, prints `ready`, waits for a line, sends; prints how many, and when it began and ended."""
    django.setup()
    use_server(port)
    senders: Any = importlib.import_module("bench.mailing.senders")
    senders.send_all()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.time()
    print(senders.send_all(), began, time.time())


if __name__ == "__main__":
    main(int(sys.argv[1]))
