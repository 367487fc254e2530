"""A person decides, without sight of the figures."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.models import AuditEntry, Event
from reviews.models import ModerationEntry, RatingTally, Review, ReviewRating, ReviewStatus
from reviews.moderating import NotNow, publish_review, reject_review, respond_to_review, undo_moderation
from reviews.ranking import list_reviews
from reviews.submitting import submit_review, submit_unconfirmed
from reviews.tallying import tally_ratings
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


# ---- A newer version of what readers see


def resubmit(review, *, at=LATER, **fields):
    return submit_review(
        workspace=review.workspace,
        product=review.product,
        customer=review.customer,
        content=make_reviews.content(**fields),
        collected_by="form",
        now=at,
    )


def seen(review):
    """What readers see of it: title and stars."""
    tally_ratings(now=LATER)
    shown = list_reviews(review.product).reviews
    return [(one.title, one.rating.overall) for one in shown]


@pytest.fixture
def edited(review, moderator):
    """Published with one star and the title Old; a newer version, New with five, waits."""
    resubmit(review, title="Old", overall=1, at=NOW)
    decide(publish_review, review, actor=moderator)
    return resubmit(review, title="New", overall=5)


def test_readers_see_the_published_version_until_the_newer_is_judged(edited, moderator):
    assert seen(edited) == [("Old", 1)]
    assert edited.waiting_since == LATER
    decide(publish_review, edited, actor=moderator)
    assert seen(edited) == [("New", 5)]
    assert RatingTally.objects.get(product=edited.product).stars == [0, 0, 0, 0, 1]


def test_turning_the_newer_version_down_leaves_the_older_in_sight(edited, moderator):
    rejected = decide(reject_review, edited, reason="personal_data", actor=moderator)
    assert seen(edited) == [("Old", 1)]
    assert (rejected.status, rejected.rejection_reason) == (ReviewStatus.PUBLISHED, "personal_data")
    undone = decide(undo_moderation, edited, actor=moderator)
    assert (undone.edit["title"], undone.waiting_since, undone.rejection_reason) == ("New", LATER, "")


def test_taking_a_publication_back_brings_the_older_version_back(edited, moderator):
    decide(publish_review, edited, actor=moderator)
    undone = decide(undo_moderation, edited, actor=moderator)
    assert seen(edited) == [("Old", 1)]
    assert (undone.edit["title"], undone.waiting_since) == ("New", LATER)
    decide(publish_review, edited, actor=moderator)
    assert seen(edited) == [("New", 5)]


def test_while_a_newer_version_waits_there_is_nothing_to_take_back(edited, moderator):
    with pytest.raises(NotNow):
        decide(undo_moderation, edited, actor=moderator)


def test_a_newer_version_without_stars_takes_them_away_once_published(edited, moderator):
    resubmit(edited, kind="chose_other", overall=None, title="Sent it back")
    assert seen(edited) == [("Old", 1)]
    decide(publish_review, edited, actor=moderator)
    tally_ratings(now=LATER)
    assert not ReviewRating.objects.filter(review=edited).exists()
    assert [one.title for one in list_reviews(edited.product).reviews] == ["Sent it back"]


def test_a_review_turned_down_and_written_anew_waits_as_a_whole(review, moderator):
    decide(reject_review, review, reason="spam", actor=moderator)
    again = resubmit(review, title="Better")
    assert (again.status, again.title, again.edit, again.version) == ("pending", "Better", None, 2)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"status": "pending", "waiting_since": None}, "pending_review_waits"),
        ({"status": "published", "published_at": NOW, "waiting_since": NOW}, "waiting_review_has_news"),
        ({"edit": {"title": "x"}, "version": 2}, "edit_of_what_is_shown"),
    ],
)
def test_the_database_refuses_what_cannot_be(review, change, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(**change)


# ---- By construction, no figure is seen


def test_no_statement_of_moderation_names_the_table_of_figures(edited, moderator):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        decide(publish_review, edited, actor=moderator)
        decide(undo_moderation, edited, actor=moderator)
        decide(reject_review, edited, reason="spam", actor=moderator)
        decide(undo_moderation, edited, actor=moderator)
        decide(respond_to_review, edited, text="We are sorry.", actor=moderator)
    assert len(captured) > 10
    assert not [
        query["sql"]
        for query in captured
        if re.search("rating|figures", query["sql"].replace("reviews_ratingtally", ""))
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
            entries = ModerationEntry.objects.filter(review_id=review.pk).order_by("pk")
            trail = list(entries.values_list("action", "reason", "version"))
            assert ReviewRating.objects.get(review=review).overall == overall
            return waiting, shown, (rejected.status, rejected.rejection_reason), trail

    assert fate(figures[0], extra[0]) == fate(figures[1], extra[1])
