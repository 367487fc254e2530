"""A real SMTP server on loopback with the faults that servers have, chosen by the recipient's name.

later@ 451 at RCPT · gone@ 550 5.1.1 · full@ 552 5.2.2 · refused@ 554 after DATA · busy@ 451 after DATA · closing@ 421
at RCPT · dropped@ the connection breaks at RCPT · cut@ it breaks after DATA, with the message kept · slow@ answers
after DATA later than anybody waits, with the message kept · twice@ is accepted, and said so twice · amazon@ is
accepted as Amazon SES does, with an id · any other is accepted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

AT_RCPT = {
    "later": "451 4.7.1 Try again later",
    "gone": "550 5.1.1 No such user here",
    "full": "552 5.2.2 Mailbox full",
}
AFTER_DATA = {"refused": "554 5.7.1 We do not want this", "busy": "451 4.3.0 Busy"}
SLOW = 2.0
SES_ID = "0102018e2b1c4c5d-6f1c1d2e-3f40-4a5b-8c6d-7e8f90a1b2c3-000000"


class Peer:
    """What it accepted, in order; `connections` counts how often somebody connected."""

    def __init__(self) -> None:
        self.received: list[tuple[str, EmailMessage]] = []
        self.connections = 0
        self.port = 0

    def to(self, address: str) -> list[EmailMessage]:
        return [message for recipient, message in self.received if recipient == address]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        name = address.partition("@")[0]
        if name == "dropped":
            server.transport.abort()
            return "421 4.3.2 Gone"
        if name == "closing":
            return "421 4.3.2 Closing"
        if name in AT_RCPT:
            return AT_RCPT[name]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        address = envelope.rcpt_tos[0]
        name = address.partition("@")[0]
        if name in AFTER_DATA:
            return AFTER_DATA[name]
        assert isinstance(envelope.content, bytes)
        self.received.append((address, message_from_bytes(envelope.content, policy=policy.default)))
        if name == "cut":
            server.transport.abort()
        if name == "slow":
            await asyncio.sleep(SLOW)
        accepted = f"250 Ok {SES_ID}" if name == "amazon" else "250 2.0.0 Accepted"
        return f"{accepted}\r\n{accepted}" if name == "twice" else accepted


class AnyPort(Controller):
    """A controller that takes a free port and knows which."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def smtp_peer() -> Iterator[Peer]:
    """A peer that listens while the block lasts."""
    peer = Peer()
    controller = AnyPort(peer, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        peer.port = controller.port
        yield peer
    finally:
        controller.stop()
