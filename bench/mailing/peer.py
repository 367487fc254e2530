"""An SMTP server that takes every mail and costs little, so that the senders are measured and not their peer.

Run as `python -m bench.mailing.peer`: prints its port, then serves any number of connections until its input ends.
It offers PIPELINING (RFC 2920) and answers XCOUNT with how many mails it took, how many different Message-IDs they had,
and the CPU seconds that it has used.
"""

from __future__ import annotations

import asyncio
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

END = b"\r\n.\r\n"
MESSAGE_ID = re.compile(rb"^message-id:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)
GREETING = b"220 peer.localhost\r\n"
EHLO = b"250-peer.localhost\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
OK, GO_ON = b"250 2.0.0 Ok\r\n", b"354 Go on\r\n"

taken = 0
ids: set[bytes] = set()


class Dialogue(asyncio.Protocol):
    """One connection: commands line by line, texts whole, answers to all that came together in one write."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer, self.in_data = transport, b"", False
        transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        answers = []
        while (answer := self._next()) is not None:
            answers.append(answer)
        if answers:
            self.transport.write(b"".join(answers))

    def _next(self) -> bytes | None:
        text, found, rest = self.buffer.partition(END if self.in_data else b"\r\n")
        if not found:
            return None
        self.buffer = rest
        if self.in_data:
            self.in_data = False
            return keep(text)
        command = text[:4].upper()
        if command == b"EHLO":
            return EHLO
        if command == b"DATA":
            self.in_data = True
            return GO_ON
        if command == b"XCOU":
            return f"250 {taken} {len(ids)} {time.process_time():.3f}\r\n".encode()
        if command == b"QUIT":
            self.transport.close()
        return OK


def keep(text: bytes) -> bytes:
    global taken  # the one figure that this process is for
    taken += 1
    if found := MESSAGE_ID.search(text, 0, 4000):
        ids.add(found[1])
    return OK


@contextmanager
def peer() -> Iterator[int]:
    """The server as a process of its own, for the length of a block; yields its port."""
    command = [sys.executable, "-m", "bench.mailing.peer"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(10)


def counted(port: int) -> tuple[int, int, float]:
    """How many mails it took so far, with how many different ids, and its CPU seconds."""
    with smtplib.SMTP("127.0.0.1", port) as connection:
        connection.ehlo()
        _code, said = connection.docmd("XCOUNT")
    mails, different, seconds = said.split()
    return int(mails), int(different), float(seconds)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Dialogue, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin, lambda: sys.stdin.read(1) or ended.set())
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve())
