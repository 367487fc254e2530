"""What is looked at before a person moderates: named steps, each of which may pass, hold or tag a text with a reason.

The steps get words only. There is no way to hand them a figure, so two reviews that differ only in their ratings are
always treated alike (tests/reviews/test_moderating.py holds it for any text).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from django.utils.translation import gettext_noop

HOLD, TAG = "hold", "tag"  # to be looked at one by one; worth knowing


class Flag(NamedTuple):
    """What a step noticed. `reason` is an English text that the dashboard translates."""

    step: str
    outcome: str
    reason: str


class Words(NamedTuple):
    """All that the pipeline may know of a text, and what it is compared with."""

    title: str
    body: str
    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()
    author_name: str = ""
    blocked_words: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    today: int = 0  # texts about the same product within a day, this one not counted
    usual: float = 0.0  # as many come on a usual day

    @property
    def text(self) -> str:
        return "\n".join((self.title, self.body, *self.pros, *self.cons))


def screen(words: Words) -> list[Flag]:
    """What the steps noticed, in their order."""
    return [
        Flag(step, outcome, reason) for step, check in STEPS for outcome, reason in check(words) if reason
    ]


def check_length(words: Words) -> Iterator[tuple[str, str]]:
    if len(words.body.split()) < 5:
        yield TAG, gettext_noop("Very short")
    letters = [c for c in words.body if c.isalpha()]
    if len(letters) > 40 and sum(c.isupper() for c in letters) > 0.7 * len(letters):
        yield TAG, gettext_noop("Mostly capital letters")


def check_links(words: Words) -> Iterator[tuple[str, str]]:
    if LINK.search(words.text) or LINK.search(words.author_name):
        yield HOLD, gettext_noop("Contains a link")


def check_repeated_text(words: Words) -> Iterator[tuple[str, str]]:
    mine = shingles(words.body)
    if any(likeness(mine, shingles(other)) >= REPEATED for other in words.recent):
        yield HOLD, gettext_noop("Nearly the same text as another review")
    if re.search(r"(.)\1{9,}", words.body):
        yield TAG, gettext_noop("One character over and over")


def check_burst(words: Words) -> Iterator[tuple[str, str]]:
    if words.today >= LEAST_BURST and words.today > BURST * max(words.usual, 1.0):
        yield HOLD, gettext_noop("Many more than usual came in about this product within a day")


def check_blocked_words(words: Words) -> Iterator[tuple[str, str]]:
    found = blocked_in(f"{words.text}\n{words.author_name}", words.blocked_words)
    if found:
        yield HOLD, gettext_noop("Contains a blocked word")


def check_personal_data(words: Words) -> Iterator[tuple[str, str]]:
    if EMAIL.search(words.text):
        yield HOLD, gettext_noop("Contains an e-mail address")
    if any(7 <= len(re.sub(r"\D", "", found)) <= 15 for found in PHONE.findall(words.text)):
        yield HOLD, gettext_noop("May contain a telephone number")
    if IBAN.search(words.text):
        yield HOLD, gettext_noop("May contain a bank account")


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Runs of three words, which hold together when a text is copied and changed a little."""
    found = re.findall(r"\w+", text.casefold())
    return frozenset(zip(found, found[1:], found[2:], strict=False))


def likeness(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Share of the smaller text's runs that the other has; 0 for texts too short to tell."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller >= LEAST_SHINGLES else 0.0


def blocked_in(text: str, blocked: Iterable[str]) -> list[str]:
    """The blocked words that occur as whole words, without regard to case."""
    folded = text.casefold()
    return [word for word in blocked if re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", folded)]


REPEATED = 0.7
LEAST_BURST, BURST = 10, 5  # so many in a day, and so many times the usual
LEAST_SHINGLES = 6
LINK = re.compile(
    r"(?i)\b(?:https?://|www\.)\S+|\b[a-z0-9-]+\.(?:com|net|org|info|biz|shop|store|io|ru|xyz|top)\b(?!@)"
)
EMAIL = re.compile(r"(?i)[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+\.[a-z]{2,}")
PHONE = re.compile(r"(?<![\w.,/-])(?:\+|00|\(?0)[\d\s()/.-]{6,20}\d(?!\w)")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b")

STEPS: list[tuple[str, Callable[[Words], Iterator[tuple[str, str]]]]] = [
    ("length", check_length),
    ("links", check_links),
    ("repeated_text", check_repeated_text),
    ("burst", check_burst),
    ("blocked_words", check_blocked_words),
    ("personal_data", check_personal_data),
]
