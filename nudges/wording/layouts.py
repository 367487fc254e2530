"""Letters laid out once and filled for each customer.

Reading Markdown, sanitising it, putting the letter round it and the styles on its elements takes milliseconds, and the
values of one customer change nothing of it: a value means nothing to Markdown. So marks are put where values go, what
comes out is kept in pieces, and for each customer the pieces are joined with the values between them. A template that
goes another way for another customer (an `if`, a loop) is another layout.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from markdown_it.common.normalize_url import normalizeLink

# Letters and digits, so that Markdown, the sanitiser and the inliner leave it as it is; and nobody can guess it.
MARK = f"t{secrets.token_hex(6)}"
MARKED = re.compile(rf"{MARK}([pusq])(\d+)z")
# Where in a text a value stands: in its words, in an address after its beginning, as an address's beginning, or where
# it must not say what kind of address it is.
WORDS, ADDRESS, START, PART = "p", "u", "s", "q"
SCHEMES = re.compile(r"(?:https?:|mailto:|tel:|[^:]*(?:[/?#]|$))", re.IGNORECASE)
BEFORE_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://)?", re.IGNORECASE)
NOWHERE = "#"
Write = Callable[[str], str]
# The first numbers are the letter's own (subject, links); those of the words' values follow.
OF_LETTER = 16


def mark(number: int, where: str = WORDS) -> str:
    """What stands for value `number` until the layout is filled."""
    return f"{MARK}{where}{number}z"


def mark_address(address: str) -> str:
    """An address out of a template, with its marks saying which part of it their values are."""

    def place(found: re.Match[str]) -> str:
        before = address[: found.start()]
        has_host = re.search(r"[/?#]", BEFORE_HOST.sub("", before, count=1))
        where = START if not before else ADDRESS if has_host else PART
        return mark(int(found[2]), where)

    return MARKED.sub(place, address)


class Pieces(NamedTuple):
    """A text with gaps: literals, and between each two of them where in the text which value goes."""

    literals: Sequence[str]
    gaps: Sequence[tuple[str, int]]

    def filled(self, values: Sequence[str], words: Sequence[str], write: Mapping[str, Write]) -> str:
        """The text with its values: `words` are they as words of this text, `write` says them as parts of addresses."""
        out = [""] * (len(self.literals) + len(self.gaps))
        out[::2] = self.literals
        out[1::2] = [
            words[number] if where == WORDS else write[where](values[number]) for where, number in self.gaps
        ]
        return "".join(out)


def cut(text: str) -> Pieces:
    """A marked text in pieces."""
    parts = MARKED.split(text)
    return Pieces(
        parts[::3], [(where, int(number)) for where, number in zip(parts[1::3], parts[2::3], strict=True)]
    )


@lru_cache(maxsize=4096)
def as_address(value: str) -> str:
    """A value that an address begins with: of the kinds that may be linked to, else it leads nowhere."""
    address = normalizeLink(value.strip())
    return address if SCHEMES.match(address) else NOWHERE


def as_rest(value: str) -> str:
    """A value further on in an address, where nothing in it can change where the address leads."""
    return quote(value, safe="/:?#@!$&'()*+,;=%~")


def as_part(value: str) -> str:
    """A value in an address of which nothing may be read but letters."""
    return quote(value, safe="")


def _escaped(write: Write) -> Write:
    return lambda value: html.escape(write(value))


AS_TEXT: dict[str, Write] = {ADDRESS: as_rest, START: as_address, PART: as_part}
AS_HTML = {where: _escaped(write) for where, write in AS_TEXT.items()}
