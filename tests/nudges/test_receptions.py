"""The adaptive cap: its formula in Python and in the database, what feeds it, and what deciding makes of it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import connection

from engagement.models import Address, Customer, Merge, Workspace
from nudges.audits import find_violations
from nudges.deciding import absorb_merges, decide_nudges
from nudges.hearing import hear_reply, note_signs, undo_reply, unsubscribe
from nudges.models import Cap, Decision, Message, Nudge, Policy, Preference, Reception
from nudges.receptions import Felt, Pushed, Sign, adapted, feel, reception_of
from nudges.records import customer_record
from tests import make, make_nudges
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, became, decide

pytestmark = pytest.mark.django_db
SENT = ("send", "sent")


def ignored(nudge: Nudge, customer: Customer, *days: float, **fields: object) -> list[Message]:
    return [make_nudges.sent(nudge, customer, at=NOW - day * DAY, **fields) for day in days]


def adaptive(workspace: Workspace, limit: int = 5, floor: int = 1) -> Cap:
    make_nudges.policy(workspace, is_adaptive=True)
    cap = make_nudges.cap(workspace, limit, per=30 * 86400)
    Cap.objects.filter(pk=cap.pk).update(floor=floor)
    return cap


def test_the_published_formula() -> None:
    sent = [Pushed(NOW - 15 * DAY, 1), Pushed(NOW - 30 * DAY, 2), Pushed(NOW - DAY, 3)]
    felt = feel(sent, [], now=NOW)
    assert felt.ignored == pytest.approx(0.5 + 0.25)
    assert felt.recent == pytest.approx(0.25 * (2**-5 + 2**-10 + 2 ** (-1 / 3)))
    assert felt.in_a_row == 2
    assert felt.level == round(2 / (2 + felt.ignored + felt.recent), 4)
    lifted = feel(sent, [Sign(2, NOW - 15 * DAY, 1.0), Sign(0, NOW - 15 * DAY, -8.0)], now=NOW)
    assert (lifted.in_a_row, lifted.good, lifted.bad) == (1, 0.5, 4)


@pytest.mark.parametrize(
    ("level", "expected"), [(1, 5), (0.88, 5), (0.87, 4), (0.5, 3), (0.37, 2), (0.12, 1), (0, 1), (None, 5)]
)
def test_the_limit_moves_between_a_floor_and_the_workspaces_limit(level: float | None, expected: int) -> None:
    assert adapted(5, 1, level) == expected
    assert adapted(5, None, level) == 5


def test_nobody_gets_more_than_the_workspaces_limit() -> None:
    assert all(
        adapted(limit, floor, level / 10) <= limit
        for limit in range(6)
        for floor in range(9)
        for level in range(11)
    )


def test_recovery_fatigue_and_lift() -> None:
    """Silence recovers, being ignored tires, helpful replies lift, a complaint weighs most."""
    row = [Pushed(NOW - day * DAY, day) for day in (4, 6, 8)]
    tired = feel(row, [], now=NOW).level
    assert feel(row, [], now=NOW + 30 * DAY).level > tired
    assert feel([*row, Pushed(NOW - 5 * DAY, 5)], [], now=NOW).level < tired
    assert feel(row, [Sign(6, NOW - DAY, 1.0)], now=NOW).level > tired
    assert feel(row, [Sign(0, NOW - DAY, -8.0)], now=NOW).level < tired
    assert feel([], [], now=NOW) == Felt()
    assert Felt().level == 1


def test_the_database_and_python_say_the_same() -> None:
    chance = random.Random(7)
    for _n in range(30):
        pushed = [
            Pushed(NOW - timedelta(hours=chance.uniform(0, 2400)), number, chance.random() < 0.2)
            for number in range(1, chance.randint(1, 12))
        ]
        signs = [
            Sign(
                chance.randint(0, 12),
                NOW - timedelta(hours=chance.uniform(0, 2400)),
                chance.choice([-8.0, -1.0, 0.0, 0.25, 1.0]),
            )
            for _k in range(chance.randint(0, 4))
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT in_a_row, recent, ignored, bad, good, level FROM nudges_reception("
                "%s, %s::timestamptz[], %s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[], %s::float8[])",
                [
                    NOW,
                    [one.at for one in pushed],
                    [one.message_id for one in pushed],
                    ["service" if one.is_service else "adapt" for one in pushed],
                    [one.message_id for one in signs],
                    [one.at for one in signs],
                    [one.worth for one in signs],
                ],
            )
            row, *parts, level = cursor.fetchone()
            limit, floor = chance.randint(0, 9), chance.choice([None, *range(9)])
            cursor.execute("SELECT nudges_adapted(%s, %s::integer, %s)", [limit, floor, level])
            (database_says,) = cursor.fetchone()
        felt = feel(pushed, signs, now=NOW)
        assert row == felt.in_a_row
        assert parts == pytest.approx([felt.recent, felt.ignored, felt.bad, felt.good])
        assert level == pytest.approx(felt.level, abs=1e-9)
        assert database_says == adapted(limit, floor, level)


def test_who_ignores_messages_gets_fewer_and_the_ledger_says_so(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    cap = adaptive(workspace)
    ignored(nudge, customer, 4, 8, 12)
    level = reception_of(customer, now=NOW).level
    assert adapted(5, 1, level) == 3
    decision = decide(make_nudges.candidate(nudge, customer))
    assert (decision.reason, decision.rule, decision.limit, decision.count) == (
        "adapted",
        f"cap:{cap.pk}",
        3,
        3,
    )
    assert decision.context["level"] == level  # frozen as of the decision
    assert find_violations() == []


def test_at_a_limit_that_was_lowered_it_waits_where_the_nudge_says_so(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    adaptive(workspace)
    ignored(nudge, customer, 4, 8, 12)
    patient = make_nudges.nudge(workspace, on_cap="defer", expires_after_hours=720)
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "adapted")
    assert became(make_nudges.candidate(patient, customer)) == ("defer", "adapted")


def test_a_helpful_reply_lifts_it_and_taken_back_no_longer(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    adaptive(workspace, limit=4)
    messages = ignored(nudge, customer, 4, 8, 12)
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "adapted")
    reply = hear_reply(message_id=messages[0].pk, kind="helpful", detail={}, now=NOW)
    assert Reception.objects.get(customer=customer).worths == [1.0]
    assert became(make_nudges.candidate(nudge, customer)) == SENT
    undo_reply(reply_id=reply.pk, now=NOW)
    assert Reception.objects.get(customer=customer).worths == [0.0]


def test_opens_of_what_was_asked_for_count_others_only_end_the_row(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    asked = make_nudges.nudge(workspace, category=make.category(workspace, "asked"))
    make.consent(customer, asked.category)
    for one in (asked, nudge):
        ignored(one, customer, 5, opened_at=NOW - 4 * DAY)
    note_signs(workspace_id=workspace.pk, customer_ids=[customer.pk], now=NOW)
    felt = reception_of(customer, now=NOW)
    assert sorted(Reception.objects.get(customer=customer).worths) == [0.0, 0.25]
    assert (felt.in_a_row, felt.ignored, felt.bad) == (0, 0, 0)


def test_complaints_and_leaving_a_topic_weigh(workspace: Workspace, customer: Customer, nudge: Nudge) -> None:
    [message] = ignored(nudge, customer, 1)
    unsubscribe(message_id=message.pk, source="one_click", now=NOW)
    assert Reception.objects.get(customer=customer).worths == [-1.0]
    Address.objects.filter(customer=customer).update(suppressed_at=NOW, suppression_reason="complaint")
    note_signs(workspace_id=workspace.pk, customer_ids=[customer.pk], now=NOW)
    assert reception_of(customer, now=NOW).bad == pytest.approx(9)


def test_it_is_off_until_switched_on_and_off_in_the_holdout(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    adaptive(workspace, limit=4)
    ignored(nudge, customer, 4, 8, 12)
    Policy.objects.update(is_adaptive=False)
    assert became(make_nudges.candidate(nudge, customer)) == SENT
    Policy.objects.update(is_adaptive=True)
    workspace.holdout_percent = 50
    workspace.save()
    _free, held = make.halves(workspace, 2)
    ignored(nudge, held, 4, 8, 12)
    decision = decide(make_nudges.candidate(nudge, held))
    assert (decision.reason, decision.context["level"]) == ("holdout", None)


def test_it_sits_between_the_workspaces_limit_and_the_customers_own(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    adaptive(workspace)
    ignored(nudge, customer, 4)
    Preference.objects.create(workspace=workspace, customer=customer, max_per_week=1, updated_at=NOW)
    assert became(make_nudges.candidate(nudge, customer)) == ("suppress", "own_cap")


def test_the_audit_goes_by_the_level_as_it_was_frozen(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    cap = adaptive(workspace)
    made = make_nudges.candidate(nudge, customer)
    ignored(nudge, customer, 1, 2)
    assert became(made) == SENT
    assert find_violations() == []
    decision = Decision.objects.get(candidate=made)
    Decision.objects.filter(pk=decision.pk).update(context=decision.context | {"level": 0.2})
    assert [(one.rule, one.limit, one.found) for one in find_violations()] == [(f"cap:{cap.pk}", 2, 3)]


def test_two_people_found_to_be_one_are_received_as_one(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    ghost = make.customer(workspace, email="ghost@example.org")
    [message] = ignored(nudge, ghost, 4)
    hear_reply(message_id=message.pk, kind="helpful", detail={}, now=NOW)
    ghost.merged_into = customer
    ghost.save()
    Merge.objects.create(workspace=workspace, source=ghost, target=customer, cause="alias", at=NOW)
    absorb_merges(now=NOW + HOUR)
    assert Reception.objects.get().customer == customer
    assert Reception.objects.get().message_ids == [message.pk]


def test_it_is_told_to_the_customer_who_asks_for_everything(customer: Customer, nudge: Nudge) -> None:
    assert customer_record(customer)["reception"] == {}
    message = make_nudges.sent(nudge, customer, at=NOW - DAY)
    hear_reply(message_id=message.pk, kind="helpful", detail={}, now=NOW)
    told = customer_record(customer)["reception"]
    assert (told["message_ids"], told["signs_at"]) == ([message.pk], [NOW])


@pytest.mark.parametrize("answers", [False, True])
def test_the_channel_is_the_first_that_the_customer_responds_to(
    workspace: Workspace, customer: Customer, answers: bool
) -> None:
    nudge = make_nudges.nudge(workspace, channels=["email", "staff_task"])
    messages = ignored(nudge, customer, 4, 5, 6, 7, 8)
    if answers:
        hear_reply(message_id=messages[0].pk, kind="not_now", detail={}, now=NOW)
        Preference.objects.all().delete()  # "not now" paused the topic, which is not the point here
    assert decide(make_nudges.candidate(nudge, customer)).channel == ("email" if answers else "staff_task")


def test_without_a_channel_that_is_responded_to_it_is_the_first_allowed_and_reachable(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = make_nudges.nudge(workspace, channels=["sms", "email"])
    ignored(nudge, customer, 4, 5, 6, 7, 8, channel="email")
    make_nudges.candidate(nudge, customer)
    decide_nudges(now=NOW)
    assert Message.objects.filter(decided_at=NOW).get().channel == "email"
