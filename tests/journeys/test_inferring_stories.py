"""Stories of needs, told sign by sign: the rules by cases, and that the way of telling leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.evidence import DEFAULT_EVIDENCE
from journeys.filtering import AWARENESS, NONE, POST_PURCHASE, PURCHASE, SHORTLIST, STAGES
from journeys.inferring.instances import Change, Instance, Table
from journeys.inferring.signs import Kind, Sign
from journeys.inferring.stories import Story

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def default_table() -> Table:
    table: dict[str, tuple[tuple[int, float], ...]] = {}
    for signal, stage, weight in DEFAULT_EVIDENCE:
        table[signal] = (*table.get(signal, ()), (STAGES.index(stage), weight))
    return table


TABLE = default_table()


def sign(
    signal: str,
    after: timedelta,
    subject: str = "",
    *,
    n: int = 0,
    kind: Kind = Kind.EVIDENCE,
    **more: object,
) -> Sign:
    return Sign(kind, n or int(after / MINUTE) + 1, START + after, signal.title(), signal, subject, **more)  # type: ignore[arg-type]


def view(sku: str, after: timedelta) -> Sign:
    return sign("product viewed", after, sku)


def order(order_id: str, after: timedelta, *skus: str) -> Sign:
    return sign("order completed", after, order_id, kind=Kind.ORDER, order_id=order_id, skus=skus)


def undo(order_id: str, after: timedelta, *skus: str, reason: str = "refunded") -> Sign:
    return sign("order refunded", after, kind=Kind.UNDO, order_id=order_id, skus=skus, reason=reason)


def word(kind: Kind, after: timedelta, **more: object) -> Sign:
    return sign(f"need {kind.value}", after, kind=kind, **more)


def tell(*signs: Sign, until: timedelta | None = None) -> Story:
    story = Story(TABLE)
    for each in signs:
        story.apply(each)
    if until is not None:
        story.advance(START + until)
    return story


def now(story: Story) -> Instance:
    assert story.current is not None
    return story.current


def steps(story: Story) -> list[tuple[str, str]]:
    return [(STAGES[change.from_stage], STAGES[change.to_stage]) for change in story.changes]


BROWSING = (
    sign("product list viewed", timedelta(), "shoes"),
    view("a", MINUTE),
    view("b", 2 * MINUTE),
)
CHOOSING = (*BROWSING, sign("product added", 3 * MINUTE, "b"))


# ---- what evidence does ----------------------------------------------------------


def test_looking_around_is_awareness_and_choosing_is_the_shortlist() -> None:
    story = tell(*CHOOSING)
    assert steps(story) == [("none", "awareness"), ("awareness", "shortlist")]
    assert [mark.signal for mark in story.changes[1].evidence] == [
        "product added",
        "second product within 7 days",
    ]


def test_one_glance_shows_no_stage_yet() -> None:
    story = tell(BROWSING[0])
    assert now(story).stage == NONE
    assert story.changes == []


def test_looking_at_one_product_after_the_other_is_comparing() -> None:
    two, four = (
        tell(*(view(sku, number * MINUTE) for number, sku in enumerate(skus))) for skus in ("ab", "abcd")
    )
    assert now(two).stage == NONE
    assert now(four).stage == SHORTLIST
    weeks_apart = tell(*(view(sku, 8 * number * DAY) for number, sku in enumerate("abcd")))
    assert now(weeks_apart).stage != SHORTLIST


def test_coming_back_to_a_product_on_another_day_counts_and_a_reload_does_not() -> None:
    reload = tell(*BROWSING, view("a", HOUR), view("a", 2 * HOUR))
    return_visit = tell(*BROWSING, view("a", DAY))
    assert now(reload).stage == AWARENESS
    assert now(return_visit).stage == SHORTLIST
    assert now(return_visit).evidence[0].signal == "same product on another day"


def test_two_products_more_than_a_week_apart_are_not_being_compared() -> None:
    near, far = (
        tell(view("a", timedelta()), view("b", 6 * DAY)),
        tell(view("a", timedelta()), view("b", 8 * DAY)),
    )
    assert "second product within 7 days" in {mark.signal for mark in now(near).marks}
    assert "second product within 7 days" not in {mark.signal for mark in now(far).marks}


def test_the_checkout_is_the_purchase_stage_even_when_it_names_no_products() -> None:
    checkout = sign("checkout started", HOUR, of_basket=True)
    assert now(tell(*CHOOSING, checkout)).stage == PURCHASE
    assert now(tell(*BROWSING, checkout)).stage == AWARENESS  # nothing of this need is in the cart


def test_taking_it_out_of_the_cart_lowers_the_belief_again() -> None:
    before, after = tell(*CHOOSING), tell(*CHOOSING, sign("product removed", HOUR, "b"))
    assert now(after).belief[SHORTLIST] < now(before).belief[SHORTLIST]
    assert now(after).cart == ()


def test_what_has_no_weight_leaves_no_trace() -> None:
    story = tell(*BROWSING)
    before = msgspec.json.encode(now(story))
    story.apply(sign("message sent", 10 * DAY))
    assert msgspec.json.encode(now(story)) == before


def test_negative_evidence_alone_opens_no_need() -> None:
    assert tell(sign("product removed", timedelta(), "a")).instances == []


# ---- orders ----------------------------------------------------------


def test_an_order_is_certain_whatever_was_believed() -> None:
    story = tell(order("o1", timedelta(), "a"))
    assert now(story).stage == POST_PURCHASE
    assert now(story).probability == 1
    assert steps(story) == [("none", "post_purchase")]


@pytest.mark.parametrize("reason", ["refunded", "cancelled"])
def test_a_full_refund_or_cancellation_goes_back_to_the_shortlist_with_a_flag(reason: str) -> None:
    story = tell(*CHOOSING, order("o1", HOUR, "b"), undo("o1", DAY, reason=reason))
    assert now(story).stage == SHORTLIST
    assert now(story).flag == reason
    assert story.changes[-1].evidence[0].signal == "order refunded"


def test_a_refund_of_a_part_or_of_another_order_changes_nothing() -> None:
    bought = (order("o1", HOUR, "a", "b"),)
    assert now(tell(*bought, undo("o1", DAY, "a"))).stage == POST_PURCHASE
    assert now(tell(*bought, undo("o2", DAY))).stage == POST_PURCHASE
    assert now(tell(*bought, undo("o1", DAY, "a"), undo("o1", 2 * DAY, "b"))).stage == SHORTLIST


def test_a_second_order_keeps_the_need_bought_when_the_first_is_refunded() -> None:
    story = tell(order("o1", HOUR, "a"), order("o2", 2 * HOUR, "b"), undo("o1", DAY))
    assert now(story).stage == POST_PURCHASE


def test_looking_at_other_products_a_month_after_the_order_is_a_new_need() -> None:
    story = tell(order("o1", timedelta(), "a"), view("c", 31 * DAY), view("d", 31 * DAY + HOUR))
    first, second = story.instances
    assert (first.closed_reason, first.closed_at) == ("resolved", START + 31 * DAY)
    assert (second.sequence, second.opened_at, second.stage) == (2, START + 31 * DAY, NONE)


@pytest.mark.parametrize(
    "later",
    [view("c", 29 * DAY), view("a", 31 * DAY), sign("order completed", DAY, kind=Kind.ORDER, order_id="o2")],
    ids=["too early", "the product bought", "another order soon after"],
)
def test_otherwise_the_need_stays_bought(later: Sign) -> None:
    story = tell(order("o1", timedelta(), "a"), later)
    assert len(story.instances) == 1
    assert now(story).stage == POST_PURCHASE


def test_an_order_long_after_the_last_is_a_need_of_its_own() -> None:
    story = tell(order("o1", timedelta(), "a"), order("o2", 60 * DAY, "a"))
    assert [each.stage for each in story.instances] == [POST_PURCHASE, POST_PURCHASE]
    assert [each.closed_reason for each in story.instances] == ["resolved", ""]


# ---- silence ----------------------------------------------------------


def test_silence_lets_the_shown_stage_lapse_then_closes_the_need() -> None:
    story = tell(*CHOOSING, until=60 * DAY)
    lapse = story.changes[-1]
    assert (STAGES[lapse.from_stage], STAGES[lapse.to_stage], lapse.event_id) == ("shortlist", "none", None)
    assert lapse.evidence[0].signal == "silence"
    assert now(story).dormant_since == lapse.at
    assert now(story).closed_at is None
    story.advance(START + 181 * DAY)
    assert now(story).closed_reason == "lapsed"
    assert now(story).closed_at == now(story).as_of + 180 * DAY


def test_a_sleeping_need_wakes_with_new_evidence() -> None:
    story = tell(*CHOOSING, sign("product list viewed", 60 * DAY, "shoes"))
    assert now(story).dormant_since is None
    assert len(story.instances) == 1


def test_a_purchase_is_resolved_by_half_a_year_of_silence() -> None:
    assert now(tell(order("o1", timedelta(), "a"), until=181 * DAY)).closed_reason == "resolved"


def test_after_closing_by_silence_a_new_need_begins() -> None:
    story = tell(*CHOOSING, view("z", 300 * DAY))
    assert [each.sequence for each in story.instances] == [1, 2]
    assert now(story).seen == (("z", START + 300 * DAY),)


# ---- the customer's word ----------------------------------------------------------


def test_closed_as_not_relevant_means_no_new_need_for_a_month_of_looking_around() -> None:
    closed = (*CHOOSING, word(Kind.CLOSE, DAY, reason="not_relevant"))
    story = tell(*closed, view("z", 10 * DAY), view("y", 11 * DAY))
    assert len(story.instances) == 1
    assert now(story).closed_reason == "not_relevant"
    assert len(tell(*closed, view("z", 32 * DAY)).instances) == 2
    assert now(tell(*closed, order("o1", 2 * DAY, "b"))).stage == POST_PURCHASE


def test_reopening_restores_what_stood_before() -> None:
    story = tell(*CHOOSING, word(Kind.CLOSE, HOUR, reason="not_relevant"), word(Kind.REOPEN, 2 * HOUR))
    assert now(story).closed_at is None
    assert now(story).closed_reason == ""
    assert now(story).stage == SHORTLIST


def test_a_word_about_an_earlier_need_of_the_kind_is_past() -> None:
    story = tell(
        *CHOOSING, view("z", 300 * DAY), word(Kind.CLOSE, 301 * DAY, sequence=1, reason="not_relevant")
    )
    assert now(story).closed_at is None


def test_a_snooze_is_kept_and_taken_back() -> None:
    until = START + 9 * DAY
    assert now(tell(*CHOOSING, word(Kind.SNOOZE, HOUR, until=until))).snoozed_until == until
    assert (
        now(tell(*CHOOSING, word(Kind.SNOOZE, HOUR, until=until), word(Kind.SNOOZE, DAY))).snoozed_until
        is None
    )


# ---- the way of telling leaves no trace ----------------------------------------------------------

SKUS = st.sampled_from(["a", "b", "c", "d"])
ORDER_IDS = st.sampled_from(["o1", "o2", "o3"])
GAPS = st.one_of(
    st.integers(0, 90).map(lambda n: n * MINUTE),
    st.integers(0, 40 * 24).map(lambda n: n * HOUR),
    st.integers(0, 200).map(lambda n: n * DAY + timedelta(microseconds=n)),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Sign]:
    """Signs in the order (time, id), some of them at the same moment."""
    signs, at = [], timedelta()
    for n in range(1, draw(st.integers(0, 25)) + 1):
        at += draw(GAPS)
        what = draw(st.integers(0, 9))
        if what <= 5:
            signal = draw(st.sampled_from(["product viewed", "product viewed", *sorted(TABLE)]))
            of_basket = signal in ("cart viewed", "checkout started", "payment info entered")
            signs.append(sign(signal, at, draw(SKUS), n=n, of_basket=of_basket))
        elif what == 6:
            order_id = draw(ORDER_IDS)
            skus = tuple(draw(st.lists(SKUS, max_size=2)))
            signs.append(sign("order completed", at, n=n, kind=Kind.ORDER, order_id=order_id, skus=skus))
        elif what == 7:
            skus = tuple(draw(st.lists(SKUS, max_size=1)))
            signs.append(sign("order refunded", at, n=n, kind=Kind.UNDO, order_id=draw(ORDER_IDS), skus=skus))
        else:
            kind = draw(st.sampled_from([Kind.CLOSE, Kind.SNOOZE, Kind.REOPEN]))
            signs.append(sign("word", at, n=n, kind=kind, reason="not_relevant", until=START + at + DAY))
    return signs


def told_in_pieces(signs: Sequence[Sign], cuts: set[int], looks: set[int]) -> tuple[bytes, list[Change]]:
    """Tell a history with the memory written and read again at `cuts`, and with a look at the clock at `looks`."""
    story, changes = Story(TABLE), []
    for place, each in enumerate(signs):
        if place in cuts:
            changes += story.changes
            kept = msgspec.json.decode(msgspec.json.encode(story.instances), type=list[Instance])
            story = Story(TABLE, kept)
        if place in looks:
            story.advance(each.at)
        assert not story.is_late(each)
        story.apply(each)
    story.advance(START + 10_000 * DAY)
    return msgspec.json.encode(story.instances), changes + story.changes


@settings(max_examples=300, deadline=None)
@given(histories(), st.sets(st.integers(0, 24)), st.sets(st.integers(0, 24)))
def test_any_pieces_with_any_looks_at_the_clock_give_the_same_bytes(
    signs: list[Sign], cuts: set[int], looks: set[int]
) -> None:
    whole, changes = told_in_pieces(signs, set(), set())
    assert told_in_pieces(signs, cuts, looks) == (whole, changes)


@settings(max_examples=200, deadline=None)
@given(histories())
def test_every_story_is_sound(signs: list[Sign]) -> None:
    story = tell(*signs)
    for each in story.instances:
        assert sum(each.belief) == pytest.approx(1)
        assert all(0 <= part <= 1 for part in each.belief)
        assert 0 <= each.probability <= 1
        assert each.opened_at <= each.as_of <= each.told_until
        assert bool(each.closed_at) == bool(each.closed_reason)
    assert [each.sequence for each in story.instances] == list(range(1, len(story.instances) + 1))
    assert all(each.closed_at for each in story.instances[:-1])
    assert all(change.from_stage != change.to_stage for change in story.changes)
    for before, after in pairwise(story.changes):
        assert before.at <= after.at
        if before.sequence == after.sequence:
            assert before.to_stage == after.from_stage


@settings(deadline=None)
@given(histories())
def test_the_memory_of_a_need_stays_bounded(signs: list[Sign]) -> None:
    for each in tell(*signs, *(view(str(n), 9000 * DAY + n * MINUTE) for n in range(100))).instances:
        assert len(msgspec.json.encode(each)) < 12_000
