"""A person's word about a need: it holds at once, in every retelling, and can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engagement.models import Event
from journeys.closing import ClosedForGood, close_need, reopen_need, snooze_need
from journeys.inferring import rebuild_needs
from journeys.models import CustomerNeed, Need, Stage
from tests import make
from tests.journeys.telling import infer, story, the_need, told_from_nothing
from tests.make import NOW
from tests.make_journeys import added, comparing, send, shop

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_not_relevant_closes_at_once_and_survives_new_events_and_rebuilds() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    closed = the_need()
    before = close_need(customer_need_id=closed.pk, reason="not_relevant", now=NOW)
    assert before == (None, "", None)
    closed.refresh_from_db()
    assert (closed.closed_at, closed.closed_reason) == (NOW, "not_relevant")
    infer()
    send(workspace, *comparing(NOW + HOUR))
    infer(NOW + 2 * HOUR)
    rebuild_needs(workspace_id=workspace.pk, now=NOW + 2 * HOUR)
    only = CustomerNeed.objects.get()
    assert (only.pk, only.closed_at, only.closed_reason) == (closed.pk, NOW, "not_relevant")
    assert story(workspace) == told_from_nothing(workspace, NOW + 2 * HOUR)


def test_closing_is_taken_back_before_and_after_inference_has_read_it() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    pk = the_need().pk
    close_need(customer_need_id=pk, reason="not_relevant", now=NOW)
    reopen_need(customer_need_id=pk, now=NOW + MINUTE)
    infer(NOW + MINUTE)
    assert the_need().pk == pk
    close_need(customer_need_id=pk, reason="not_relevant", now=NOW + HOUR)
    infer(NOW + HOUR)
    reopen_need(customer_need_id=pk, now=NOW + 2 * HOUR)
    infer(NOW + 2 * HOUR)
    assert the_need().stage == Stage.SHORTLIST
    assert story(workspace) == told_from_nothing(workspace, NOW + 2 * HOUR)


def test_what_silence_closed_no_word_reopens() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - 300 * DAY))
    infer()
    with pytest.raises(ClosedForGood):
        reopen_need(customer_need_id=CustomerNeed.objects.get().pk, now=NOW)
    assert CustomerNeed.objects.get().closed_reason == "lapsed"


def test_a_snooze_stands_at_once_and_after_a_rebuild_and_can_be_taken_back() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    pk = the_need().pk
    until = NOW + 9 * DAY
    assert snooze_need(customer_need_id=pk, until=until, now=NOW).snoozed_until is None
    assert the_need().snoozed_until == until
    infer()
    rebuild_needs(workspace_id=workspace.pk, now=NOW)
    assert the_need().snoozed_until == until
    assert snooze_need(customer_need_id=pk, until=None, now=NOW + MINUTE).snoozed_until == until
    infer(NOW + MINUTE)
    assert the_need().snoozed_until is None


def test_a_closed_need_is_not_snoozed() -> None:
    """Regression: of one that a newer need had followed the columns said so, and a rebuild did not."""
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    infer()
    pk = the_need().pk
    close_need(customer_need_id=pk, reason="not_relevant", now=NOW)
    snooze_need(customer_need_id=pk, until=NOW + DAY, now=NOW)
    infer()
    assert CustomerNeed.objects.get(pk=pk).snoozed_until is None
    assert not Event.objects.filter(name="Need Snoozed").exists()


def test_a_need_that_was_written_by_hand_is_read_on_from_its_columns() -> None:
    workspace = shop()
    row = CustomerNeed.objects.create(
        workspace=workspace, customer=make.customer(workspace, external_id="ana"), need=Need.objects.get(),
        stage="awareness", stage_since=NOW - DAY, probability=0.8, beliefs=[0.1, 0.8, 0.1, 0, 0], as_of=NOW - DAY,
        opened_at=NOW - DAY,
    )  # fmt: skip
    send(workspace, added("b", NOW))
    infer()
    row.refresh_from_db()
    assert row.stage == Stage.SHORTLIST
