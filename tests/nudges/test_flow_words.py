"""Words of nudges in a flow that an event lets into: they can say what happened."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.erasing import erase_customer
from engagement.models import Customer, Workspace
from engagement.people.merging import merge_customers
from nudges.considering import consider_events, let_into
from nudges.deciding import absorb_merges, decide_nudges
from nudges.flowing import advance_flows, publish_flow, save_draft
from nudges.flows import latest_runs
from nudges.models import Flow, FlowRun, Message, Nudge, NudgeContent
from nudges.sending.enveloping import write_letters
from nudges.wording.previews import preview
from nudges.wording.started import read_let_in
from nudges.wording.vocabularies import placeholders_of
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say, wait
from tests.nudges.deciding_one import DAY, HOUR
from tests.nudges.test_considering_events import happen

pytestmark = pytest.mark.django_db
WORDS = "Order {{ event.order_id }}, {{ product.name }}: {{ event.name }}."


@pytest.fixture
def nudge(workspace: Workspace) -> Nudge:
    make_nudges.policy(workspace, collect_seconds=0)
    made = make_nudges.nudge(workspace, trigger="api")
    NudgeContent.objects.create(
        workspace=workspace, nudge=made, channel="email", language="en", subject="Hello", body=WORDS
    )
    return made


@pytest.fixture
def flow(workspace: Workspace, nudge: Nudge) -> Flow:
    made = make_flows.flow(
        workspace, wait("1d"), say(nudge), state="draft", trigger="event", trigger_event="Order Completed"
    )
    save_draft(flow=made, values={}, actor=None, now=NOW - HOUR)
    return publish_flow(flow=made, actor=None, now=NOW - HOUR)


def order(customer: Customer, number: str = "A-17") -> None:
    """It lets the customer in."""
    happen(customer, "Order Completed", order_id=number, products=[{"sku": "tent"}, {"sku": "unknown"}])
    consider_events(now=NOW)
    advance_flows(now=NOW)


def words_of(message: Message) -> str:
    written = write_letters([message], now=NOW + DAY)
    assert (written.failed, written.ended) == ([], [])
    return written.letters[0].words.text


def test_a_message_of_the_flow_says_what_happened_a_day_before(customer: Customer, flow: Flow) -> None:
    make.product(flow.workspace, sku="tent", name="Tent")
    order(customer)
    advance_flows(now=NOW + DAY)
    decide_nudges(now=NOW + DAY)
    text = words_of(Message.objects.get())
    assert "Order A-17, Tent: Order Completed." in text
    assert "because you ordered Tent on" in text


def test_it_does_so_for_two_customers_found_to_be_one(customer: Customer, flow: Flow) -> None:
    make.product(flow.workspace, sku="tent", name="Tent")
    order(customer)
    stays = make.customer(flow.workspace, email="stays@example.org")
    merge_customers(
        workspace_id=flow.workspace_id, source_id=customer.pk, target_id=stays.pk, cause="api", now=NOW
    )
    absorb_merges(now=NOW)
    advance_flows(now=NOW + DAY)
    decide_nudges(now=NOW + DAY)
    message = Message.objects.get()
    assert message.customer == stays
    assert "Order A-17, Tent" in words_of(message)


def test_what_is_not_known_of_the_event_fails_alone_and_is_named(customer: Customer, flow: Flow) -> None:
    order(customer)  # the catalogue has no tent
    advance_flows(now=NOW + DAY)
    decide_nudges(now=NOW + DAY)
    written = write_letters([Message.objects.get()], now=NOW + DAY)
    assert written.letters == []
    assert [refused.error for _message, refused in written.failed] == ["missing data: product.name"]


def test_the_preview_reads_the_latest_event_and_names_what_lacks(customer: Customer, flow: Flow) -> None:
    nudge = Nudge.objects.get()
    before = preview(nudge=nudge, customer=customer, channel="email", now=NOW)
    assert (before.rendered, before.missing) == (None, ["event.name", "event.order_id", "product.name"])
    make.product(flow.workspace, sku="tent", name="Tent")
    order(customer)
    shown = preview(nudge=nudge, customer=customer, channel="email", now=NOW)
    assert shown.missing == []
    assert shown.rendered is not None
    assert "Order A-17, Tent" in shown.rendered.text


def test_its_properties_are_offered_to_who_writes(customer: Customer, flow: Flow) -> None:
    happen(customer, "Something Else", colour="red")
    order(customer)
    offered = [name for name, _words in placeholders_of(flow.workspace)]
    assert "event.order_id" in offered
    assert "event.colour" not in offered


def test_a_run_that_no_event_began_has_no_event(customer: Customer, flow: Flow, nudge: Nudge) -> None:
    other = make_flows.flow(flow.workspace, say(nudge))
    let_into(flow=other, customer_ids=[customer.pk], occasion="api:event:1", now=NOW)
    advance_flows(now=NOW)
    [run] = FlowRun.objects.all()
    assert (run.event_id, read_let_in([run]), latest_runs(nudge, [customer.pk])) == (None, {}, {})


def test_an_erased_customers_event_is_gone_and_one_of_others_is_never_read(
    customer: Customer, flow: Flow
) -> None:
    order(customer)
    run = FlowRun.objects.get()
    stranger = make_flows.run(flow, make.customer(flow.workspace), occasion=run.occasion)
    assert list(read_let_in([run, stranger])) == [run.pk]
    erase_customer(customer=customer, actor=None, now=NOW)
    assert read_let_in([run]) == {}


def test_many_messages_cost_as_many_queries_as_one(flow: Flow) -> None:
    people = [make.customer(flow.workspace) for _n in range(5)]
    for number, person in enumerate(people):
        order(person, f"A-{number}")
    runs = list(FlowRun.objects.all())

    def counted(some: list[FlowRun]) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(read_let_in(some)) == len(some)
        return len(queries)

    assert counted(runs[:1]) == counted(runs) == 2
