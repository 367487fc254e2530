"""A provider on loopback that speaks HTTP/2 over TLS and nothing else, as Apple's push service does."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

from tests.https_peer import HANG, LATE, RESET, Answer, Peer, Received, authority_file, tls_context


@contextmanager
def http2_peer(settings: Any) -> Iterator[Peer]:
    """As `https_peer`, in HTTP/2."""
    peer = Peer()
    listener = socket.create_server(("127.0.0.1", 0))
    peer.port = listener.getsockname()[1]
    settings.OUTBOUND_CA_FILE = str(authority_file())
    settings.OUTBOUND_PRIVATE_HOSTS = [f"127.0.0.1:{peer.port}"]
    threading.Thread(target=_accept, args=(peer, listener), daemon=True).start()
    try:
        yield peer
    finally:
        listener.close()


def _accept(peer: Peer, listener: socket.socket) -> None:
    context = tls_context()
    context.set_alpn_protocols(["h2"])
    with suppress(OSError):
        while True:
            plain, _address = listener.accept()
            threading.Thread(target=_shake_hands, args=(peer, plain, context), daemon=True).start()


def _shake_hands(peer: Peer, plain: socket.socket, context: ssl.SSLContext) -> None:
    """Apart from accepting others: whoever dies in the middle of it holds up nobody."""
    with suppress(OSError):
        _serve(peer, context.wrap_socket(plain, server_side=True))


def _serve(peer: Peer, connection: socket.socket) -> None:
    state = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    state.initiate_connection()
    connection.sendall(state.data_to_send())
    headers: dict[int, dict[str, str]] = {}
    bodies: dict[int, bytes] = {}
    late: list[tuple[int, Answer]] = []
    with suppress(OSError):
        while data := connection.recv(65_536):
            for event in state.receive_data(data):
                if isinstance(event, RequestReceived):
                    headers[event.stream_id] = dict(event.headers)
                elif isinstance(event, DataReceived):
                    bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                    state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, StreamEnded):
                    told = headers[event.stream_id]
                    body = bodies.get(event.stream_id, b"")
                    answer = peer.answer_to(Received(told[":method"], told[":path"], told, body))
                    if answer.fault == LATE:
                        late.append((event.stream_id, answer))
                        continue
                    while late:  # now that the next has come
                        _answer(state, *late.pop())
                    _answer(state, event.stream_id, answer)
            connection.sendall(state.data_to_send())


def _answer(state: H2Connection, stream: int, answer: Answer) -> None:
    if answer.fault == HANG:
        return
    if answer.fault == RESET:
        state.reset_stream(stream, error_code=2)
        return
    body = answer.bytes if answer.body else b""
    named = [(name.lower(), value) for name, value in answer.headers.items()]
    with suppress(ProtocolError):  # who did not wait has closed the stream
        state.send_headers(stream, [(":status", str(answer.status)), *named], end_stream=not body)
        if body:
            state.send_data(stream, body, end_stream=True)


def reason(word: str) -> str:
    """The body in which Apple names what is wrong."""
    return json.dumps({"reason": word})
