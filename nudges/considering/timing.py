"""When what an event has started is due: after the nudge's own delay; for reviews, when products had their time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from engagement.models import Product, ProductKind
from nudges.models import ExperienceTime, Nudge, Purpose

Times = Mapping[tuple[int, str], int]


def times_of(nudges: Iterable[Nudge]) -> Times:
    """Days by workspace and category, for those workspaces that ask for reviews."""
    asking = {nudge.workspace_id for nudge in nudges if nudge.purpose == Purpose.REVIEW}
    if not asking:
        return {}
    rows = ExperienceTime.objects.filter(workspace__in=asking)
    return {
        (workspace_id, name): days
        for workspace_id, name, days in rows.values_list("workspace", "category", "days")
    }


def due_time(nudge: Nudge, at: datetime, products: Sequence[Product], times: Times) -> datetime | None:
    """When the nudge is due after an event at `at`; None where it would ask for reviews of nothing.

    One message asks about a whole order, so the product that takes longest decides.
    """
    delay = timedelta(seconds=nudge.trigger_delay_seconds)
    if nudge.purpose not in (Purpose.REVIEW, Purpose.REVIEW_MONTH, Purpose.REVIEW_HALF_YEAR):
        return at + delay
    own = [product for product in products if product.kind == ProductKind.OWN]
    if not own:
        return None
    if nudge.purpose != Purpose.REVIEW:
        return at + delay
    return at + max(_lived_with(product, times, delay) for product in own)


def _lived_with(product: Product, times: Times, otherwise: timedelta) -> timedelta:
    days = times.get((product.workspace_id, product.category))
    return otherwise if days is None else timedelta(days=days)
