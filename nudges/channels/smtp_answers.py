"""What a mail server means by its answers."""

from __future__ import annotations

import re

from nudges.channels import Refused

# RFC 3463: the address itself is wrong, as opposed to a full mailbox or a refused content.
NOBODY_THERE = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b")
SERVICE_CLOSING = 421
LOGIN_WANTED = (530, 534, 535, 538)
GO_ON = 354
Answer = tuple[int, bytes]


def refused_envelope(sender: Answer, recipient: Answer, data: Answer) -> Refused | None:
    """What the answers to MAIL, RCPT and DATA mean; None: the text may go out."""
    code, words = sender
    if code >= 400:
        # A server that is busy or wants a login would say so to every other mail; a sender it does not like is one
        # workspace's, whose mails wait until it is mended.
        return Refused(answer(code, words), permanent=False, is_provider=code < 500 or code in LOGIN_WANTED)
    if recipient[0] >= 400:
        return answered(*recipient, is_recipient=True)
    return None if data[0] == GO_ON else answered(*data, is_recipient=False)


def answered(code: int, words: bytes | str, *, is_recipient: bool) -> Refused:
    """What a refusal means, of the recipient or of the text."""
    text = answer(code, words)
    if code == SERVICE_CLOSING:
        return Refused(text, permanent=False, is_provider=True)
    if code < 500:
        return Refused(text, permanent=False)
    nobody = bool(NOBODY_THERE.search(text))
    return Refused(
        text,
        permanent=True,
        is_bounce=is_recipient or nobody,
        suppresses="hard_bounce" if nobody else "",
    )


def answer(code: int, words: bytes | str) -> str:
    """An answer on one line."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:500]


def words_of(error: Exception) -> str:
    """An error on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
