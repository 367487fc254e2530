"""Who has left a flow gets nothing more of it, and a flow that stands still holds up no other."""

from __future__ import annotations

import pytest

from engagement.models import Customer, Workspace
from nudges.considering import let_into
from nudges.deciding import decide_nudges
from nudges.flowing import advance_flows, pause_flow, take_out
from nudges.models import FlowRun, Message, Nudge
from nudges.sending.rechecking import find_obstacles
from tests import make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say, wait
from tests.nudges.deciding_one import DAY, HOUR

pytestmark = pytest.mark.django_db


def test_what_was_decided_and_not_sent_does_not_go_to_who_has_left(
    workspace: Workspace, customer: Customer, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, collect_seconds=0)
    flow = make_flows.flow(workspace, say(nudge), wait("1d"), slug="x")
    let_into(flow=flow, customer_ids=[customer.pk], occasion="api:1", now=NOW)
    advance_flows(now=NOW)
    decide_nudges(now=NOW)
    message = Message.objects.get()
    assert find_obstacles([message], now=NOW) == {}
    take_out(run=FlowRun.objects.get(), actor=None, now=NOW)
    assert find_obstacles([message], now=NOW)[message.pk] == ("left_flow", "flow:x", None)


def test_a_paused_flow_with_people_who_are_due_holds_up_no_other(
    workspace: Workspace, customer: Customer
) -> None:
    flows = [make_flows.flow(workspace, wait(span), wait("1d")) for span in ("1h", "2h")]
    for flow in flows:
        let_into(flow=flow, customer_ids=[customer.pk], occasion="api:1", now=NOW)
        advance_flows(now=NOW)
    pause_flow(flow=flows[0], actor=None, now=NOW)
    assert advance_flows(now=NOW + 3 * HOUR, limit=1)["taken"] == 1
    assert list(FlowRun.objects.order_by("flow").values_list("step", flat=True)) == ["s1", "s2"]
    assert advance_flows(now=NOW + DAY, limit=1) == {}
