"""Variants of a nudge's words: who gets which, and which words those are. Pure.

`Nudge.variants` holds them in the order in which they came: {"key", "name", "share", "test"}, the shares of those
that are tried in whole percent and 100 together. One that is tried no more stays, because messages name it: it has
`ended_at`, and `won` where everybody got its words from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

from nudges.models import Nudge, NudgeContent
from nudges.programs import share_of

FEWEST, MOST = 2, 4


class Variant(NamedTuple):
    """One variant; `share` in percent, `ended_at` as ISO 8601, empty while it is tried, in which test of the nudge."""

    key: str
    name: str
    share: int
    ended_at: str = ""
    won: bool = False
    test: int = 1


def variants_of(nudge: Nudge) -> list[Variant]:
    """All that it has had."""
    return [Variant(**one) for one in nudge.variants]


def tried(nudge: Nudge) -> list[Variant]:
    """Those that are tried now: none, or two to four."""
    return [one for one in variants_of(nudge) if not one.ended_at]


def compared(nudge: Nudge) -> list[Variant]:
    """Those that are tried, else those that were until the test ended."""
    every = variants_of(nudge)
    last = "" if any(not one.ended_at for one in every) else max((one.ended_at for one in every), default="")
    return [one for one in every if one.ended_at == last]


def name_of(nudge: Nudge, key: str) -> str:
    """What a variant is called, over or not; its key where nobody knows."""
    return next((one.name for one in variants_of(nudge) if one.key == key), key)


def variant_of(nudge: Nudge, customer_id: int) -> Variant | None:
    """Which variant a customer gets: always the same one while the shares stay. None: nothing is tried.

    Another test shuffles anew, so that what the last one did to its groups is not carried into it.
    """
    among = tried(nudge)
    if not among:
        return None
    place = share_of(f"{nudge.pk}:words:{among[0].test}", customer_id)
    ends = accumulate(one.share for one in among)
    return next(one for one, end in zip(among, ends, strict=True) if place < end)


def key_of(nudge: Nudge, customer_id: int) -> str:
    """The key of the variant that a customer gets; empty where nothing is tried."""
    found = variant_of(nudge, customer_id)
    return found.key if found else ""


def words_of(contents: Iterable[NudgeContent], key: str) -> list[NudgeContent]:
    """The words of a variant, and the plain ones for each channel and language for which it has none of its own."""
    every = list(contents)
    own = {(one.channel, one.language): one for one in every if key and one.variant == key}
    plain = [own.pop((one.channel, one.language), one) for one in every if not one.variant]
    return plain + list(own.values())
