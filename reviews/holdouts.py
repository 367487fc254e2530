"""Whether showing how a product fitted people alike helps: readers who saw it beside those who were kept from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sqrt
from typing import Any, NamedTuple

from engagement.models import Workspace
from engagement.statements import run_statement
from reviews.scrutinies import wilson

LOOKS_BACK = timedelta(days=180)


class Rate(NamedTuple):
    """So many of so many; `share` and Wilson's 95 % interval, all None of nobody."""

    hits: int
    total: int
    share: float | None
    low: float | None
    high: float | None


class Group(NamedTuple):
    """Readers of one kind: how many there were, bought within 30 days, and of the buyers sent it back."""

    readers: int
    bought: Rate
    sent_back: Rate


class Comparison(NamedTuple):
    """Of one need. The differences are shown − kept from, with 95 % intervals; None while a group is empty."""

    shown: Group
    held_out: Group
    bought: tuple[float, float, float] | None
    sent_back: tuple[float, float, float] | None


def compare_holdouts(*, workspace: Workspace, now: datetime) -> dict[str, Comparison]:
    """{need: comparison} over the last 180 days. One query."""
    told = {"workspace": workspace.pk, "since": now - LOOKS_BACK}
    groups: dict[str, dict[bool, Group]] = {}
    for row in run_statement("reviews.fit_holdout", told):
        groups.setdefault(row["need"], {})[row["is_shown"]] = _group(row)
    return {need: _comparison(found) for need, found in groups.items()}


def _group(row: dict[str, Any]) -> Group:
    bought, readers = row["bought"], row["readers"]
    return Group(readers, rate(bought, readers), rate(row["sent_back"], bought))


def _comparison(found: dict[bool, Group]) -> Comparison:
    nobody = Group(0, rate(0, 0), rate(0, 0))
    shown, held_out = found.get(True, nobody), found.get(False, nobody)
    return Comparison(
        shown,
        held_out,
        difference(shown.bought, held_out.bought),
        difference(shown.sent_back, held_out.sent_back),
    )


def rate(hits: int, total: int) -> Rate:
    return Rate(hits, total, hits / total, *wilson(hits, total)) if total else Rate(0, 0, None, None, None)


def difference(one: Rate, other: Rate) -> tuple[float, float, float] | None:
    """(difference, low, high): Newcombe's hybrid score interval (1998, method 10)."""
    if not one.total or not other.total:
        return None
    p, q = one.hits / one.total, other.hits / other.total
    (low, high), (floor, ceiling) = wilson(one.hits, one.total), wilson(other.hits, other.total)
    return (
        p - q,
        p - q - sqrt((p - low) ** 2 + (ceiling - q) ** 2),
        p - q + sqrt((high - p) ** 2 + (q - floor) ** 2),
    )
