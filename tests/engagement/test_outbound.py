"""Requests to addresses that others told us."""

from __future__ import annotations

import socket
import threading
from typing import Any

import httpx
import pytest

from engagement.outbound import Client


def test_who_answers_a_letter_at_a_time_is_left_when_the_connection_has_lasted(settings: Any) -> None:
    """Each letter comes well within the time for one; only the whole takes too long."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.OUTBOUND_PRIVATE_HOSTS = [f"127.0.0.1:{server.getsockname()[1]}"]

        def drip() -> None:
            with server.accept()[0] as connection:
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                    while not over.wait(0.02):
                        connection.sendall(b"x")
                except OSError:
                    return

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        try:
            with Client(timeout=30, lasts=0.5) as client, pytest.raises(httpx.ReadTimeout):
                client.post(f"http://127.0.0.1:{server.getsockname()[1]}/", content=b"{}")
        finally:
            over.set()
            dripping.join(5)
