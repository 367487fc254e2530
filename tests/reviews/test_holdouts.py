"""Does the figure of fit help? Readers who met it beside those kept from it: what they bought and sent back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.keys import make_key
from engagement.models import Event
from reviews.holdouts import compare_holdouts, difference, rate
from reviews.models import FitCategory, FitSheet, FitTopic
from tests import make

ANONYMOUS = "0123456789abcdef"


def test_rates_of_nobody_are_none_and_a_difference_has_its_interval() -> None:
    assert rate(0, 0).share is None
    assert difference(rate(0, 0), rate(1, 2)) is None
    # Newcombe 1998, table II, example (a): 56/70 and 48/80, method 10.
    found = difference(rate(56, 70), rate(48, 80))
    assert found is not None
    assert [round(one, 4) for one in found] == [0.2, 0.0524, 0.3339]


@pytest.fixture
def workspace(db: None) -> Any:
    return make.workspace()


@pytest.fixture
def product(workspace: Any) -> Any:
    made = make.product(workspace, category="shoes")
    topic = FitTopic.objects.create(
        workspace=workspace, slug="running", options=["small"], holdout_percent=50
    )
    category = FitCategory.objects.create(workspace=workspace, topic=topic, name="shoes")
    FitSheet.objects.create(
        workspace=workspace, product=made, topic=topic, category=category, made_at=make.NOW
    )
    return made


def did(customer: Any, name: str, properties: dict[str, Any], *, days_ago: int) -> None:
    at = make.NOW - timedelta(days=days_ago)
    event = SystemEvent(
        customer_id=customer.pk,
        name=name,
        message_id=f"{name}-{customer.pk}-{days_ago}",
        occurred_at=at,
        properties=properties,
    )
    record_events(workspace_id=customer.workspace_id, events=[event], now=at)


def met(product: Any, arm: str, *later: tuple[str, dict[str, Any]], need: str = "running") -> Any:
    """A customer who met the figure or its place; and what they did a day after, two days after …"""
    customer = make.customer(product.workspace)
    told = {"product_id": product.sku, "need": need, "arm": arm}
    did(customer, "Fit Seen", told, days_ago=20)
    for day, (name, properties) in enumerate(later, 1):
        did(customer, name, properties, days_ago=20 - day)
    return customer


def compared(workspace: Any) -> Any:
    return compare_holdouts(workspace=workspace, now=make.NOW)


def test_buyers_and_who_sent_it_back_are_counted_in_both_groups(product: Any) -> None:
    order = {"order_id": "o1", "products": [{"sku": product.sku}]}
    back = {"order_id": "o1"}
    met(product, "shown", ("Order Completed", order))
    met(product, "shown", ("Order Completed", order | {"order_id": "o2"}), ("Order Refunded", back))
    met(product, "shown", ("Order Completed", {"order_id": "o1", "products": [{"sku": "other"}]}))
    met(product, "held_out", ("Order Completed", order), ("Order Refunded", back))
    met(product, "held_out")
    shown, held_out, bought, sent_back = compared(product.workspace)["running"]
    assert (shown.readers, shown.bought.hits, shown.sent_back.hits) == (3, 2, 0)
    assert (held_out.readers, held_out.bought.hits, held_out.sent_back.hits) == (2, 1, 1)
    assert round(bought[0], 3) == 0.167
    assert sent_back[0] == -1
    assert compared(make.workspace()) == {}


def test_what_came_before_or_much_later_and_a_second_meeting_count_for_nothing(product: Any) -> None:
    order = {"order_id": "o1", "products": [{"product_id": product.sku}]}
    customer = make.customer(product.workspace)
    did(customer, "Order Completed", order, days_ago=60)
    told = {"product_id": product.sku, "need": "running", "arm": "shown"}
    did(customer, "Fit Seen", told, days_ago=50)
    did(customer, "Fit Seen", told | {"arm": "held_out"}, days_ago=49)
    did(customer, "Order Completed", order, days_ago=10)
    shown, held_out, *_ = compared(product.workspace)["running"]
    assert (shown.readers, shown.bought.hits, held_out.readers) == (1, 0, 0)
    assert shown.sent_back.share is None


def tell(client: Any, about: Any, **fields: str) -> int:
    key = make_key(workspace=about.workspace, kind="write", name="Shop")[1]
    given = {"product": about.sku, "need": "running", "arm": "shown", "anonymous_id": ANONYMOUS}
    answer = client.post(f"/e/f/fit/seen/?key={key}", given | fields)
    return int(answer.status_code)


def test_a_reader_who_consented_is_told_of_once(client: Any, product: Any) -> None:
    assert [tell(client, product), tell(client, product)] == [204, 204]
    (event,) = Event.objects.filter(name="Fit Seen")
    assert event.properties == {"product_id": product.sku, "need": "running", "arm": "shown"}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"anonymous_id": ""}, 204),
        ({"arm": "other"}, 404),
        ({"need": "lamps"}, 404),
        ({"product": "nothing"}, 404),
    ],
)
def test_nothing_is_kept_of_who_gave_no_consent_or_of_what_is_not_compared(
    client: Any, product: Any, fields: dict[str, str], status: int
) -> None:
    assert tell(client, product, **fields) == status
    assert not Event.objects.exists()


def test_where_nobody_is_held_out_nothing_is_kept(client: Any, product: Any) -> None:
    FitTopic.objects.update(holdout_percent=0)
    assert tell(client, product) == 404
    assert not Event.objects.exists()


def test_the_page_of_rules_sets_both_groups_side_by_side(
    client: Any, product: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: make.NOW)
    client.force_login(make.member(product.workspace).user)
    assert "Nobody to compare yet" in client.get("/reviews/rules").content.decode()
    met(product, "shown", ("Order Completed", {"order_id": "o1", "products": [{"sku": product.sku}]}))
    met(product, "held_out")
    page = client.get("/reviews/rules").content.decode()
    assert "who saw the figure" in page
    assert "100 %" in page
    FitTopic.objects.update(holdout_percent=0)
    assert "who saw the figure" not in client.get("/reviews/rules").content.decode()
