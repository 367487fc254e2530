"""Which of those whom a nudge is for lack what its words ask for: counted before anything is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models.functions import Mod

from engagement.conditions import customers_matching
from engagement.models import Customer
from nudges.models import Nudge
from nudges.variants import key_of, words_of
from nudges.wording import bind
from nudges.wording.previews import known_of, preview_of

CHUNK = 500
MOST = 2000


@dataclass
class Gaps:
    """Of `looked_at` customers (of `audience`) so many `lack` a value, by its name. Those who lack one without a
    default get nothing (`failing`); `aborted` are those whom the words themselves pass over, by their reason.
    """

    audience: int
    looked_at: int = 0
    lack: Counter[str] = field(default_factory=Counter)
    failing: Counter[str] = field(default_factory=Counter)
    aborted: Counter[str] = field(default_factory=Counter)

    @property
    def reached(self) -> int:
        return self.looked_at - self.failing.total() - self.aborted.total()


def gaps_of(nudge: Nudge, *, now: datetime, limit: int = MOST) -> Gaps:
    """Read the words as each of up to `limit` customers would get them by the first channel. Raises ConditionError.

    They are spread over the whole audience by their ids. The number of queries grows only by chunks of 500.
    """
    contents = list(nudge.contents.order_by("id"))
    bind(contents, {nudge.workspace_id: nudge.workspace})
    audience = customers_matching(nudge.conditions, workspace=nudge.workspace, now=now)
    gaps = Gaps(audience=audience.count())
    every = max(1, -(-gaps.audience // limit))
    spread = audience.annotate(turn=Mod("pk", every)).filter(turn=0).order_by("pk")
    chosen = list(spread.values_list("pk", flat=True)[:limit])
    for start in range(0, len(chosen), CHUNK):
        customers = list(Customer.objects.filter(pk__in=chosen[start : start + CHUNK]).order_by("pk"))
        for known in known_of(nudge, customers, now=now):
            words = words_of(contents, key_of(nudge, known.customer.pk))
            found = preview_of(nudge, words, known, channel=nudge.channels[0])
            gaps.looked_at += 1
            gaps.lack.update(found.missing)
            if found.aborted:
                gaps.aborted[found.aborted] += 1
            elif found.rendered is None:
                gaps.failing[found.problem] += 1
    return gaps
