"""Views → shortlist → order on the planted stories of a synthetic log: what the inferred stages were before each order.

Run with -s to see the table of docs/inference.md. The log is synthetic: this shows that the machinery follows a funnel
that somebody planted, not that the weights are right for a real shop.
"""

from __future__ import annotations

import csv
import gzip
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.models import Event, Workspace
from journeys.inferring import infer_needs
from journeys.models import Stage, StageChange
from tests.make_journeys import did, shop

LOG = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthetic_ecom" / "ecom.csv.gz"
WEEK = timedelta(days=7)
NAMES = {
    "catalog": "Product List Viewed",
    "search": "Products Searched",
    "filter_results": "Product List Filtered",
    "promo_page": "Promotion Clicked",
    "product_view": "Product Viewed",
    "wishlist_add": "Product Added to Wishlist",
    "compare": "Comparison Opened",
    "review_page": "Review Read",
    "add_to_cart": "Product Added",
    "cart": "Cart Viewed",
    "shipping_details": "Checkout Step Completed",
    "payment_details": "Payment Info Entered",
    "purchase": "Order Completed",
}  # home, account, support and error pages say nothing about a need

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not LOG.exists(), reason=f"the synthetic log is missing: ../shared/data/{LOG.parent.name}"
    ),
]


def planted() -> Iterator[IncomingEvent]:
    """The log as tracked events of one need. It names no products, so nothing can be told from which were seen."""
    with gzip.open(LOG, "rt") as lines:
        for number, row in enumerate(csv.DictReader(lines)):
            if row["event"] in NAMES:
                at = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
                order = {"order_id": f"order-{number}"} if row["event"] == "purchase" else {}
                yield did(NAMES[row["event"]], at, row["user_id"], category="shoes", **order)


@pytest.fixture
def told() -> Workspace:
    workspace, events = shop(), list(planted())
    now = max(event.occurred_at for event in events)
    for start in range(0, len(events), 2000):
        ingest_events(
            workspace_id=workspace.pk, events=events[start : start + 2000], received_at=now, source="import"
        )
    while infer_needs(now=now).done:
        pass
    return workspace


def stages_of(workspace: Workspace) -> dict[int, list[tuple[datetime, str]]]:
    """Each customer's shown stages as (from when, which), oldest first."""
    shown: dict[int, list[tuple[datetime, str]]] = {}
    for change in StageChange.objects.filter(workspace=workspace).order_by("at", "id"):
        shown.setdefault(change.customer_id, []).append((change.at, change.to_stage))
    return shown


def stage_before(shown: list[tuple[datetime, str]], at: datetime) -> str:
    place = bisect_left(shown, at, key=lambda pair: pair[0])
    return shown[place - 1][1] if place else str(Stage.NONE)


def test_most_orders_were_seen_coming_and_the_stage_tells_who_buys(told: Workspace) -> None:
    shown = stages_of(told)
    orders: dict[int, list[datetime]] = {}
    for customer_id, at in Event.objects.filter(name="Order Completed").values_list(
        "customer_id", "occurred_at"
    ):
        orders.setdefault(customer_id, []).append(at)
    before = Counter(
        stage_before(shown.get(customer_id, []), at)
        for customer_id, all_at in orders.items()
        for at in all_at
    )
    searching = before.total() - before["post_purchase"]
    at_dawn = Counter(
        stage_before(shown.get(customer_id, []), at.replace(hour=0, minute=0, second=0))
        for customer_id, all_at in orders.items()
        for at in all_at
        if stage_before(shown.get(customer_id, []), at) != "post_purchase"
    )
    print(f"\norders {before.total()}, of these by customers who had not just bought: {searching}")
    for stage in ("none", "awareness", "shortlist", "purchase"):
        print(
            f"  {stage:<10} shown just before the order {before[stage] / searching:6.1%}, "
            f"at the start of its day {at_dawn[stage] / searching:6.1%}"
        )
    chances = chances_of_an_order(shown, orders)
    for stage, (bought, moments) in chances.items():
        print(f"  {stage:<10} at a visit: an order within 7 days {bought / moments:6.1%} of {moments}")

    assert before.total() == 470
    assert (before["shortlist"] + before["purchase"]) / searching > 0.9
    share = {stage: bought / moments for stage, (bought, moments) in chances.items()}
    assert share["none"] < share["purchase"]


def chances_of_an_order(
    shown: dict[int, list[tuple[datetime, str]]], orders: dict[int, list[datetime]]
) -> dict[str, tuple[int, int]]:
    """By the stage shown before the first event of a day: on how many such days an order followed within 7 days."""
    bought, moments, seen = Counter[str](), Counter[str](), set()
    events = Event.objects.order_by("occurred_at", "id").values_list("customer_id", "occurred_at")
    last = events.last()
    for customer_id, at in events:
        if (customer_id, at.date()) in seen or (last and at > last[1] - WEEK):
            continue
        seen.add((customer_id, at.date()))
        stage = stage_before(shown.get(customer_id, []), at)
        moments[stage] += 1
        bought[stage] += any(at <= ordered < at + WEEK for ordered in orders.get(customer_id, ()))
    return {stage: (bought[stage], moments[stage]) for stage in Stage.values if moments[stage]}
