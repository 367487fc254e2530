"""Flows by API: written, published, paused, resumed, ended; customers let in; who is where."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.models import AuditEntry, Customer, Workspace
from nudges.considering import let_into
from nudges.deciding import decide_nudges
from nudges.flowing import advance_flows
from nudges.models import Decision, Flow, FlowRun, FlowVersion, Message, Nudge
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_api import Caller, caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(workspace: Workspace) -> Caller:
    return caller(workspace)


def flow_in(nudge: Nudge, **fields: Any) -> dict[str, Any]:
    steps = [
        {"kind": "nudge", "nudge": nudge.pk},
        {"kind": "wait", "for": "2d"},
        {"kind": "nudge", "nudge": nudge.pk},
    ]
    return {"name": "After the first order", "trigger": "api", "steps": steps} | fields


def test_a_flow_is_written_published_paused_resumed_and_ended(shop: Caller, nudge: Nudge) -> None:
    made = shop.post("flows", flow_in(nudge, conditions={"identified": True}))
    assert made.status_code == 201, made.content
    flow = made.json()
    assert (flow["state"], flow["slug"], flow["version"]) == ("draft", "after-the-first-order", None)
    assert [step["id"] for step in flow["draft"]["steps"]] == ["s1", "s2", "s3"]
    path = f"flows/{flow['id']}"
    live = shop.post(f"{path}/publish").json()
    assert (live["state"], live["version"]["number"], live["draft"]) == ("live", 1, None)
    assert shop.post(f"{path}/pause").json()["state"] == "paused"
    assert shop.post(f"{path}/resume").json()["state"] == "live"
    assert shop.post(f"{path}/end").json()["state"] == "ended"
    assert shop.post(f"{path}/resume").status_code == 409
    assert shop.patch(path, {"goal": {"identified": True}}).status_code == 409
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "create_flow",
        "change_flow",
        "publish_flow",
        "pause_flow",
        "resume_flow",
        "stop_flow",
    ]


def test_who_is_inside_keeps_the_version_they_came_into(
    shop: Caller, workspace: Workspace, nudge: Nudge
) -> None:
    first, second = make.customer(workspace), make.customer(workspace)
    path = f"flows/{shop.post('flows', flow_in(nudge)).json()['id']}"
    shop.post(f"{path}/publish")
    assert shop.post(f"{path}/let-in", {"customers": [first.pk]}).json()["new"] == 1
    advance_flows(now=NOW)
    changed = shop.patch(
        path, {"steps": [{"kind": "wait", "for": "9d"}, {"kind": "nudge", "nudge": nudge.pk}]}
    ).json()
    assert (changed["version"]["number"], changed["draft"]["number"]) == (1, 2)
    shop.post(f"{path}/publish")
    assert shop.post(f"{path}/let-in", {"external_ids": [second.external_id]}).json()["new"] == 1
    advance_flows(now=NOW)
    stands = {
        run["customer"]: (run["version"], run["step"]) for run in shop.pages(f"{path}/runs", state="running")
    }
    assert stands == {first.pk: (1, "s2"), second.pk: (2, "s1")}


def test_the_same_key_lets_in_once(shop: Caller, workspace: Workspace, nudge: Nudge) -> None:
    flow = make_flows.flow(workspace, make_flows.say(nudge))
    body = {"customers": [make.customer(workspace).pk], "occasion": "import-7"}
    answers = [shop.post(f"flows/{flow.pk}/let-in", body) for _twice in range(2)]
    assert [(answer.status_code, answer.json()["new"]) for answer in answers] == [(202, 1), (202, 0)]
    assert FlowRun.objects.get().occasion == "api:import-7"


def test_nobody_is_let_into_a_draft(shop: Caller, workspace: Workspace, nudge: Nudge) -> None:
    path = f"flows/{shop.post('flows', flow_in(nudge)).json()['id']}"
    assert shop.post(f"{path}/let-in", {"customers": [make.customer(workspace).pk]}).status_code == 409
    assert not FlowRun.objects.exists()


def test_runs_and_figures_say_who_was_not_let_in_and_why(
    shop: Caller, workspace: Workspace, nudge: Nudge
) -> None:
    flow = make_flows.flow(workspace, make_flows.say(nudge), conditions={"trait": "plan", "is": "gold"})
    gold, plain = make.customer(workspace, traits={"plan": "gold"}), make.customer(workspace)
    shop.post(f"flows/{flow.pk}/let-in", {"customers": [gold.pk, plain.pk]})
    advance_flows(now=NOW)
    [refused] = shop.get(f"flows/{flow.pk}/runs", state="refused").json()["data"]
    assert (refused["customer"], refused["ended_by"]) == (plain.pk, "refused")
    assert refused["explanation"] == "The conditions did not fit"
    [done] = shop.get(f"flows/{flow.pk}/runs", customer=gold.pk).json()["data"]
    assert [step["step"] for step in done["trail"]] == ["s1"]
    figures = shop.get(f"flows/{flow.pk}/figures").json()
    assert (figures["entered"], figures["finished"], figures["refused"]) == (1, 1, {"refused": 1})


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"steps": [{"kind": "wait", "for": "soon"}]}, "/steps"),
        ({"exits": {"nonsense": 1}}, "/exits"),
        ({"re_entry": "after_days"}, "/re_entry_days"),
        ({"holdout_percent": 80}, "/holdout_percent"),
        ({"trigger_where": [{"property": "x", "near": 1}], "trigger_event": "A"}, "/trigger_where"),
        ({"slug": "taken"}, "/slug"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_what_is_wrong_names_its_field(
    shop: Caller, workspace: Workspace, nudge: Nudge, fields: dict[str, Any], pointer: str
) -> None:
    make_flows.flow(workspace, slug="taken")
    answer = shop.post("flows", flow_in(nudge, **fields))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert Flow.objects.count() == FlowVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"steps": [{"kind": "wait", "for": "1d"}]}, "/steps"),
        ({"trigger": "event"}, "/trigger_event"),
        ({"trigger": "stage"}, "/trigger_stage"),
        ({"trigger": "condition"}, "/conditions"),
        ({"trigger": "condition", "conditions": {"identified": True}, "re_entry": "after_end"}, "/re_entry"),
    ],
)
def test_what_is_not_whole_yet_is_kept_but_not_published(
    shop: Caller, nudge: Nudge, fields: dict[str, Any], pointer: str
) -> None:
    flow = shop.post("flows", flow_in(nudge, **fields)).json()
    answer = shop.post(f"flows/{flow['id']}/publish")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert Flow.objects.get().state == "draft"


def test_nothing_to_publish_says_so(shop: Caller, workspace: Workspace, nudge: Nudge) -> None:
    flow = make_flows.flow(workspace, make_flows.say(nudge))
    assert shop.post(f"flows/{flow.pk}/publish").json()["code"] == "wrong_state"


def test_lists_cost_the_same_for_many(shop: Caller, workspace: Workspace, nudge: Nudge) -> None:
    def statements() -> tuple[int, int]:
        counted = []
        for path in ("flows", f"flows/{Flow.objects.earliest('id').pk}/runs"):
            with CaptureQueriesContext(connection) as queries:
                assert shop.get(path).status_code == 200
            counted.append(len(queries))
        return counted[0], counted[1]

    flow = make_flows.flow(workspace, make_flows.say(nudge))
    make_flows.run(flow, make.customer(workspace))
    make_flows.version(flow)
    statements()  # the first call notes when the key was used
    few = statements()
    for _n in range(8):
        make_flows.version(make_flows.flow(workspace, make_flows.say(nudge)))
        make_flows.run(flow, make.customer(workspace))
    assert statements() == few


# Taking out


def enter(flow: Flow, *customers: Customer, at: datetime = NOW) -> None:
    let_into(flow=flow, customer_ids=[one.pk for one in customers], occasion="api:1", now=at)
    advance_flows(now=at)


def test_who_is_taken_out_gets_nothing_more_and_everybody_else_goes_on(
    shop: Caller, workspace: Workspace, nudge: Nudge
) -> None:
    make_nudges.policy(workspace, collect_seconds=0)
    ann, bo = (make.customer(workspace, email=f"{name}@example.org") for name in ("ann", "bo"))
    flow = make_flows.flow(workspace, make_flows.say(nudge), make_flows.wait("1d"), make_flows.say(nudge))
    now = timezone.now()  # the door's own clock says when somebody is taken out
    enter(flow, ann, bo, at=now)
    answer = shop.post(f"flows/{flow.pk}/customers/{ann.pk}/take-out")
    assert answer.status_code == 200, answer.content
    run = answer.json()
    assert (run["customer"], run["state"], run["step"], run["ended_by"]) == (
        ann.pk,
        "exited",
        "s2",
        "taken_out",
    )
    for at in (now, now + timedelta(days=1)):
        advance_flows(now=at)
        decide_nudges(now=at + timedelta(minutes=1))
    assert set(Decision.objects.filter(customer=ann).values_list("reason", flat=True)) == {"left_flow"}
    assert not Message.objects.filter(customer=ann).exists()
    assert Message.objects.filter(customer=bo).exists()
    assert FlowRun.objects.get(customer=bo).state == "finished"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.detail["customer"]) == ("remove_customer", ann.pk)
    assert entry.actor_label.startswith("key test")


def test_who_is_not_inside_cannot_be_taken_out(shop: Caller, workspace: Workspace, nudge: Nudge) -> None:
    flow = make_flows.flow(workspace, make_flows.say(nudge))
    done, never, other = (make.customer(workspace) for _n in range(3))
    enter(flow, done)
    elsewhere = make_flows.run(make_flows.flow(workspace, make_flows.wait("1d")), other)
    for customer in (done, never, other):
        answer = shop.post(f"flows/{flow.pk}/customers/{customer.pk}/take-out")
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    elsewhere.refresh_from_db()
    assert elsewhere.state == "running"
    assert not AuditEntry.objects.exists()


def test_nobody_of_another_workspace_is_taken_out(shop: Caller, workspace: Workspace, nudge: Nudge) -> None:
    theirs = make.workspace()
    run = make_flows.run(make_flows.flow(theirs, make_flows.wait("1d")), make.customer(theirs))
    ours = make_flows.flow(workspace, make_flows.wait("1d"))
    for flow_id in (run.flow_id, ours.pk):
        assert shop.post(f"flows/{flow_id}/customers/{run.customer_id}/take-out").status_code == 404
    run.refresh_from_db()
    assert run.state == "running"


def test_a_key_that_only_reads_takes_nobody_out(workspace: Workspace, customer: Customer) -> None:
    run = make_flows.run(make_flows.flow(workspace, make_flows.wait("1d")), customer)
    reader = caller(workspace, "nudges:read")
    assert reader.post(f"flows/{run.flow_id}/customers/{customer.pk}/take-out").status_code == 403
    run.refresh_from_db()
    assert run.state == "running"


# Step by step


def test_figures_of_a_version_say_how_many_came_to_each_step_and_which_way_they_went(
    shop: Caller, workspace: Workspace, nudge: Nudge
) -> None:
    ask = {
        "kind": "condition",
        "if": {"trait": "plan", "is": "gold"},
        "yes": [{"id": "y", **make_flows.say(nudge)}],
        "no": [],
    }
    flow = make_flows.flow(workspace, ask, make_flows.wait("1d"))
    gold = make.customer(workspace, traits={"plan": "gold"})
    plain = [make.customer(workspace) for _n in range(2)]
    enter(flow, gold, *plain)
    shop.post(f"flows/{flow.pk}/customers/{plain[0].pk}/take-out")
    figures = shop.get(f"flows/{flow.pk}/versions/1/figures").json()
    assert (figures["flow"], figures["version"]) == (flow.pk, 1)
    counted = {
        one["step"]: (one["kind"], one["came"], one["here"], one["went"], one["left"])
        for one in figures["steps"]
    }
    assert counted == {
        "s1": ("condition", 3, 0, {"yes": 1, "no": 2}, {}),
        "y": ("nudge", 1, 0, {"passed": 1}, {}),
        "s2": ("wait", 3, 2, {}, {"taken_out": 1}),
    }
    whole = shop.get(f"flows/{flow.pk}/figures").json()
    assert whole["inside_by_version"] == [{"number": 1, "inside": 2}]
    assert shop.get(f"flows/{flow.pk}/versions/2/figures").status_code == 404


def test_figures_of_another_workspace_are_not_found(shop: Caller) -> None:
    theirs = make_flows.flow(make.workspace(), make_flows.wait("1d"))
    assert shop.get(f"flows/{theirs.pk}/versions/1/figures").status_code == 404
    assert shop.get(f"flows/{theirs.pk}/figures").status_code == 404
