"""Reads: whether and when a workspace asks for reviews, how that will turn out, and what came of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count

from engagement.models import Product, ProductKind, Workspace
from engagement.statements import run_statement
from nudges.models import ExperienceTime, Nudge, NudgeStatus, Purpose
from nudges.requesting import DAY, DELIVERED

DAYS = 14  # where nothing is known: what most systems wait
# How long things take to be known, by how words in names of categories begin, and by what German ones hold anywhere,
# since those are written together; the first that is found counts. A first guess, which a marketer sees and changes.
USUAL = (
    ("food snack coffee tea wine flower", "lebensmittel kaffee wein blume getränk gewürz", 7),
    (
        "shirt dress trouser jacket cloth apparel shoe boot fashion",
        "hemd kleid hose jacke schuh stiefel mode wäsche",
        14,
    ),
    ("book toy game", "buch bücher spiel", 14),
    ("skin cosmetic beauty supplement hair", "kosmetik pflege ergänzung", 30),
    ("bed mattress sofa chair desk furniture pillow", "bett matratze stuhl sessel tisch möbel kissen", 30),
    ("tent backpack bike bicycle ski outdoor garden tool", "zelt rucks fahrr garten werkzeug schlafs", 30),
    ("phone laptop camera computer electronic machine appliance", "handy kamera elektro maschine gerät", 21),
)
FIGURES_FOR = timedelta(days=90)
MOST_CATEGORIES = 200


class Timing(NamedTuple):
    """A category of the catalogue: how many products, the days that are set, and those usual for such things."""

    category: str
    products: int
    days: int | None
    usual: int


class Standing(NamedTuple):
    """How it is set now. `category_id` is None before it was ever switched on."""

    asks_reviews: bool
    asks_owners: bool
    event: str
    days: int
    category_id: int | None
    nudges: dict[str, Nudge]

    @property
    def waiting(self) -> list[Nudge]:
        """Those that say nothing until somebody has approved them."""
        return [nudge for nudge in self.nudges.values() if nudge.awaits_approval]


class Figure(NamedTuple):
    """What came of one kind of request: messages that went out, and after how many of them something was written."""

    purpose: str
    label: str
    nudge: Nudge
    asked: int
    wrote: int

    @property
    def share(self) -> float | None:
        return self.wrote / self.asked if self.asked else None


def standing_of(workspace: Workspace) -> Standing:
    """How a workspace asks; one query."""
    nudges = {nudge.purpose: nudge for nudge in Nudge.objects.filter(workspace=workspace).exclude(purpose="")}
    first, owners = nudges.get(Purpose.REVIEW), nudges.get(Purpose.OWNER)
    return Standing(
        asks_reviews=first is not None and first.status == NudgeStatus.ACTIVE,
        asks_owners=owners is not None and owners.status == NudgeStatus.ACTIVE,
        event=first.trigger_event if first else DELIVERED,
        days=first.trigger_delay_seconds // DAY if first else DAYS,
        category_id=first.category_id if first else None,
        nudges=nudges,
    )


def timings_of(workspace: Workspace, *, otherwise: int) -> list[Timing]:
    """The categories of the workspace's own products, the largest first; two queries."""
    counted = (
        Product.objects.filter(workspace=workspace, kind=ProductKind.OWN)
        .exclude(category="")
        .values_list("category")
        .annotate(n=Count("pk"))
        .order_by("-n", "category")[:MOST_CATEGORIES]
    )
    set_days = dict(ExperienceTime.objects.filter(workspace=workspace).values_list("category", "days"))
    found = dict.fromkeys(set_days, 0) | dict(counted)
    return [Timing(name, n, set_days.get(name), usual_days(name, otherwise)) for name, n in found.items()]


def usual_days(category: str, otherwise: int = DAYS) -> int:
    """A first guess by what a category is called, in English or German; the marketer's word goes before it."""
    name = category.lower()
    words = re.findall(r"\w+", name)
    for beginnings, within, days in USUAL:
        if any(word.startswith(tuple(beginnings.split())) for word in words):
            return days
        if any(part in name for part in within.split()):
            return days
    return otherwise


def figures_of_requests(workspace: Workspace, standing: Standing, *, now: datetime) -> list[Figure]:
    """What was asked and what came of it in the last 90 days, by purpose; one query."""
    if not standing.nudges:
        return []
    rows = run_statement("nudges.count_requests", {"workspace": workspace.pk, "since": now - FIGURES_FOR})
    counted = {row["purpose"]: (row["asked"], row["wrote"]) for row in rows}
    return [
        Figure(purpose.value, str(purpose.label), standing.nudges[purpose], *counted.get(purpose, (0, 0)))
        for purpose in Purpose
        if purpose in standing.nudges
    ]
