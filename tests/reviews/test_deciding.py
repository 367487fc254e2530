"""Decisions on many things at once, taking them back, reports; and figures on equal treatment, after the fact."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from reviews.deciding import Pick, decide, undo_last
from reviews.models import ModerationEntry, Post, PostStatus, Report, Review, ReviewStatus
from reviews.reporting import report_post, report_review
from reviews.scrutinies import equal_scrutiny, wilson
from reviews.submitting import submit_review
from reviews.talking import ask_question
from tests import make, make_reviews

pytestmark = pytest.mark.django_db
NOW = make.NOW
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def product():
    return make.product(make.workspace())


@pytest.fixture
def moderator(product):
    return make.member(product.workspace, role="moderator").user


def waiting(product, count, **fields):
    return [make_reviews.review(product, published=False, **fields) for _ in range(count)]


def question(product, body="Does it stand up to a storm?"):
    return ask_question(
        product=product, customer=make.customer(product.workspace), body=body, author_name="Bo",
        language="en", situation={}, need_slug="", now=NOW,
    )  # fmt: skip


def act(product, moderator, decision, *things, reason=""):
    picks = [
        Pick("post", one.pk) if isinstance(one, Post) else Pick("review", one.pk, one.version)
        for one in things
    ]
    return decide(
        workspace=product.workspace, picks=picks, decision=decision, reason=reason, actor=moderator, now=LATER
    )


def states(*things):
    for one in things:
        one.refresh_from_db()
    return [one.status for one in things]


def test_many_are_decided_at_once_and_taken_back_at_once(product, moderator):
    things = [*waiting(product, 3), question(product)]
    assert act(product, moderator, "publish", *things).done == 4
    assert states(*things) == ["published"] * 4
    assert undo_last(workspace=product.workspace, actor=moderator, now=LATER) == 4
    assert states(*things) == ["pending"] * 4
    assert undo_last(workspace=product.workspace, actor=moderator, now=LATER) == 0


def test_what_a_step_held_is_published_by_itself_only(product, moderator):
    plain, held = (
        waiting(product, 1)[0],
        waiting(product, 1, body="Look at www.spam.example for more of it.")[0],
    )
    outcome = act(product, moderator, "publish", plain, held)
    assert outcome.done == 1
    assert outcome.left == ["Held by an automatic step: look at it by itself."]
    assert states(plain, held) == ["published", "pending"]
    assert act(product, moderator, "publish", held).done == 1


def test_what_was_changed_or_deleted_meanwhile_is_left_and_said(product, moderator):
    changed, gone = waiting(product, 2)
    submit_review(
        workspace=product.workspace, product=product, customer=changed.customer,
        content=make_reviews.content(), collected_by="form", now=LATER,
    )  # fmt: skip
    Review.objects.filter(pk=gone.pk).delete()
    outcome = act(product, moderator, "publish", changed, gone)
    assert outcome.done == 0
    assert len(outcome.left) == 2
    assert states(changed) == ["pending"]


def test_undo_leaves_what_somebody_else_decided_since(product, moderator):
    one, other = waiting(product, 2)
    act(product, moderator, "publish", one, other)
    colleague = make.member(product.workspace, role="moderator").user
    act(product, colleague, "reject", one, reason="spam")
    assert undo_last(workspace=product.workspace, actor=moderator, now=LATER) == 1
    assert states(one, other) == ["rejected", "pending"]


def test_things_of_another_company_are_not_there(product, moderator):
    theirs = waiting(make.product(make.workspace()), 1)[0]
    assert act(product, moderator, "publish", theirs).left == ["It is not there any more."]
    assert states(theirs) == ["pending"]


@pytest.mark.parametrize(("decision", "reason"), [("delete", ""), ("reject", ""), ("reject", "too_negative")])
def test_no_other_decision_and_no_other_reason_is_taken(product, moderator, decision, reason):
    one = waiting(product, 1)[0]
    with pytest.raises(ValueError, match="Choose"):
        act(product, moderator, decision, one, reason=reason)
    assert states(one) == ["pending"]


def test_no_statement_of_deciding_names_a_figure(product, moderator):
    things = [*waiting(product, 2), question(product)]
    with CaptureQueriesContext(connection) as asked:
        act(product, moderator, "publish", *things)
        undo_last(workspace=product.workspace, actor=moderator, now=LATER)
        act(product, moderator, "reject", *things, reason="spam")
    named = [query["sql"].replace("reviews_ratingtally", "") for query in asked]
    assert len(named) > 20
    assert not [sql for sql in named if "rating" in sql or "figures" in sql]


# ---- Reports


def test_a_report_hides_nothing_and_waits_for_a_person_once_a_reader(product, moderator):
    review = make_reviews.review(product)
    for _ in range(2):
        report_review(workspace=product.workspace, review_id=review.pk, reporter="a1", reason="spam", now=NOW)
    assert Report.objects.count() == 1
    assert states(review) == ["published"]
    act(product, moderator, "keep", review)
    assert Report.objects.get().resolved_at == LATER
    assert states(review) == ["published"]
    report_review(workspace=product.workspace, review_id=review.pk, reporter="a1", reason="spam", now=LATER)
    assert Report.objects.filter(resolved_at=None).count() == 0


def test_taking_it_down_needs_a_reason_and_ends_the_reports(product, moderator):
    review, post = make_reviews.review(product), question(product)
    act(product, moderator, "publish", post)
    report_review(workspace=product.workspace, review_id=review.pk, reporter="a", reason="illegal", now=NOW)
    report_post(workspace=product.workspace, post_id=post.pk, reporter="a", reason="illegal", now=NOW)
    act(product, moderator, "reject", review, post, reason="illegal")
    assert states(review, post) == ["rejected", "rejected"]
    assert Report.objects.filter(resolved_at=None).count() == 0


def test_what_is_not_published_cannot_be_reported(product):
    review = waiting(product, 1)[0]
    with pytest.raises(Review.DoesNotExist):
        report_review(workspace=product.workspace, review_id=review.pk, reporter="a", reason="spam", now=NOW)


def test_the_trail_is_about_exactly_one_thing(product):
    with pytest.raises(IntegrityError, match="moderation_of_one_thing"), transaction.atomic():
        ModerationEntry.objects.create(
            workspace=product.workspace, review_id=1, post_id=1, action="publish", version=1, at=NOW
        )


# ---- Treated alike?


def test_figures_after_the_fact_show_shares_and_times_by_stars(product, moderator):
    for stars in (5, 1):
        for number in range(4):
            review = waiting(product, 1, overall=stars)[0]
            act(
                product,
                moderator,
                "reject" if stars == 1 and number == 0 else "publish",
                review,
                reason="spam",
            )
    found = equal_scrutiny(workspace=product.workspace, now=LATER)
    assert [(band.stars, band.decided, band.rejected) for band in found.bands] == [(5, 4, 0), (1, 4, 1)]
    assert found.bands[0].median_hours == 2.0
    assert found.is_alike is None


def test_a_decision_taken_back_is_no_decision(product, moderator):
    act(product, moderator, "reject", *waiting(product, 1), reason="spam")
    undo_last(workspace=product.workspace, actor=moderator, now=LATER)
    assert equal_scrutiny(workspace=product.workspace, now=LATER).bands == []


def test_partiality_shows_once_there_is_enough(product, moderator):
    good, bad = waiting(product, 20, overall=5), waiting(product, 20, overall=1)
    for one in good:
        act(product, moderator, "publish", one)
    for one in bad:
        act(product, moderator, "reject", one, reason="not_genuine")
    assert equal_scrutiny(workspace=product.workspace, now=LATER).is_alike is False


def test_the_interval_is_wilsons():
    low, high = wilson(10, 100)
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)


def test_status_words_of_posts_are_those_of_reviews():
    assert set(PostStatus.values) < set(ReviewStatus.values)
