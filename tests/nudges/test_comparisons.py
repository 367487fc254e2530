"""Which words help more: variants beside each other, by the customers' outcomes and then the company's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import Customer, Event, Workspace
from nudges.comparisons import Comparison, compare_variants
from nudges.models import Message, Nudge, Reply
from nudges.results import FEWEST
from nudges.variants import variant_of
from nudges.varying import end_variants, save_variants
from tests import make, make_messages, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR

pytestmark = pytest.mark.django_db
THEN = NOW - 20 * DAY


@pytest.fixture
def nudge(workspace: Workspace) -> Nudge:
    one = make_messages.nudge(workspace)
    return save_variants(
        nudge=one,
        variants=[{"name": "Short", "share": 50}, {"name": "Long", "share": 50}],
        actor=None,
        now=THEN - DAY,
    )


def said(nudge: Nudge, number: int, at: datetime = THEN, **fields: Any) -> list[Message]:
    """Messages to so many new customers, worded as sending does, in equal numbers of each variant."""
    made: list[Message] = []
    wanted = {one["key"]: number // 2 for one in nudge.variants}
    while any(wanted.values()):
        customer = make.customer(nudge.workspace)
        variant = variant_of(nudge, customer.pk)
        assert variant
        if wanted[variant.key]:
            wanted[variant.key] -= 1
            told = {"variant": variant.key, "variant_chance": variant.share, "sent_at": at} | fields
            made.append(make_nudges.sent(nudge, customer, at=at, **told))
    return made


def happened(customer: Customer, name: str, at: datetime = THEN + DAY, **properties: object) -> None:
    Event.objects.create(
        workspace=customer.workspace, customer=customer, name=name, type="track", source="api",
        message_id=f"{customer.pk}:{name}:{at}", received_at=at, occurred_at=at, properties=properties,
    )  # fmt: skip


def answered(message: Message, kind: str) -> None:
    Reply.objects.create(
        workspace=message.workspace, message=message, customer=message.customer, kind=kind, at=THEN + HOUR
    )


def found(nudge: Nudge, **asked: Any) -> Comparison:
    told = compare_variants(nudge, now=NOW, **asked)
    assert told is not None
    return told


def of(messages: list[Message], key: str) -> list[Message]:
    return [one for one in messages if one.variant == key]


def test_each_variant_is_told_with_its_customers_and_their_outcomes(nudge: Nudge) -> None:
    messages = said(nudge, 8)
    one, two, *_others = of(messages, "b")
    answered(one, "helpful")
    answered(two, "not_relevant")
    happened(one.customer, "Order Completed", revenue=40)
    Message.objects.filter(pk=two.pk).update(sent_at=None, state="failed")
    other = make_nudges.sent(make_nudges.nudge(nudge.workspace), of(messages, "a")[0].customer, at=THEN)
    answered(other, "helpful")  # to another nudge: no answer to these words
    told = found(nudge)
    assert [(variant.name, arm.customers, arm.got) for variant, arm in told.arms] == [
        ("Short", 4, 4),
        ("Long", 4, 3),
    ]
    means = {name: (effect.base, effect.treated) for name, [effect] in told.effects.items()}
    assert means == {
        "resolved": (0, 0),
        "fitted": (0, 0),
        "kept": (0, 0.25),
        "helpful": (0, 0.25),
        "not_relevant": (0, 0.25),
        "left": (0, 0),
        "ordered": (0, 0.25),
        "revenue": (0, 10),
    }
    assert not told.is_enough
    assert {effect.verdict for [effect] in told.effects.values()} == {"open"}


def test_a_true_difference_is_told(nudge: Nudge) -> None:
    messages = said(nudge, 6 * FEWEST)
    for message in of(messages, "b")[6:]:
        answered(message, "helpful")
    for message in of(messages, "a")[6:]:
        answered(message, "not_relevant")
    told = found(nudge)
    assert told.is_enough
    assert not told.is_mismatched
    verdicts = {name: effect.verdict for name, [effect] in told.effects.items()}
    assert (verdicts["helpful"], verdicts["not_relevant"], verdicts["ordered"]) == (
        "better",
        "better",
        "open",
    )


def test_what_went_before_a_change_is_another_comparison(nudge: Nudge) -> None:
    said(nudge, 4)
    shares = [{"key": "a", "name": "Short", "share": 60}, {"key": "b", "name": "Long", "share": 40}]
    held = save_variants(nudge=nudge, variants=shares, actor=None, now=THEN + HOUR)
    assert [arm.customers for _one, arm in found(held).arms] == [0, 0]
    said(held, 4, THEN + 2 * HOUR)
    told = found(held)
    assert (told.since, [arm.customers for _one, arm in told.arms]) == (THEN + HOUR, [2, 2])


def test_the_last_comparison_can_be_read_after_the_test_ended(nudge: Nudge) -> None:
    said(nudge, 4)
    held = end_variants(nudge=nudge, key="b", actor=None, now=THEN + HOUR)
    told = found(held)
    assert (told.until, [arm.customers for _one, arm in told.arms]) == (THEN + HOUR, [2, 2])
    assert compare_variants(held, now=NOW + timedelta(days=365)) is None


def test_who_came_from_one_variant_into_another_is_in_neither(nudge: Nudge) -> None:
    """As two records of one person do, when they are merged."""
    messages = said(nudge, 6)
    stays, moves = of(messages, "a")[0], of(messages, "b")[0]
    Message.objects.filter(pk=moves.pk).update(customer=stays.customer)
    assert [arm.customers for _one, arm in found(nudge).arms] == [2, 2]


def test_groups_that_something_made_unlike_are_not_compared(nudge: Nudge) -> None:
    messages = said(nudge, 12 * FEWEST)
    for message in of(messages, "a"):
        answered(message, "helpful")
    lost = of(messages, "b")[: 3 * FEWEST]
    Message.objects.filter(pk__in=[one.pk for one in lost]).update(variant="", variant_chance=None)
    told = found(nudge)
    assert told.is_enough
    assert told.is_mismatched
    assert all(effect.interval is None for [effect] in told.effects.values())


def test_of_more_variants_each_difference_may_err_less(workspace: Workspace) -> None:
    def margin(number: int) -> float:
        one = save_variants(
            nudge=make_messages.nudge(workspace),
            variants=[{"share": share} for share in ([50, 50] if number == 2 else [34, 33, 33])],
            actor=None,
            now=THEN - DAY,
        )
        for _n in range(FEWEST):
            for row in one.variants:
                message = make_nudges.sent(
                    one, make.customer(workspace), at=THEN, variant=row["key"], variant_chance=row["share"]
                )
                if _n % 2:
                    answered(message, "helpful")
        interval = found(one).effects["helpful"][0].interval
        assert interval
        return interval.high - interval.low

    assert margin(3) > margin(2)


def test_queries_do_not_grow(nudge: Nudge) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found(nudge)
        return len(queries)

    said(nudge, 2)
    before = asked()
    said(nudge, 20, THEN + HOUR)
    assert asked() == before == 1


def test_without_variants_there_is_nothing_to_compare(workspace: Workspace) -> None:
    assert compare_variants(make_messages.nudge(workspace), now=NOW) is None
