"""A mail as it goes over the wire: headers, a plain and an HTML part.

Python's `email` and Django's mail classes take a millisecond for what is always the same shape; this takes a twentieth.
Used for SMTP only: a provider's API gets the parts and makes its own mail.
"""

from __future__ import annotations

import re
import time
from binascii import b2a_base64, b2a_qp
from email.header import Header
from email.utils import formataddr, formatdate, parseaddr
from functools import lru_cache

from django.conf import settings

from nudges.channels import Envelope

LINE_BREAK = re.compile(r"[\r\n]")
# Letters beyond ASCII before the @ ask for SMTPUTF8 on every server on the way.
MAILBOX = re.compile(r"[!-;=?A-~]+@[^\s<>@\x00-\x1f]+")
LONGEST_LINE = 76
# What must not stand in a mail as it is: a line that is too long (RFC 5322, 2.1.1), or one with a beginning that some
# servers change on the way, which would break a DKIM signature.
TOUCHED = re.compile(rb"\n(?:From |\.|[^\n]{999})")
UNSEEN = (b" ", b"\t")


class BadAddress(ValueError):
    """Nothing can be sent to this address, by any server that we know."""


class BadHeader(ValueError):
    """Something that goes into a header holds a line break: it could write headers of its own."""


def headers_of(envelope: Envelope) -> dict[str, str]:
    """The headers beyond sender, recipient and subject; the Message-ID is ours and the same at every attempt."""
    headers = {
        "Message-ID": f"<{envelope.dispatch_id}@{settings.MESSAGE_ID_DOMAIN}>",
        "Feedback-ID": f"n{envelope.nudge_id}:w{envelope.workspace_id}:{envelope.category}:touchstone",
        "Content-Language": envelope.language,
    }
    if not envelope.is_service:
        headers["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def write_mime(envelope: Envelope) -> bytes:
    """The whole mail with CRLF line ends, in ASCII. Raises BadHeader and BadAddress."""
    boundary = f"=_{envelope.dispatch_id.hex}"
    headers = {
        "From": _from(*sender_of(envelope)),
        "To": mailbox(envelope.address),
        "Subject": _words(_line(envelope.subject)),
        "Date": _date(int(time.time())),
        **{name: _line(value) for name, value in headers_of(envelope).items()},
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    parts = [_part("plain", envelope.text, boundary), _part("html", envelope.html, boundary)]
    return b"".join([head.encode(), b"\r\n", *parts, f"--{boundary}--\r\n".encode()])


def sender_of(envelope: Envelope) -> tuple[str, str]:
    """Name and address of who writes; the address is also the one to which the server reports."""
    return _sender(envelope.sender or settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=512)
def _sender(sender: str) -> tuple[str, str]:
    name, address = parseaddr(_line(sender))
    return name, _mailbox(address)


@lru_cache(maxsize=512)
def _from(name: str, address: str) -> str:
    return formataddr((name, address))


_date = lru_cache(maxsize=8)(formatdate)


def mailbox(address: str) -> str:
    """An address as every server reads it: a domain in another script is written in ASCII. Raises BadAddress."""
    return _mailbox(_line(address))


@lru_cache(maxsize=512)
def _mailbox(address: str) -> str:
    if not MAILBOX.fullmatch(address):
        raise BadAddress(f"{address[:100]!r} is no mail address that can be written to.")
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise BadAddress(f"{domain[:100]!r} is no domain.") from error


def _part(kind: str, text: str, boundary: str) -> bytes:
    encoding, body = _encoded_html(text) if kind == "html" else _encoded(text)
    head = (
        f'--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"


def _encoded_html(text: str) -> tuple[str, bytes]:
    """As it is, where nothing speaks against that: HTML can say every letter in ASCII."""
    data = b"\n" + text.encode("ascii", "xmlcharrefreplace")
    if b"\r" in data or TOUCHED.search(data):
        return _encoded(text)
    return "7bit", data[1:].replace(b"\n", b"\r\n")


def _encoded(text: str) -> tuple[str, bytes]:
    """As it is where it is plain ASCII, else quoted-printable, which stays readable, or base64 where most of it is not
    ASCII; then no line is longer than 76.
    """
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    if data.isascii() and not _is_touched(data):
        return "7bit", data.replace(b"\n", b"\r\n")
    if len(data) > len(text) * 1.5:
        raw = data.replace(b"\n", b"\r\n")
        lines = [b2a_base64(raw[start : start + 57], newline=False) for start in range(0, len(raw), 57)]
        return "base64", b"\r\n".join(lines)
    quoted = (b"\n" + b2a_qp(data, istext=True)).replace(b"\nFrom ", b"\n=46rom ").replace(b"\n.", b"\n=2E")
    return "quoted-printable", quoted[1:].replace(b"\n", b"\r\n")


def _is_touched(data: bytes) -> bool:
    """In a text such a server may also drop what stands unseen at the end of a line; and readers wrap lines at their
    edge. (One pattern for all of it takes as long as the rest of the mail.)
    """
    ends_unseen = data.endswith(UNSEEN) or any(unseen + b"\n" in data for unseen in UNSEEN)
    return ends_unseen or bool(TOUCHED.search(b"\n" + data))


def _words(text: str) -> str:
    """A header's free words; what is not ASCII, or too long for one line, is encoded and folded."""
    if text.isascii() and len(text) < LONGEST_LINE - len("Subject: "):
        return text
    return Header(text, "us-ascii" if text.isascii() else "utf-8", header_name="Subject").encode(
        linesep="\r\n"
    )


def _line(text: str) -> str:
    if LINE_BREAK.search(text):
        raise BadHeader("A header must not hold a line break.")
    return text
