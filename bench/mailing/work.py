"""One worker of ours as a process of its own: told to begin, it sends until nothing is due."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from typing import IO, Any, cast

import django
from django.conf import settings


def use_server(port: int) -> None:
    """Send by the SMTP server at this port of this machine."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False


def send_at_once(port: int, processes: int) -> tuple[int, float]:
    """Let so many workers send what is due, begun at one time: how many mails, and in how many seconds."""
    command = [sys.executable, "-m", "bench.mailing.work", str(port)]
    working = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for one in working:
        cast(IO[str], one.stdout).readline()
    for one in working:
        print("go", file=cast(IO[str], one.stdin), flush=True)
    told = [one.communicate()[0].split() for one in working]
    seconds = max(float(ended) for _sent, _began, ended in told) - min(float(began) for _, began, _ in told)
    return sum(int(sent) for sent, _began, _ended in told), seconds


def main(port: int) -> None:
    """Prints `ready`, waits for a line, sends; prints how many, and when it began and ended."""
    django.setup()
    use_server(port)
    senders: Any = importlib.import_module("bench.mailing.senders")
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.time()
    print(senders.send_all(), began, time.time())


if __name__ == "__main__":
    main(int(sys.argv[1]))
