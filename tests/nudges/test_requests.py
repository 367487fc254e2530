"""What the settings say of requests for reviews: usual times, who has to approve, how many were asked and wrote."""

from __future__ import annotations

import pytest

from engagement.models import Customer, Product, Workspace
from nudges.approving import approve_nudge
from nudges.dashboard.requests import field_of
from nudges.models import Decision, Entry, Nudge
from nudges.requests import figures_of_requests, standing_of, timings_of, usual_days
from reviews.asking import agree_to_be_asked, ask_owners
from reviews.judging import publish_post
from reviews.talking import answer_as_owner, ask_question
from tests import make, make_nudges, make_reviews
from tests.make import NOW
from tests.make_dashboard import Office, text_of
from tests.nudges.deciding_one import DAY, HOUR
from tests.nudges.requesting_one import asked, deliver, pass_time, switch

pytestmark = pytest.mark.django_db


@pytest.fixture
def tent(workspace: Workspace) -> Product:
    return make.product(workspace, "tent", name="Tent", category="Tents")


def test_figures_say_how_many_were_asked_and_how_many_wrote(workspace: Workspace, tent: Product) -> None:
    switch(workspace)
    people = [make.customer(workspace, email=f"p{n}@example.org") for n in range(2)]
    for person in people:
        deliver(person, tent, order=f"O{person.pk}")
    pass_time(NOW)
    pass_time(NOW + 14 * DAY)
    make_reviews.review(tent, people[0], at=NOW + 15 * DAY, published=False)
    figures = figures_of_requests(workspace, standing_of(workspace), now=NOW + 16 * DAY)
    assert (figures[0].purpose, figures[0].asked, figures[0].wrote) == ("review", 2, 1)
    assert figures[0].share == 0.5
    assert figures[1].share is None


def test_a_question_that_was_answered_is_told_from_one_that_was_only_asked(
    workspace: Workspace, tent: Product
) -> None:
    switch(workspace)
    owners = [make.customer(workspace, email=f"o{n}@example.org") for n in range(2)]
    for owner in owners:
        agree_to_be_asked(customer=owner, product=tent, situation={}, agrees=True, now=NOW)
    question = ask_question(
        product=tent, customer=make.customer(workspace), body="Does it keep the rain out?", author_name="Bo",
        language="en", situation={}, need_slug="", now=NOW,
    )  # fmt: skip
    publish_post(workspace=workspace, post_id=question.pk, actor=None, now=NOW)
    ask_owners(now=NOW + HOUR)
    pass_time(NOW + HOUR)
    answer_as_owner(
        question=question, customer=owners[0], body="Through a night of it.", author_name="Cy", language="en",
        now=NOW + DAY,
    )  # fmt: skip
    figures = {
        one.purpose: one for one in figures_of_requests(workspace, standing_of(workspace), now=NOW + DAY)
    }
    assert (figures["owner"].asked, figures["owner"].wrote) == (2, 1)
    assert figures["review"].asked == 0


def test_where_somebody_must_approve_nobody_is_asked_until_they_did(
    workspace: Workspace, customer: Customer, tent: Product
) -> None:
    make_nudges.policy(workspace, approval_above=0, collect_seconds=0)
    owner = make.member(workspace, role="owner")
    switch(workspace, asks_owners=False)
    standing = standing_of(workspace)
    assert not standing.asks_reviews
    assert {nudge.purpose for nudge in standing.waiting} == {"review", "review_30", "review_180"}
    deliver(customer, tent)
    pass_time(NOW)
    assert not Entry.objects.exists()
    for nudge in standing.waiting:
        approve_nudge(nudge=nudge, version=nudge.version, member=owner, now=NOW)
    switch(workspace, asks_owners=False, at=NOW + HOUR)
    assert standing_of(workspace).asks_reviews
    assert standing_of(workspace).waiting == []
    deliver(customer, tent, at=NOW + 2 * HOUR, order="B2")
    pass_time(NOW + 2 * HOUR)
    switch(workspace, asks_owners=False, days=10, at=NOW + DAY)  # another version
    pass_time(NOW + 14 * DAY + 2 * HOUR)
    assert asked() == []
    assert Decision.objects.get().reason == "unapproved"
    for nudge in standing_of(workspace).waiting:
        approve_nudge(nudge=nudge, version=nudge.version, member=owner, now=NOW + 15 * DAY)
    pass_time(NOW + 15 * DAY)
    assert asked() == [(customer.pk, "review")]


def test_usual_times_follow_from_what_a_category_is_called(workspace: Workspace, tent: Product) -> None:
    assert usual_days("Running shoes") == 14
    assert usual_days("Mattresses & beds") == 30
    assert usual_days("Laufschuhe") == 14
    assert usual_days("Rucksäcke & Zelte") == 30
    assert [usual_days(name) for name in ("Anything", "Steamed oats", "Whiskies")] == [14, 14, 14]
    [timing] = timings_of(workspace, otherwise=14)
    assert (timing.category, timing.products, timing.days, timing.usual) == ("Tents", 1, None, 30)


def test_the_settings_page_switches_it_and_shows_when_an_order_of_today_is_asked_about() -> None:
    office = Office()
    make.category(office.workspace, "reviews")
    make.product(office.workspace, "tent", category="Tents")
    tents = field_of("Tents")
    page = office.enter("analyst").get("/settings/review-requests")
    assert f'name="{tents}" value="30"' in page.content.decode(), "a first guess"
    plan = {
        "asks_reviews": "on",
        "category": office.workspace.categories.get().pk,
        "event": "Order Delivered",
        "days": "10",
        tents: "21",
    }
    client = office.enter("marketer")
    assert client.post("/settings/review-requests", plan | {tents: "999"}).status_code == 200
    assert not Nudge.objects.exists()
    client.post("/settings/review-requests", plan)
    text = text_of(client.get("/settings/review-requests"))
    assert "0 asked, 0 wrote" in text
    assert Nudge.objects.filter(status="active").count() == 3
    assert standing_of(office.workspace).days == 10
    client.post("/settings/review-requests", {**plan, "asks_reviews": "", tents: ""})
    assert not Nudge.objects.filter(status="active").exists()
