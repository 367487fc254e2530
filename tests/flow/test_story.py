"""The program in one story: a customer's clicks become a need, a message that can be answered, and a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.module_loading import import_string

from config.flow import STEPS
from engagement.keys import make_key
from engagement.models import Customer, Event, Workspace
from journeys.models import CustomerNeed, Need, Stage
from journeys.needs import install_default_evidence
from nudges.ledgers import explain
from nudges.models import Cap, Decision, Message, Nudge, NudgeContent, Policy
from tests import make
from tests.flow.smtp import Mailbox, mailbox

pytestmark = pytest.mark.django_db
ANA = "ana@example.org"


def run_the_flow() -> None:
    """Every step in the order of config/flow.py, as the clock would run them."""
    for step in STEPS:
        import_string(step.task)()


@pytest.fixture
def letters(settings: Any) -> Iterator[Mailbox]:
    with mailbox() as (kept, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield kept


@pytest.fixture
def shop() -> Workspace:
    """A shop with one need, a helpful nudge for those who compare, a business one, and room for one message a day."""
    workspace = make.workspace(sender_email="shop@example.org")
    install_default_evidence(workspace)
    shoes = Need.objects.create(
        workspace=workspace,
        slug="running-shoes",
        name="Running shoes",
        rules={"categories": ["running shoes"]},
    )
    tips = make.category(workspace)
    Policy.objects.create(workspace=workspace, collect_seconds=0)
    Cap.objects.create(workspace=workspace, scope="any", window="rolling", seconds=86400, limit=1)
    for name, interest, promise in [
        ("How to compare shoes", "customer", "choose_well"),
        ("Ten percent off", "business", "choose_us"),
    ]:
        nudge = Nudge.objects.create(
            workspace=workspace,
            name=name,
            interest=interest,
            promise=promise,
            category=tips,
            channels=["email"],
            trigger="stage_change",
            trigger_need=shoes,
            trigger_stage=Stage.SHORTLIST,
            status="active",
        )
        NudgeContent.objects.create(
            workspace=workspace,
            nudge=nudge,
            channel="email",
            subject=name,
            body="Dear {{ customer.name }}, look here.",
        )
    return workspace


@pytest.fixture
def track(shop: Workspace, client: Client) -> Any:
    _, key = make_key(workspace=shop, kind="write", name="shop")

    def send(*calls: dict[str, Any]) -> None:
        now = datetime.now(UTC)
        batch = [
            {"messageId": f"m-{Event.objects.count()}-{n}", "timestamp": now.isoformat(), **call}
            for n, call in enumerate(calls)
        ]
        answer = client.post("/v1/batch", {"batch": batch, "writeKey": key}, content_type="application/json")
        assert answer.status_code == 200
        assert answer.json() == {"success": True}

    return send


def seen(sku: str, event: str = "Product Viewed") -> dict[str, Any]:
    properties = {"product_id": sku, "category": "running shoes", "name": f"Shoe {sku}"}
    return {"type": "track", "userId": "ana", "event": event, "properties": properties}


def comparing() -> list[dict[str, Any]]:
    return [
        {"type": "identify", "userId": "ana", "traits": {"email": ANA, "name": "Ana"}},
        seen("a"),
        seen("b"),
        seen("a", "Product Added to Wishlist"),
        seen("b", "Product Added"),
    ]


def test_a_click_becomes_one_capped_explained_answerable_message(
    shop: Workspace, track: Any, letters: Mailbox, client: Client
) -> None:
    track(*comparing())
    run_the_flow()

    need = CustomerNeed.objects.get(customer__external_id="ana")
    assert need.stage == Stage.SHORTLIST
    assert need.evidence

    # One message went out: the one that serves the customer. The other is held back, with the reason.
    [letter] = letters.to(ANA)
    assert letter["Subject"] == "How to compare shoes"
    assert "One-Click" in letter["List-Unsubscribe-Post"]
    held = Decision.objects.get(nudge__name="Ten percent off")
    assert held.outcome == "suppress"
    assert held.reason in ("outranked", "capped")
    assert explain(held).marketer
    assert explain(held).customer

    # Reading the links changes nothing; answering does, and says what.
    text = letter.get_body(("plain",)).get_content()
    link = next(url for url in re.findall(r"https?://\S+", text) if "not_now" in url)
    path = re.sub(r"^https?://[^/]+", "", link)
    before = Event.objects.count()
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
    assert Event.objects.count() == before
    assert client.post(path).status_code in (200, 303)
    need.refresh_from_db()
    assert need.snoozed_until is not None
    assert Event.objects.filter(customer=need.customer, name="Nudge Replied").count() == 1


def test_running_the_flow_again_sends_nothing_again(shop: Workspace, track: Any, letters: Mailbox) -> None:
    track(*comparing())
    run_the_flow()
    run_the_flow()
    assert len(letters.received) == 1
    assert Message.objects.count() == 1
    assert Decision.objects.count() == 2


def test_an_order_ends_the_search_and_no_advice_on_choosing_follows(
    shop: Workspace, track: Any, letters: Mailbox
) -> None:
    order = {"order_id": "o-1", "products": [{"product_id": "a", "category": "running shoes"}]}
    track(*comparing(), {"type": "track", "userId": "ana", "event": "Order Completed", "properties": order})
    run_the_flow()
    assert CustomerNeed.objects.get(customer__external_id="ana").stage == Stage.POST_PURCHASE
    assert letters.received == []


def test_what_a_visitor_did_before_signing_in_is_theirs_afterwards(
    shop: Workspace, track: Any, letters: Mailbox
) -> None:
    for call in comparing()[1:]:
        track({**call, "userId": None, "anonymousId": "visitor-1"})
    run_the_flow()
    assert letters.received == []  # nobody to write to yet
    track(
        {
            "type": "identify",
            "userId": "ana",
            "anonymousId": "visitor-1",
            "traits": {"email": ANA, "name": "Ana"},
        }
    )
    run_the_flow()
    customer = Customer.objects.get(workspace=shop, merged_into=None)
    assert CustomerNeed.objects.get(customer=customer).stage == Stage.SHORTLIST
    assert Event.objects.filter(customer=customer, name="Product Viewed").count() == 2
    assert datetime.now(UTC) - customer.first_seen_at < timedelta(minutes=5)
