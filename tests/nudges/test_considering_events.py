"""Nudges that an event starts: once for each event, after the delay, unless something settles it meanwhile."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.models import Customer, Unread, Workspace
from engagement.people.merging import merge_customers
from nudges.composing import CannotChange, change_status, save_nudge
from nudges.considering import consider_entries, consider_events
from nudges.considering.listening import READER
from nudges.deciding import absorb_merges, decide_nudges
from nudges.keeping import keep_ledger
from nudges.models import Candidate, Decision, Entry, Message, Nudge, Waiting
from nudges.sending import send_messages
from tests import make, make_messages
from tests.make import NOW
from tests.nudges.deciding_one import DAY, HOUR, MINUTE

pytestmark = pytest.mark.django_db
_serial = count(1)
DELIVERED = "Order Delivered"


def starting(workspace: Workspace, *, at: datetime = NOW - HOUR, **fields: Any) -> Nudge:
    """An active nudge, 14 days after a delivery, that listens since `at`."""
    draft = make_messages.nudge(workspace, status="draft", trigger="api")
    told = {"trigger": "event", "trigger_event": DELIVERED, "trigger_delay_seconds": 14 * 86400}
    saved = save_nudge(nudge=draft, values=told | fields, actor=None, now=at)
    return change_status(nudge=saved, status="active", actor=None, now=at)


def happen(customer: Customer, name: str = DELIVERED, *, at: datetime = NOW, **properties: Any) -> None:
    event = IncomingEvent(
        type="track",
        name=name,
        message_id=properties.pop("message_id", f"m{next(_serial)}"),
        occurred_at=at,
        properties=properties,
        user_id=customer.external_id,
    )
    received_at = max(at, properties.pop("received_at", at))
    ingest_events(workspace_id=customer.workspace_id, events=[event], received_at=received_at, source="api")


def pass_time(now: datetime) -> None:
    consider_events(now=now)
    consider_entries(now=now)
    decide_nudges(now=now + 2 * MINUTE)


def reason_of(nudge: Nudge) -> str:
    return Decision.objects.get(nudge=nudge).reason


def test_it_is_put_forward_so_long_after_the_event(workspace: Workspace, customer: Customer) -> None:
    nudge = starting(workspace)
    happen(customer, order_id="A1")
    assert consider_events(now=NOW) == {"taken": 1, "entered": 1}
    assert consider_entries(now=NOW + 14 * DAY - MINUTE) == {}
    assert not Candidate.objects.exists()
    assert consider_entries(now=NOW + 14 * DAY) == {"taken": 1, "put_forward": 1}
    candidate = Candidate.objects.get()
    assert (candidate.nudge, candidate.customer) == (nudge, customer)
    entry = Entry.objects.get()
    assert candidate.occasion == f"event:{entry.event_id}"
    assert (entry.state, entry.candidate_id) == ("done", candidate.pk)


def test_an_event_starts_it_once_however_often_it_is_sent_or_read(
    workspace: Workspace, customer: Customer
) -> None:
    starting(workspace, trigger_delay_seconds=0)
    for _ in range(2):
        happen(customer, message_id="one")
        pass_time(NOW)
    happen(customer, "Product Viewed", at=NOW + HOUR)  # news: what is lately is read again
    assert consider_events(now=NOW + HOUR) == {"taken": 1, "entered": 0}
    pass_time(NOW + HOUR)
    assert Candidate.objects.count() == Message.objects.count() == 1


def test_two_events_start_it_twice(workspace: Workspace, customer: Customer) -> None:
    starting(workspace, trigger_delay_seconds=0)
    happen(customer)
    happen(customer, at=NOW + MINUTE)
    pass_time(NOW + HOUR)
    assert Candidate.objects.count() == 2


@pytest.mark.parametrize(
    ("where", "starts"),
    [
        ([{"property": "total", "gte": 100}], True),
        ([{"property": "total", "gte": 101}], False),
        ([{"property": "carrier.name", "is": "post"}, {"property": "total", "lt": 200}], True),
        ([{"property": "carrier.name", "in": ["dhl", "ups"]}], False),
        ([{"property": "gift", "exists": False}], True),
    ],
)
def test_only_with_the_properties_it_wants(
    workspace: Workspace, customer: Customer, where: list[dict[str, Any]], starts: bool
) -> None:
    starting(workspace, trigger_where=where)
    happen(customer, total=100, carrier={"name": "post"})
    consider_events(now=NOW)
    assert Entry.objects.exists() == starts


def test_other_events_other_tenants_and_what_happened_before_start_nothing(
    workspace: Workspace, customer: Customer
) -> None:
    starting(workspace)
    other = make.customer(make.workspace())
    happen(customer, "Order Completed")
    happen(customer, at=NOW - 2 * HOUR)
    happen(other)
    assert consider_events(now=NOW) == {"taken": 1}
    assert not Entry.objects.exists()
    assert not Unread.objects.filter(reader=READER).exists()


def test_a_workspace_without_such_a_nudge_pays_nothing(workspace: Workspace, customer: Customer) -> None:
    nudge = starting(workspace)
    change_status(nudge=nudge, status="paused", actor=None, now=NOW)
    happen(customer)
    assert not Unread.objects.filter(reader=READER).exists()
    assert consider_events(now=NOW) == {}
    workspace.refresh_from_db()
    assert workspace.event_readers == []


def test_nobody_is_let_in_for_what_happened_while_it_was_paused(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = starting(workspace)
    change_status(nudge=nudge, status="paused", actor=None, now=NOW)
    happen(customer, at=NOW + MINUTE)
    change_status(nudge=nudge, status="active", actor=None, now=NOW + HOUR)
    happen(customer, "Product Viewed", at=NOW + 2 * HOUR)
    consider_events(now=NOW + 2 * HOUR)
    assert not Entry.objects.exists()


def test_an_event_that_comes_in_when_its_time_has_passed_starts_nothing(
    workspace: Workspace, customer: Customer
) -> None:
    starting(workspace, at=NOW - 90 * DAY)
    happen(customer, at=NOW - 17 * DAY - MINUTE, received_at=NOW)
    assert consider_events(now=NOW) == {"taken": 1, "late": 1}
    happen(customer, at=NOW - 17 * DAY + MINUTE, received_at=NOW)
    assert consider_events(now=NOW)["entered"] == 1


def test_what_settles_it_since_holds_it_back_and_is_named(workspace: Workspace, customer: Customer) -> None:
    nudge = starting(workspace, trigger_unless=[{"event": "Order Refunded"}])
    happen(customer)
    happen(customer, "Order Refunded", at=NOW + DAY)
    pass_time(NOW + 14 * DAY)
    decision = Decision.objects.get()
    assert (decision.nudge, decision.outcome, decision.reason) == (nudge, "suppress", "settled")
    assert decision.rule == "event:Order Refunded"
    assert not Message.objects.exists()


def test_what_settles_it_after_it_was_decided_keeps_it_from_going_out(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = starting(workspace, trigger_unless=[{"event": "Order Refunded"}])
    happen(customer)
    pass_time(NOW + 14 * DAY)
    assert Message.objects.get().state == "decided"
    happen(customer, "Order Refunded", at=NOW + 14 * DAY + 2 * MINUTE)
    assert send_messages(now=NOW + 14 * DAY + 3 * MINUTE)["cancelled"] == 1
    assert (Message.objects.get().state, reason_of(nudge)) == ("cancelled", "settled")


def test_what_happened_before_the_event_does_not_settle_it(workspace: Workspace, customer: Customer) -> None:
    nudge = starting(workspace, trigger_unless=[{"event": "Order Refunded"}])
    happen(customer, "Order Refunded", at=NOW - MINUTE)
    happen(customer)
    pass_time(NOW + 14 * DAY)
    assert reason_of(nudge) == "sent"


@pytest.mark.parametrize(("order", "reason"), [("A1", "settled"), ("B2", "sent"), (None, "sent")])
def test_what_must_be_about_the_same_thing_settles_only_that(
    workspace: Workspace, customer: Customer, order: str | None, reason: str
) -> None:
    nudge = starting(workspace, trigger_unless=[{"event": "Order Cancelled", "same": "order_id"}])
    happen(customer, order_id="A1")
    happen(customer, "Order Cancelled", at=NOW + DAY, **({"order_id": order} if order else {}))
    pass_time(NOW + 14 * DAY)
    assert reason_of(nudge) == reason


def test_the_same_event_again_may_settle_it_so_that_the_last_counts(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = starting(workspace, trigger_unless=[{"event": DELIVERED}])
    happen(customer)
    happen(customer, at=NOW + DAY)
    pass_time(NOW + 14 * DAY)
    pass_time(NOW + 15 * DAY)
    assert sorted(Decision.objects.filter(nudge=nudge).values_list("reason", flat=True)) == [
        "sent",
        "settled",
    ]


def test_what_waits_for_quiet_hours_is_asked_again_when_it_is_let_go(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = starting(workspace, trigger_unless=[{"event": "Order Refunded"}], trigger_delay_seconds=0)
    happen(customer)
    consider_events(now=NOW)
    consider_entries(now=NOW)
    Waiting.objects.update(due_at=NOW + HOUR)
    happen(customer, "Order Refunded", at=NOW + 30 * MINUTE)
    decide_nudges(now=NOW + 2 * HOUR)
    assert reason_of(nudge) == "settled"


def test_who_waits_in_a_nudge_that_was_paused_is_told_so_in_the_ledger(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = starting(workspace)
    happen(customer)
    consider_events(now=NOW)
    change_status(nudge=nudge, status="paused", actor=None, now=NOW + DAY)
    pass_time(NOW + 14 * DAY)
    assert reason_of(nudge) == "nudge_inactive"


def test_conditions_are_checked_when_its_time_has_come(workspace: Workspace, customer: Customer) -> None:
    nudge = starting(workspace, conditions={"trait": "plan", "is": "gold"})
    happen(customer)
    pass_time(NOW)
    pass_time(NOW + 14 * DAY)
    assert reason_of(nudge) == "refused"


def test_a_changed_delay_holds_for_those_who_come_in_from_then_on(
    workspace: Workspace, customer: Customer
) -> None:
    nudge = starting(workspace)
    happen(customer)
    consider_events(now=NOW)
    save_nudge(nudge=nudge, values={"trigger_delay_seconds": 86400}, actor=None, now=NOW + HOUR)
    happen(customer, at=NOW + 2 * HOUR)
    consider_events(now=NOW + 2 * HOUR)
    due = Entry.objects.order_by("event_id").values_list("due_at", flat=True)
    assert list(due) == [NOW + 14 * DAY, NOW + 26 * HOUR]


def test_who_is_found_to_be_another_waits_as_that_one(workspace: Workspace, customer: Customer) -> None:
    starting(workspace)
    other = make.customer(workspace)
    happen(other)
    consider_events(now=NOW)
    merge_customers(
        workspace_id=workspace.pk, source_id=other.pk, target_id=customer.pk, cause="api", now=NOW
    )
    absorb_merges(now=NOW)
    assert Entry.objects.get().customer == customer
    pass_time(NOW + 14 * DAY)
    assert Message.objects.get().customer == customer


def test_the_catalogues_products_of_the_event_go_with_it(workspace: Workspace, customer: Customer) -> None:
    starting(workspace)
    tent = make.product(workspace, "tent")
    make.product(make.workspace(), "tent")
    happen(customer, products=[{"product_id": "tent"}, {"product_id": "", "sku": None}])
    consider_events(now=NOW)
    assert Entry.objects.get().product_ids == [tent.pk]


def test_the_number_of_queries_does_not_grow_with_customers(workspace: Workspace) -> None:
    starting(workspace, trigger_delay_seconds=0, trigger_where=[{"property": "total", "gt": 1}])
    taken = []
    for many in (1, 12):
        for _ in range(many):
            happen(make.customer(workspace, email=f"c{next(_serial)}@example.org"), total=5)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert consider_events(now=NOW)["entered"] == many
            assert consider_entries(now=NOW)["put_forward"] == many
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_what_was_put_forward_before_the_workspaces_retention_is_forgotten(
    workspace: Workspace, customer: Customer
) -> None:
    starting(workspace, trigger_delay_seconds=0)
    happen(customer)
    pass_time(NOW)
    assert keep_ledger(now=NOW + 729 * DAY)["left"] == 0
    assert keep_ledger(now=NOW + 731 * DAY)["left"] == 1
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"trigger_event": " "}, "trigger_event"),
        ({"trigger_where": [{"property": "total"}]}, "trigger_where"),
        ({"trigger_where": "total"}, "trigger_where"),
        ({"trigger_delay_seconds": 367 * 86400}, "trigger_delay_seconds"),
        ({"trigger_unless": ["Order Refunded"]}, "trigger_unless"),
        ({"trigger_unless": [{"event": "Order Refunded", "where": []}]}, "trigger_unless"),
        ({"trigger_unless": [{"event": "Order Refunded", "same": ""}]}, "trigger_unless"),
        ({"trigger_unless": [{"event": "A"}] * 6}, "trigger_unless"),
    ],
)
def test_what_cannot_start_a_nudge_is_refused_and_named(
    workspace: Workspace, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(CannotChange) as refused:
        starting(workspace, **values)
    assert refused.value.field == field
    assert workspace.nudges.filter(status="active").count() == 0


def test_names_are_kept_as_events_are(workspace: Workspace) -> None:
    nudge = starting(
        workspace, trigger_event=" completed order", trigger_unless=[{"event": "canceled order"}]
    )
    assert (nudge.trigger_event, nudge.trigger_unless) == ("Order Completed", [{"event": "Order Cancelled"}])
