"""What changes on every floor is announced to the company's own programs, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engagement.models import Announcement, Customer, Workspace
from journeys.inferring import infer_needs
from nudges.considering import pause_broadcast, resume_broadcast, start_broadcast, stop_broadcast
from reviews.authoring import withdraw_review
from reviews.moderating import publish_review, respond_to_review, undo_moderation
from reviews.submitting import submit_review
from reviews.talking import answer_as_company, ask_question
from tests import make, make_guides, make_nudges, make_reviews, make_surveys
from tests.make import NOW
from tests.make_journeys import comparing, send, shop
from tests.make_webhooks import endpoint

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def heard(workspace: Workspace, *subjects: str) -> list[str]:
    """The types announced so far of these subjects, in order."""
    types = Announcement.objects.filter(workspace=workspace).order_by("pk").values_list("type", flat=True)
    return [one for one in types if one.split(".")[0] in subjects]


def test_a_review_from_its_first_version_to_its_end() -> None:
    workspace = make.workspace()
    endpoint(workspace)
    product, author = make.product(workspace), make.customer(workspace)
    review = make_reviews.review(product, author, published=False)
    held: dict[str, Any] = {"workspace": workspace, "review_id": review.pk, "actor": None, "now": NOW}
    publish_review(**held)
    publish_review(**held)
    undo_moderation(**held)
    publish_review(**held)
    respond_to_review(**held, text="Thank you.")
    submit_review(
        workspace=workspace,
        product=product,
        customer=author,
        content=make_reviews.content(),
        collected_by="form",
        now=NOW + HOUR,
    )
    withdraw_review(customer=author, product=product, now=NOW + HOUR)
    assert heard(workspace, "review") == [
        "review.submitted",
        "review.published",
        "review.reopened",
        "review.published",
        "review.answered",
        "review.edited",
        "review.withdrawn",
    ]
    bodies = Announcement.objects.filter(type="review.published").values_list("data", flat=True)
    assert all(body["customer"]["external_id"] == author.external_id for body in bodies)
    assert "rating" not in str(list(bodies)), "moderation cannot read what was rated, so it cannot tell it"


def test_a_question_and_the_companys_own_answer() -> None:
    workspace = make.workspace()
    endpoint(workspace)
    customer = make.customer(workspace)
    question = ask_question(
        product=make.product(workspace),
        customer=customer,
        body="Does it hold in the rain?",
        author_name="Ada",
        language="en",
        situation={},
        need_slug="",
        now=NOW,
    )
    answer_as_company(
        workspace=workspace,
        question_id=question.pk,
        body="It does, for a whole night.",
        actor=make.member(workspace).user,
        now=NOW,
    )
    assert heard(workspace, "question", "answer") == ["question.asked", "answer.published"]
    answered = Announcement.objects.get(type="answer.published")
    assert (answered.customer_id, "customer" in answered.data) == (None, False)


def test_where_a_customer_stands() -> None:
    workspace = shop()
    endpoint(workspace)
    send(workspace, *comparing(NOW - HOUR))
    for _ in range(2):
        infer_needs(now=NOW)
    changes = Announcement.objects.filter(type="customer.stage_changed").order_by("pk")
    told = [
        (one.data["from_stage"], one.data["to_stage"], one.data["customer"]["external_id"]) for one in changes
    ]
    assert told == [("none", "awareness", "ana"), ("awareness", "shortlist", "ana")]


def test_what_the_team_does() -> None:
    workspace = make.workspace()
    endpoint(workspace)
    make_guides.guide(workspace)
    make_surveys.answer(make_surveys.survey(workspace), 9)
    nudge = make_nudges.nudge(workspace, trigger="broadcast", trigger_stage="")
    broadcast = start_broadcast(nudge=nudge, started_by=None, now=NOW)
    for change in (pause_broadcast, resume_broadcast, stop_broadcast):
        change(broadcast_id=broadcast.pk, now=NOW)
    assert heard(workspace, "guide", "survey", "broadcast") == [
        "guide.published",
        "survey.opened",
        "survey.answered",
        "broadcast.started",
        "broadcast.paused",
        "broadcast.resumed",
        "broadcast.stopped",
    ]
    assert not Customer.objects.filter(announcements__type__startswith="guide").exists()
