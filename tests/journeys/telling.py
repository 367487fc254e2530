"""What inference knows, as one value that can be compared, and a year of events to infer from."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from engagement.events import IncomingEvent
from engagement.models import Workspace
from journeys.inferring import infer_needs, rebuild_needs
from journeys.models import CustomerNeed, StageChange
from tests.make import NOW
from tests.make_journeys import did


def infer(now: datetime = NOW) -> None:
    while infer_needs(now=now).done:
        pass


def the_need(slug: str = "shoes", user: str = "ana") -> CustomerNeed:
    return CustomerNeed.objects.get(need__slug=slug, customer__identities__value=user, closed_at=None)


def steps(**which: Any) -> list[tuple[str, str]]:
    changes = StageChange.objects.filter(superseded_at=None, **which).order_by("at", "id")
    return [(change.from_stage, change.to_stage) for change in changes]


def story(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    """All that inference knows of a workspace, without ids of its rows and without when it was written."""
    needs = CustomerNeed.objects.filter(workspace=workspace).exclude(closed_reason__in=["retold", "merged"])
    changes = StageChange.objects.filter(workspace=workspace, superseded_at=None)
    return {
        "needs": list(
            needs.order_by("customer_id", "need_id", "sequence").values_list(
                "customer_id", "need_id", "sequence", "stage", "stage_since", "probability", "beliefs", "as_of",
                "evidence", "state", "opened_at", "dormant_since", "snoozed_until", "closed_at", "closed_reason",
                "due_at",
            )
        ),
        "changes": list(
            changes.order_by("customer_id", "customer_need__need_id", "at", "to_stage").values_list(
                "customer_id", "customer_need__need_id", "customer_need__sequence", "from_stage", "to_stage",
                "probability", "at", "evidence",
            )
        ),
    }  # fmt: skip


def told_from_nothing(workspace: Workspace, now: datetime = NOW) -> dict[str, list[tuple[Any, ...]]]:
    """The story as a rebuild tells it when nothing of it is on record."""
    StageChange.objects.filter(workspace=workspace).delete()
    CustomerNeed.objects.filter(workspace=workspace).delete()
    rebuild_needs(workspace_id=workspace.pk, now=now)
    return story(workspace)


def a_busy_year(seed: int, users: int = 6, events: int = 40) -> list[IncomingEvent]:
    """Events of several customers over a year, in the order in which they arrive: many of them late."""
    chance = random.Random(seed)
    made = []
    for n in range(users * events):
        user, sku = f"u{n % users}", chance.choice("abcdef")
        at = NOW - timedelta(minutes=chance.randrange(365 * 24 * 60))
        category = chance.choice(["Shoes", "Shoes", "hats"])
        products = [{"product_id": sku, "category": category}]
        about = {"product_id": sku, "category": category}
        names = ["Product Viewed"] * 4 + ["Product Added", "Product Added to Wishlist", "Product Removed"]
        pick = chance.randrange(12)
        if pick < 7:
            made.append(did(names[pick], at, user, **about))
        elif pick < 9:
            made.append(did("Product List Viewed", at, user, category=category))
        elif pick == 9:
            made.append(did("Checkout Started", at, user))
        elif pick == 10:
            made.append(did("Order Completed", at, user, order_id=f"o{n % 9}", products=products))
        else:
            made.append(did("Order Refunded", at, user, order_id=f"o{chance.randrange(9)}"))
    return made
