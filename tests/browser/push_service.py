"""A push service on loopback for a real Chromium: registration, the channel by which messages come, and the endpoint.

Chromium is told of it by its `--gcm-…` flags; it registers, decrypts and shows as it does with Google's.
It does not check who sends (tests of the channel do), and it forgets everything when it ends. A connection may break
at any time, so a message goes out again on the next one unless the browser says at its login that it has it.
"""

from __future__ import annotations

import socket
import struct
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, ClassVar

from tests.https_peer import tls_context

CHECKIN = (
    b"\x08\x01\x39" + struct.pack("<Q", 0x1234567890ABCDEF) + b"\x41" + struct.pack("<Q", 0x0FEDCBA987654321)
)
LOGIN_REQUEST, LOGIN_RESPONSE, PING, PONG, DATA_MESSAGE = 2, 3, 0, 1, 8


@dataclass
class PushService:
    """Who registered, by token, and what was sent to them: each message's own id and its bytes."""

    http_port: int = 0
    channel_port: int = 0
    registered: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: Iterator[str] = field(default_factory=lambda: map("tok{}:APA91bLOCAL".format, count()))
    messages: list[tuple[bytes, bytes]] = field(default_factory=list)
    is_connected: threading.Event = field(default_factory=threading.Event)

    @property
    def flags(self) -> list[str]:
        """What Chromium has to be started with."""
        at = f"http://127.0.0.1:{self.http_port}"
        return [
            f"--gcm-checkin-url={at}/checkin",
            f"--gcm-registration-url={at}/register",
            f"--gcm-mcs-endpoint=https://localhost:{self.channel_port}",
            "--ignore-certificate-errors",
        ]

    def endpoint(self, real: str) -> str:
        """Where a subscription's endpoint is here."""
        parts = urllib.parse.urlsplit(real)
        return parts._replace(scheme="http", netloc=f"127.0.0.1:{self.http_port}").geturl()

    def register(self, told: dict[str, str]) -> str:
        token = next(self.tokens)  # a browser registers several times at once
        self.registered[token] = told
        return token

    def deliver(self, token: str, body: bytes, encoding: str) -> None:
        told = self.registered[token]
        message = _text(2, "m1") + _text(3, told["sender"]) + _text(5, told["app"])
        for name, value in (("subtype", told["X-subtype"]), ("content-encoding", encoding)):
            message += _text(7, _text(1, name) + _text(2, value))
        own_id = f"touchstone-{len(self.messages)}".encode()
        message += _text(9, own_id) + _number(17, 60) + _text(21, body)
        self.messages.append((own_id, bytes([DATA_MESSAGE]) + _varint(len(message)) + message))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: ClassVar[PushService]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "checkin" in self.path:
            return self._say(200, CHECKIN, "application/x-protobuffer")
        if "register" in self.path:
            told = dict(urllib.parse.parse_qsl(body.decode()))
            return self._say(200, f"token={self.service.register(told)}".encode())
        token = urllib.parse.unquote(self.path.rpartition("/")[2])
        if token not in self.service.registered:
            return self._say(410)
        self.service.deliver(token, body, self.headers.get("Content-Encoding", ""))
        return self._say(201)

    def _say(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        return


@contextmanager
def push_service() -> Iterator[PushService]:
    service = PushService()
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": service}))
    channel = socket.create_server(("127.0.0.1", 0))
    service.http_port, service.channel_port = http.server_address[1], channel.getsockname()[1]
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    threading.Thread(target=_accept, args=(service, channel), daemon=True).start()
    try:
        yield service
    finally:
        http.shutdown()
        http.server_close()
        channel.close()


def _accept(service: PushService, channel: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _address = channel.accept()
            threading.Thread(target=_serve, args=(service, connection), daemon=True).start()


def _serve(service: PushService, plain: socket.socket) -> None:
    """The mobile connection server's side: a login, a pong for each ping, and the messages as they come.

    One thread reads and writes: OpenSSL does not bear two on one connection.
    """
    with suppress(OSError, EOFError), tls_context().wrap_socket(plain, server_side=True) as connection:
        connection.settimeout(0.05)
        _Line(service, connection).run()


@dataclass
class _Line:
    """One connection of a browser; `had`: how many of the service's messages it need not be sent."""

    service: PushService
    connection: socket.socket
    known: bytes = b""
    had: int = 0
    is_open: bool = False

    def run(self) -> None:
        self._read(1)  # the protocol's version
        while True:
            tag, length = self._read(1)[0], self._read_varint()
            body = self._read(length)
            if tag == LOGIN_REQUEST:
                answer = _text(1, "chrome-1")
                self.connection.sendall(bytes([41, LOGIN_RESPONSE]) + _varint(len(answer)) + answer)
                self.known, self.is_open = body, True
                self.service.is_connected.set()
            elif tag == PING:
                self.connection.sendall(bytes([PONG, 0]))

    def _send_what_waits(self) -> None:
        waiting = self.service.messages[self.had :] if self.is_open else []
        for own_id, message in waiting:
            if own_id not in self.known:
                self.connection.sendall(message)
            self.had += 1

    def _read(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            self._send_what_waits()
            with suppress(TimeoutError):
                part = self.connection.recv(length - len(found))
                if not part:
                    raise EOFError
                found += part
        return found

    def _read_varint(self) -> int:
        number = shift = 0
        while True:
            part = self._read(1)[0]
            number |= (part & 127) << shift
            shift += 7
            if part < 128:
                return number


def _varint(number: int) -> bytes:
    made = b""
    while True:
        number, part = number >> 7, number & 127
        if not number:
            return made + bytes([part])
        made += bytes([part | 128])


def _text(place: int, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(place << 3 | 2) + _varint(len(data)) + data


def _number(place: int, value: int) -> bytes:
    return _varint(place << 3) + _varint(value)
