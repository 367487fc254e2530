"""Requests a second of single events on granian beside gunicorn's threads, and what each does when it is told to end.

Both serve the same program with two workers of 16 threads. Throughput: 64 connections, one durable event a request, in
turns. Shutdown: while 16 connections send, the server gets SIGTERM; every request that was sent whole and every answer
are counted. An answered event that is not in the table would be a loss, and a stored one without an answer a broken
promise; a request that was neither stored nor answered came too late, and its client sends it again.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.ingest import CUSTOMERS, event, introductions
from bench.load import END, OK, loading, request
from bench.measuring import Measured, interleaved, say
from bench.world import raw_connection, settle, start_server
from engagement.keys import make_key
from engagement.models import Workspace

WORKERS, THREADS = 2, 16
REQUESTS, ROUNDS, CONNECTIONS = 2_000, 5, 64
STOPS, SENDERS = 5, 16


def granian(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *(
            "--workers",
            str(WORKERS),
            "--blocking-threads",
            str(THREADS),
            "--no-ws",
            "config.wsgi:application",
        ),
    ]


def gunicorn(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"),
        *("--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "30", "--log-level", "error"),
        "config.wsgi:application",
    ]


SERVERS = {"granian": granian, "gunicorn": gunicorn}


@dataclass
class Stop:
    """What clients saw of one shutdown under load."""

    sent: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    seconds: float = 0.0


def measure() -> Measured:
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    _, key = make_key(workspace=workspace, kind="write", name="bench")
    with (
        running("granian") as (ours, _),
        running("gunicorn") as (theirs, _),
        loading(ours, connections=CONNECTIONS) as first,
        loading(theirs, connections=CONNECTIONS) as second,
    ):
        first.run([request("/v1/batch", body, key) for body in introductions()])
        settle()
        for load in (first, second):
            load.run(requests(key, 1_500))
        measured = interleaved(
            lambda _: REQUESTS / first.run(requests(key, REQUESTS)),
            lambda _: REQUESTS / second.run(requests(key, REQUESTS)),
            rounds=ROUNDS,
            unit="requests/s",
        )
    for name in SERVERS:
        measured.notes[name] = stops(name, key)
    return measured


@contextmanager
def running(name: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with start_server(SERVERS[name]) as (port, process):
        yield port, process


def requests(key: str, count: int) -> list[bytes]:
    chance = random.Random(os.urandom(8))
    return [
        request("/v1/track", json.dumps(event(f"u{chance.randrange(CUSTOMERS)}", chance)).encode(), key)
        for _ in range(count)
    ]


def stops(name: str, key: str) -> dict[str, float]:
    """Several shutdowns under load, added up."""
    total = {
        "answered": 0,
        "unanswered": 0,
        "answered_but_lost": 0,
        "stored_but_unanswered": 0,
        "seconds": 0.0,
    }
    for _ in range(STOPS):
        stop = stop_under_load(name, key)
        kept = stored(stop.sent)
        unanswered = stop.sent - stop.answered
        total["answered"] += len(stop.answered)
        total["unanswered"] += len(unanswered)
        total["answered_but_lost"] += len(stop.answered - kept)
        total["stored_but_unanswered"] += len(unanswered & kept)
        total["seconds"] = max(total["seconds"], round(stop.seconds, 1))
    say(f"  {name}, {STOPS} times SIGTERM under load: {total}")
    return total


def stop_under_load(name: str, key: str) -> Stop:
    stop = Stop()
    with running(name) as (port, process):
        threads = [threading.Thread(target=send, args=(port, key, stop)) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        stop.seconds = time.monotonic() - began
        for thread in threads:
            thread.join(20)
    return stop


def send(port: int, key: str, stop: Stop) -> None:
    """One event after the other on one connection until the server has ended."""
    chance = random.Random(os.urandom(8))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        while True:
            told = event(f"u{chance.randrange(CUSTOMERS)}", chance)
            message_id = str(told["messageId"])
            try:
                connection.sendall(request("/v1/track", json.dumps(told).encode(), key))
            except OSError:
                return
            stop.sent.add(message_id)
            if not is_answered(connection):
                return
            stop.answered.add(message_id)


def is_answered(connection: socket.socket) -> bool:
    answer = b""
    while not (answer.startswith(OK) and answer.endswith(END)):
        try:
            part = connection.recv(65536)
        except OSError:
            return False
        if not part:
            return False
        answer += part
    return True


def stored(message_ids: set[str]) -> set[str]:
    with raw_connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT message_id FROM engagement_event WHERE message_id = ANY (%s)", [list(message_ids)]
        )
        return {message_id for (message_id,) in cursor.fetchall()}
