"""Requests for reviews: everybody or nobody, once an order, when things had their time, and not what is settled."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Customer, Product, Workspace
from nudges.composing import CannotChange, change_status, save_nudge
from nudges.considering import consider_events
from nudges.models import Decision, Entry, Message, Nudge
from nudges.requests import standing_of
from tests import make, make_messages, make_nudges, make_reviews
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE
from tests.nudges.requesting_one import asked, deliver, pass_time, switch
from tests.nudges.test_considering_events import happen

pytestmark = pytest.mark.django_db


@pytest.fixture
def tent(workspace: Workspace) -> Product:
    return make.product(workspace, "tent", name="Tent", category="Tents")


@pytest.fixture
def lamp(workspace: Workspace) -> Product:
    return make.product(workspace, "lamp", name="Lamp", category="Lamps")


def test_one_message_asks_about_an_order_when_the_last_product_had_its_time(
    workspace: Workspace, customer: Customer, tent: Product, lamp: Product
) -> None:
    switch(workspace, times={"Tents": 30})
    deliver(customer, lamp, tent)
    pass_time(NOW + 29 * DAY)
    assert asked() == []
    pass_time(NOW + 30 * DAY)
    assert asked() == [(customer.pk, "review")]
    [letter] = mail.outbox
    assert "Tent" in letter.body
    assert "Lamp" in letter.body
    assert "because Lamp and Tent was delivered to you on March 4, 2026" in " ".join(letter.body.split())


def test_the_page_of_an_order_leads_to_each_review_and_knows_what_is_done(
    workspace: Workspace, customer: Customer, tent: Product, lamp: Product, client: Any
) -> None:
    switch(workspace)
    deliver(customer, lamp, tent)
    pass_time(NOW + 14 * DAY)
    found = re.search(r"http\S+(/e/collect/\S+?)[\s)]", str(mail.outbox[-1].body))
    assert found
    page = client.get(found[1]).content.decode()
    assert page.count("Write a review of") == 2
    assert re.search(r"/e/review/[^\"]*lamp/\?author=", page), "the links say who writes"
    make_reviews.review(lamp, customer, at=NOW + 15 * DAY)
    page = client.get(found[1]).content.decode()
    assert page.count("Write a review of") == 1
    assert page.count("Change your review of") == 1
    assert "too old" in client.get(found[1][:-3] + "x/").content.decode()


def test_one_product_leads_to_its_form_at_once(
    workspace: Workspace, customer: Customer, tent: Product
) -> None:
    switch(workspace)
    deliver(customer, tent)
    pass_time(NOW + 14 * DAY)
    assert "/e/review/" in mail.outbox[-1].body
    assert "/e/collect/" not in mail.outbox[-1].body


def test_parcels_that_come_apart_are_asked_about_together(
    workspace: Workspace, customer: Customer, tent: Product, lamp: Product
) -> None:
    switch(workspace)
    deliver(customer, tent)
    consider_events(now=NOW)
    deliver(customer, lamp, at=NOW + 3 * DAY)
    for day in (3, 14, 17, 18):
        pass_time(NOW + day * DAY)
    assert asked() == [(customer.pk, "review")]
    assert Message.objects.get().decided_at >= NOW + 17 * DAY
    assert "Tent" in mail.outbox[-1].body
    assert "Lamp" in mail.outbox[-1].body


@pytest.mark.parametrize(
    ("back", "is_asked"),
    [
        (("Order Refunded", {"order_id": "A1"}), False),
        (("Order Cancelled", {"order_id": "A1", "products": []}), False),
        (("Order Refunded", {"order_id": "A1", "products": [{"sku": "tent"}]}), False),
        (("Order Refunded", {"order_id": "A1", "products": [{"product_id": "lamp"}]}), True),
        (("Order Refunded", {"order_id": "B2"}), True),
        (("Order Refunded", {}), True),
    ],
)
def test_what_was_given_back_is_not_asked_about(
    workspace: Workspace, customer: Customer, tent: Product, back: tuple[str, dict[str, Any]], is_asked: bool
) -> None:
    switch(workspace)
    deliver(customer, tent)
    happen(customer, back[0], at=NOW + DAY, **back[1])
    pass_time(NOW + 14 * DAY)
    assert bool(asked()) == is_asked
    if not is_asked:
        assert (Decision.objects.get().reason, Decision.objects.get().rule) == ("settled", "products")


def test_what_is_reviewed_is_not_asked_about_and_the_rest_is(
    workspace: Workspace, customer: Customer, tent: Product, lamp: Product
) -> None:
    switch(workspace)
    make_reviews.review(lamp, customer, at=NOW - 2 * HOUR, published=False)
    deliver(customer, tent, lamp)
    pass_time(NOW + 14 * DAY)
    assert asked() == [(customer.pk, "review")]
    assert "Tent" in mail.outbox[-1].body
    assert "Lamp" not in mail.outbox[-1].body


def test_what_is_bought_again_is_asked_about_once_a_year(
    workspace: Workspace, customer: Customer, tent: Product
) -> None:
    switch(workspace)
    deliver(customer, tent)
    pass_time(NOW + 14 * DAY)
    deliver(customer, tent, at=NOW + 100 * DAY, order="B2")
    pass_time(NOW + 100 * DAY)
    pass_time(NOW + 114 * DAY)
    assert len(asked()) == 1
    deliver(customer, tent, at=NOW + 400 * DAY, order="C3")
    pass_time(NOW + 400 * DAY)
    pass_time(NOW + 414 * DAY)
    assert len(asked()) == 2


def test_an_order_of_nothing_that_is_ours_asks_nothing(workspace: Workspace, customer: Customer) -> None:
    switch(workspace)
    other = make.product(workspace, "theirs", kind="outside")
    deliver(customer, other)
    happen(customer, order_id="B2")
    assert consider_events(now=NOW)["nothing_to_ask"] == 2
    assert not Entry.objects.exists()


def test_a_review_is_followed_up_after_30_and_180_days(
    workspace: Workspace, customer: Customer, tent: Product
) -> None:
    switch(workspace)
    make_reviews.review(tent, customer, at=NOW)
    for day in (0, 29):
        pass_time(NOW + day * DAY)
    assert asked() == []
    pass_time(NOW + 30 * DAY)
    assert asked() == [(customer.pk, "review_30")]
    make_reviews.review(tent, customer, at=NOW + 31 * DAY)  # its second version starts nothing
    for day in (31, 61, 180, 211):
        pass_time(NOW + day * DAY)
    assert asked() == [(customer.pk, "review_30"), (customer.pk, "review_180")]


def test_who_has_just_changed_their_review_is_not_asked_to(
    workspace: Workspace, customer: Customer, tent: Product
) -> None:
    switch(workspace)
    make_reviews.review(tent, customer, at=NOW)
    make_reviews.review(tent, customer, at=NOW + 20 * DAY)
    pass_time(NOW + DAY)
    pass_time(NOW + 30 * DAY)
    assert asked() == []


def test_everybody_is_asked_whatever_they_said_before(
    workspace: Workspace, tent: Product, lamp: Product
) -> None:
    switch(workspace)
    people = [make.customer(workspace, email=f"p{n}@example.org") for n in range(3)]
    make_reviews.review(lamp, people[0], overall=1, at=NOW - 200 * DAY)
    make_reviews.review(lamp, people[1], overall=5, at=NOW - 200 * DAY)
    nudge = make_messages.nudge(workspace)
    for person, kind in zip(people, ("not_relevant", "helpful", None), strict=True):
        if kind:
            message = make_messages.message(
                nudge, person, at=NOW - 100 * DAY, state="sent", next_attempt_at=None
            )
            message.replies.create(workspace=workspace, customer=person, kind=kind, at=NOW - 99 * DAY)
        deliver(person, tent, order=f"O{person.pk}")
    pass_time(NOW)
    pass_time(NOW + 14 * DAY)
    assert {who for who, purpose in asked() if purpose == "review"} == {person.pk for person in people}


def test_what_chooses_whom_to_ask_cannot_read_a_rating() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('nudges_products_to_ask'::regproc)")
        [(text,)] = cursor.fetchall()
    here = Path(__file__).parents[2] / "nudges"
    files = [here / "requesting.py", *(here / "considering").glob("*.py"), here / "sql" / "join_orders.sql"]
    for source in (text, *(file.read_text() for file in files)):
        assert not re.search(r"reviewrating|overall|figures\b|nudges_reply|helpful", source, re.IGNORECASE)


@pytest.mark.parametrize(
    "fields",
    [
        {"conditions": {"trait": "plan", "is": "gold"}},
        {"on_cap": "drop"},
        {"trigger": "api"},
    ],
)
def test_nobody_can_choose_whom_it_asks(workspace: Workspace, fields: dict[str, Any]) -> None:
    switch(workspace)
    nudge = Nudge.objects.get(purpose="review")
    with pytest.raises(CannotChange):
        save_nudge(nudge=nudge, values=fields, actor=None, now=NOW)
    with pytest.raises(IntegrityError, match="purpose_asks_all_or_none"), transaction.atomic():
        Nudge.objects.filter(pk=nudge.pk).update(**fields)
    with pytest.raises(CannotChange):
        change_status(nudge=nudge, status="archived", actor=None, now=NOW)


def test_it_keeps_to_the_limits_like_every_other(
    workspace: Workspace, customer: Customer, tent: Product
) -> None:
    make_nudges.cap(workspace, 0)
    switch(workspace)
    deliver(customer, tent)
    pass_time(NOW)
    pass_time(NOW + 14 * DAY)
    assert asked() == []
    assert Decision.objects.get().reason == "capped"


def test_switched_off_nobody_is_asked_and_switched_on_again_no_nudge_is_doubled(
    workspace: Workspace, customer: Customer, tent: Product
) -> None:
    switch(workspace)
    switch(workspace, asks_reviews=False, asks_owners=False, at=NOW)
    deliver(customer, tent, at=NOW + MINUTE)
    consider_events(now=NOW + MINUTE)
    assert not Entry.objects.exists()
    assert not standing_of(workspace).asks_reviews
    switch(workspace, at=NOW + HOUR, days=7)
    assert Nudge.objects.count() == 4
    assert (standing_of(workspace).asks_reviews, standing_of(workspace).days) == (True, 7)


def test_a_question_is_put_to_an_owner_as_a_message(workspace: Workspace, customer: Customer) -> None:
    switch(workspace)
    told = {
        "question": "Does it keep rain out?",
        "product_name": "Tent",
        "url": "https://shop.example/e/answer/x/",
    }
    event = SystemEvent(
        customer_id=customer.pk, name="Owner Asked", message_id="q1", occurred_at=NOW, properties=told
    )
    record_events(workspace_id=workspace.pk, events=[event], now=NOW)
    pass_time(NOW)
    assert asked() == [(customer.pk, "owner")]
    assert "Does it keep rain out?" in mail.outbox[-1].body
    assert "https://shop.example/e/answer/x/" in mail.outbox[-1].body
