"""A provider on loopback, over TLS with a certificate of its own authority, that answers as a test says.

    with https_peer(settings) as peer:
        peer.answers.append(Answer(201, {"sid": "SM1"}))

`peer.received` has what came, in order. Faults: RESET breaks the connection once the request is read; HANG answers
nothing until the test is over; LATE answers when the next request has come; TWICE says
the same answer twice in one breath. Without an answer of the test it says `peer.otherwise`.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar
from urllib.parse import parse_qs
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

RESET, HANG, TWICE, LATE = "reset", "hang", "twice", "late"


@dataclass
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {
            name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()
        }


@dataclass
class Answer:
    """What to say; `body` that is no text is sent as JSON."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    @property
    def bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


class Peer:
    """What came, and what will be said to what comes."""

    def __init__(self) -> None:
        self.name = uuid4().hex  # of no other peer, though its port may have been another's
        self.received: list[Received] = []
        self.answers: list[Answer] = []
        self.otherwise = Answer()
        self.port = 0
        self.over = threading.Event()
        self._came = threading.Condition()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def answer_to(self, request: Received) -> Answer:
        with self._came:
            self.received.append(request)
            self._came.notify_all()
            return self.answers.pop(0) if self.answers else self.otherwise

    def wait_for_another(self) -> None:
        """Until a request has come after those that have (or 10 s have passed)."""
        with self._came:
            seen = len(self.received)
            self._came.wait_for(lambda: len(self.received) > seen, timeout=10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer: ClassVar[Peer]

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # whoever asked died while asking: nobody takes half a message
            self.close_connection = True
            return
        request = Received(self.command, self.path, dict(self.headers.items()), body)
        answer = self.peer.answer_to(request)
        if answer.fault == LATE:
            self.peer.wait_for_another()
        if answer.fault == HANG:
            self.peer.over.wait(30)
        if answer.fault in (RESET, HANG):
            self.close_connection = True
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return
        headers = answer.headers | {"Content-Length": str(len(answer.bytes))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        said = f"HTTP/1.1 {answer.status} Said\r\n{lines}\r\n".encode() + answer.bytes
        with suppress(OSError):  # who did not wait has left
            self.wfile.write(said * 2 if answer.fault == TWICE else said)

    do_GET = do_POST = do_PUT = handle_any  # noqa: N815  # named by the standard library

    def log_message(self, *_args: Any) -> None:
        return


@contextmanager
def https_peer(settings: Any) -> Iterator[Peer]:
    """A peer that the program may speak to: its authority is trusted and its address allowed, by the settings."""
    peer = Peer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"peer": peer}))
    server.daemon_threads = True
    server.socket = tls_context().wrap_socket(server.socket, server_side=True)
    peer.port = server.server_address[1]
    settings.OUTBOUND_CA_FILE = str(authority_file())
    settings.OUTBOUND_PRIVATE_HOSTS = [f"127.0.0.1:{peer.port}"]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        peer.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def tls_context() -> ssl.SSLContext:
    """For a server on 127.0.0.1 or localhost; speaks HTTP/2 where its user says so."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate, key = certificate_files()
    context.load_cert_chain(certificate, key)
    return context


def authority_file() -> Path:
    return certificate_files()[0]


@cache
def certificate_files() -> tuple[Path, Path]:
    """A certificate that is its own authority, and its key; made once a test run."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    folder = Path(mkdtemp(prefix="peer-"))
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, secret
