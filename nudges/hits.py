"""Reads: how often a nudge's messages were opened and clicked, and by whom or what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q

from nudges.models import Hit, HitKind, Nudge, SeenAs

MOST_LINKS = 10
OF_PEOPLE = {
    HitKind.OPEN: [SeenAs.PERSON, SeenAs.PROXY],
    HitKind.CLICK: [SeenAs.PERSON],
}


@dataclass(frozen=True)
class Link:
    """Where people were led, and how many messages led them there."""

    address: str
    messages: int


@dataclass(frozen=True)
class Seen:
    """Numbers of messages. `by_whom`: (kind, who, messages), people first; one message may stand in several lines."""

    opened: int = 0
    clicked: int = 0
    by_whom: list[tuple[HitKind, SeenAs, int]] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def seen_of(nudge: Nudge, *, since: datetime) -> Seen | None:
    """What was judged since then; None when nothing was. Three queries."""
    hits = Hit.objects.filter(nudge=nudge, at__gte=since, is_judged=True)
    messages = Count("message", distinct=True)
    rows = {
        (row["kind"], row["seen_as"]): row["n"] for row in hits.values("kind", "seen_as").annotate(n=messages)
    }
    if not rows:
        return None
    totals = hits.aggregate(
        **{
            kind.value: Count("message", distinct=True, filter=Q(kind=kind, seen_as__in=who))
            for kind, who in OF_PEOPLE.items()
        }
    )
    clicks = hits.filter(kind=HitKind.CLICK, seen_as=SeenAs.PERSON)
    links = clicks.values_list("link").annotate(n=messages).order_by("-n", "link")[:MOST_LINKS]
    return Seen(
        opened=totals["open"],
        clicked=totals["click"],
        by_whom=[(kind, who, rows.get((kind, who), 0)) for kind in OF_PEOPLE for who in _told_apart(kind)],
        links=[Link(*row) for row in links],
    )


def _told_apart(kind: HitKind) -> list[SeenAs]:
    return list(SeenAs) if kind == HitKind.OPEN else [SeenAs.PERSON, SeenAs.SCANNER]
