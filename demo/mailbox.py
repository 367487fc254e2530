"""A mailbox for people who have none: a real SMTP server that keeps each message as one .eml file.

    python -m demo.mailbox --smtp-port 2525 --dir .demo/outbox

A file appears whole or not at all (written beside and moved), so a reader never sees half a message. Loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import secrets
import signal
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MESSAGE = 10 * 1024 * 1024
_serial = itertools.count(1)


class Keeper:
    """aiosmtpd's handler: accepts every recipient and writes the message down before it answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        keep(self.folder, envelope)
        return "250 2.0.0 Kept"


def keep(folder: Path, envelope: Envelope) -> Path:
    """Write a message with its envelope on top; returns its path. Names sort in the order of arrival."""
    now = datetime.now(UTC)
    name = f"{now:%Y%m%dT%H%M%S}.{now.microsecond:06d}-{next(_serial):06d}-{secrets.token_hex(4)}.eml"
    head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
    content = envelope.content or b""
    body = content if isinstance(content, bytes) else content.encode()
    draft = folder / f".{name}.part"
    with draft.open("wb") as file:
        file.write(head.encode() + body)
        file.flush()
        os.fsync(file.fileno())
    return draft.replace(folder / name)


async def serve(port: int, folder: Path) -> None:
    """Take messages until SIGINT or SIGTERM."""
    folder.mkdir(parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    keeper = Keeper(folder)
    server = await loop.create_server(
        lambda: SMTP(
            keeper, data_size_limit=LARGEST_MESSAGE, enable_SMTPUTF8=True, ident="Touchstone mailbox"
        ),
        host="127.0.0.1",
        port=port,
    )
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    print(f"keeping messages for 127.0.0.1:{port} in {folder}", flush=True)
    await ended.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.mailbox", description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True, help="where the .eml files go")
    options = parser.parse_args()
    asyncio.run(serve(options.smtp_port, options.dir))


if __name__ == "__main__":
    main()
