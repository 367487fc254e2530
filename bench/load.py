"""Load over HTTP from a process of its own: keep-alive connections that send prepared requests as fast as answers come.

python -m bench.load PORT CONNECTIONS   reads pickled lists of requests from stdin, one list a run; prints seconds a run

Connections are made anew for each run: a server closes those that were idle meanwhile. Written with bare sockets, so
that it takes little of the machine: it shares the cores with what it measures.
"""

from __future__ import annotations

import pickle
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from config.local.state import PROJECT

OK = b"HTTP/1.1 200"
END = b'{"success": true}'


class Load:
    """A running load process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def run(self, requests: list[bytes]) -> float:
        """Send all of these and return the seconds it took; every answer must be a 200."""
        assert self.process.stdin
        assert self.process.stdout
        pickle.dump(requests, self.process.stdin)
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def loading(port: int, *, connections: int) -> Iterator[Load]:
    command = [sys.executable, "-m", "bench.load", str(port), str(connections)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT)
    try:
        yield Load(process)
    finally:
        process.kill()
        process.wait()


def request(path: str, body: bytes, key: str) -> bytes:
    """The bytes of one POST."""
    head = f"POST {path}?writeKey={key} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + body


def send_all(requests: list[bytes], sockets: list[socket.socket]) -> float:
    """Keep every connection busy with one request at a time."""
    waiting = iter(requests)
    ready = selectors.DefaultSelector()
    began = time.perf_counter()
    answers: dict[socket.socket, bytes] = {}
    busy = 0
    for each in sockets:
        if (first := next(waiting, None)) is not None:
            each.sendall(first)
            ready.register(each, selectors.EVENT_READ)
            busy += 1
    while busy:
        for key, _ in ready.select():
            each = key.fileobj
            assert isinstance(each, socket.socket)
            part = each.recv(65536)
            answers[each] = answer = answers.get(each, b"") + part
            if not part or not answer.startswith(OK):
                sys.exit(f"unexpected answer: {answer[:500]!r}")
            if not answer.endswith(END):
                continue  # the body comes in a packet of its own
            del answers[each]
            if (following := next(waiting, None)) is None:
                ready.unregister(each)
                busy -= 1
            else:
                each.sendall(following)
    return time.perf_counter() - began


def main(port: int, connections: int) -> None:
    while True:
        try:
            requests = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
        for each in sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        print(send_all(requests, sockets), flush=True)
        for each in sockets:
            each.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
