"""A person decides, without sight of the figures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.models import AuditEntry, Event
from reviews.models import ModerationEntry, RatingTally, Review, ReviewRating, ReviewStatus
from reviews.moderating import NotNow, publish_review, reject_review, respond_to_review, undo_moderation
from reviews.submitting import submit_review, submit_unconfirmed
from tests import make, make_reviews

pytestmark = pytest.mark.django_db
NOW = make.NOW
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def review():
    return make_reviews.review(make.product(make.workspace()), published=False)


@pytest.fixture
def moderator(review):
    return make.member(review.workspace, role="moderator").user


def decide(verb, review, **given):
    return verb(workspace=review.workspace, review_id=review.pk, now=LATER, **given)


def test_publishing_shows_it_and_says_who_did(review, moderator):
    published = decide(publish_review, review, actor=moderator)
    assert (published.status, published.published_at) == (ReviewStatus.PUBLISHED, LATER)
    entry = ModerationEntry.objects.filter(review_id=review.pk).latest("id")
    assert (entry.action, entry.actor, entry.version) == ("publish", moderator, 1)
    assert AuditEntry.objects.get(action="publish_review").actor == moderator
    assert Event.objects.filter(customer_id=review.customer_id, name="Review Published").count() == 1


def test_publishing_twice_changes_nothing_more(review, moderator):
    decide(publish_review, review, actor=moderator)
    decide(publish_review, review, actor=moderator)
    assert Event.objects.filter(customer_id=review.customer_id, name="Review Published").count() == 1


def test_rejecting_needs_one_of_the_named_reasons(review, moderator):
    with pytest.raises(ValueError, match="Choose a reason: spam"):
        decide(reject_review, review, reason="too negative", actor=moderator)
    review.refresh_from_db()
    assert review.status == ReviewStatus.PENDING


def test_the_reason_for_a_rejection_is_on_its_authors_timeline(review, moderator):
    decide(reject_review, review, reason="personal_data", actor=moderator)
    event = Event.objects.get(customer_id=review.customer_id, name="Review Rejected")
    assert event.properties["reason"] == "personal_data"


def test_a_decision_can_be_taken_back(review, moderator):
    decide(reject_review, review, reason="spam", actor=moderator)
    undone = decide(undo_moderation, review, actor=moderator)
    assert (undone.status, undone.rejection_reason) == (ReviewStatus.PENDING, "")
    with pytest.raises(NotNow):
        decide(undo_moderation, review, actor=moderator)


def test_a_decision_on_words_that_have_changed_meanwhile_is_refused(review, moderator):
    submit_review(
        workspace=review.workspace,
        product=review.product,
        customer=review.customer,
        content=make_reviews.content(body="Now with a link that nobody has read yet."),
        collected_by="form",
        now=NOW,
    )
    with pytest.raises(NotNow, match="read it again"):
        decide(publish_review, review, actor=moderator, expected_version=1)


def test_an_unconfirmed_review_cannot_be_published(review, moderator):
    waiting = submit_unconfirmed(
        workspace=review.workspace,
        product=review.product,
        content=make_reviews.content(),
        email="a@example.org",
        now=NOW,
    )
    with pytest.raises(NotNow, match="confirmed"):
        decide(publish_review, waiting, actor=moderator)


def test_a_review_of_another_workspace_is_not_found(review, moderator):
    for verb, more in ((publish_review, {}), (reject_review, {"reason": "spam"}), (undo_moderation, {})):
        with pytest.raises(Review.DoesNotExist):
            verb(workspace=make.workspace(), review_id=review.pk, actor=moderator, now=NOW, **more)


def test_the_company_may_answer_and_take_its_answer_back(review, moderator):
    assert decide(respond_to_review, review, text=" Thank you. ", actor=moderator).response == "Thank you."
    silent = decide(respond_to_review, review, text="", actor=moderator)
    assert (silent.response, silent.responded_at) == ("", None)


def test_the_trail_cannot_be_changed(review):
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        ModerationEntry.objects.all().delete()


# ---- By construction, no figure is seen


def test_no_statement_of_moderation_names_the_table_of_figures(review, moderator):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        decide(publish_review, review, actor=moderator)
        decide(undo_moderation, review, actor=moderator)
        decide(reject_review, review, reason="spam", actor=moderator)
        decide(respond_to_review, review, text="We are sorry.", actor=moderator)
    assert len(captured) > 10
    assert not [
        query["sql"] for query in captured if "rating" in query["sql"].replace("reviews_ratingtally", "")
    ]


def test_publishing_only_marks_the_figures_stale(review, moderator):
    decide(publish_review, review, actor=moderator)
    tally = RatingTally.objects.get(product=review.product)
    assert (tally.stars, tally.stale_since) == ([0] * 5, LATER)


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=10, max_size=300).filter(
    lambda text: len(text.strip()) >= 10
)
stars = st.integers(1, 5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=words, title=words, figures=st.tuples(stars, stars), extra=st.tuples(stars, stars))
def test_reviews_that_differ_only_in_figures_fare_alike(body, title, figures, extra):
    def fate(overall, other):
        with transaction.atomic():
            product = make.product(make.workspace())
            review = make_reviews.review(
                product,
                published=False,
                body=body,
                title=title[:100],
                overall=overall,
                quality=other,
                value=other,
            )
            waiting = (review.status, review.flags)
            published = decide(publish_review, review, actor=None)
            shown = (published.status, published.flags, published.published_at)
            rejected = decide(reject_review, review, reason="not_about_product", actor=None)
            trail = list(
                ModerationEntry.objects.filter(review_id=review.pk).values_list("action", "reason", "version")
            )
            assert ReviewRating.objects.get(review=review).overall == overall
            return waiting, shown, (rejected.status, rejected.rejection_reason), trail

    assert fate(figures[0], extra[0]) == fate(figures[1], extra[1])
