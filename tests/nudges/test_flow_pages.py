"""The flow pages: the list, the picture of one with who is where, and the editor of its steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from nudges.arrangements import NoSuchPlace, changed_in, moved, put_in, taken_out
from nudges.considering import let_into
from nudges.flowing import advance_flows, end_flow, take_out
from nudges.flows import step_figures
from nudges.models import Flow, FlowRun, FlowVersion
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_dashboard import Office
from tests.make_flows import say, wait

pytestmark = pytest.mark.django_db
NO_ROWS = {f"where-{n}-{field}": "" for n in range(2) for field in ("property", "test", "value")}
WRITTEN = {"name": "Welcome", "trigger": "api", "re_entry": "never", "holdout_percent": "0"} | NO_ROWS


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def page(office: Office) -> Client:
    return office.enter("marketer")


def kinds(flow: Flow) -> list[Any]:
    """The steps being written, branches as lists."""
    return [step["kind"] for step in FlowVersion.objects.get(flow=flow, published_at=None).steps]


def test_without_flows_the_page_says_where_to_begin(page: Client) -> None:
    answer = page.get("/flows")
    assert "No flow yet" in answer.text
    assert "Write the first flow" in answer.text


def test_a_flow_is_written_step_by_step_and_published(office: Office, page: Client) -> None:
    nudge = make_nudges.nudge(office.workspace, name="Care tips")
    page.post("/flows/new", WRITTEN)
    flow = Flow.objects.get()
    steps = f"/flows/{flow.pk}/steps"
    page.post(f"{steps}/new?kind=wait&at=::0", {"way": "for", "number": "2", "unit": "d"})
    page.post(f"{steps}/new?kind=nudge&at=::1", {"nudge": nudge.pk})
    asked = {"condition": '{"identified": true}'}
    page.post(f"{steps}/new?kind=condition&at=::2", asked)
    page.post(f"{steps}/new?kind=exit&at=s3:yes:0")
    shown = page.get(steps).text
    for words in ("2 days", "Care tips", "Here it ends.", "not published"):
        assert words in shown
    page.post(f"{steps}/s2/move", {"way": "up"})
    assert kinds(flow) == ["nudge", "wait", "condition"]
    page.post(f"{steps}/s1", {"way": "until", "time": "09:00", "weekdays": ["1", "2"]})
    page.post(f"{steps}/s3/remove")
    assert kinds(flow) == ["nudge", "wait"]
    page.post(f"/flows/{flow.pk}/change", {"change": "publish"})
    flow.refresh_from_db()
    assert flow.state == "live"
    assert flow.version is not None
    assert flow.version.steps[1]["until"] == {"time": "09:00", "weekdays": [1, 2]}


def test_a_flow_without_anything_to_do_is_not_published(page: Client) -> None:
    page.post("/flows/new", WRITTEN)
    flow = Flow.objects.get()
    answer = page.post(f"/flows/{flow.pk}/change", {"change": "publish"}, follow=True)
    assert "Add a step that does something" in answer.text
    assert Flow.objects.get().state == "draft"


def test_a_split_keeps_what_its_branches_hold(office: Office, page: Client) -> None:
    flow = make_flows.flow(office.workspace, say(make_nudges.nudge(office.workspace)))
    steps = f"/flows/{flow.pk}/steps"
    rows = {"branch-0-name": "A", "branch-0-share": "50", "branch-1-name": "B", "branch-1-share": "50"}
    page.post(f"{steps}/new?kind=split&at=::1", rows)
    page.post(f"{steps}/new?kind=wait&at=s2:2:0", {"way": "for", "number": "1", "unit": "h"})
    page.post(f"{steps}/s2", rows | {"branch-0-share": "10", "branch-1-share": "90"})
    split = FlowVersion.objects.get(flow=flow, published_at=None).steps[1]
    assert [(one["share"], len(one["steps"])) for one in split["branches"]] == [(10, 0), (90, 1)]
    wrong = page.post(f"{steps}/s2", rows | {"branch-0-share": "10"})
    assert "100 together" in wrong.text


@pytest.mark.parametrize(
    ("query", "form", "words"),
    [
        ("kind=wait", {"way": "for", "unit": "d"}, "Write how long."),
        ("kind=wait", {"way": "until"}, "Write a time of the day"),
        ("kind=wait", {"way": "for", "number": "900", "unit": "w"}, "up to a year"),
        ("kind=condition", {"condition": ""}, "required"),
        ("kind=nudge", {}, "required"),
    ],
)
def test_what_is_wrong_in_a_step_is_said_beside_it(
    office: Office, page: Client, query: str, form: dict[str, str], words: str
) -> None:
    flow = make_flows.flow(office.workspace, say(make_nudges.nudge(office.workspace)))
    answer = page.post(f"/flows/{flow.pk}/steps/new?{query}&at=::0", form)
    assert answer.status_code == 200
    assert words in answer.text
    assert not FlowVersion.objects.filter(published_at=None).exists()


def test_a_place_that_is_not_there_is_not_found(office: Office, page: Client) -> None:
    flow = make_flows.flow(office.workspace, say(make_nudges.nudge(office.workspace)))
    wait_form = {"way": "for", "number": "1", "unit": "h"}
    for at in ("s9:yes:0", "s1:yes:0", "::x", ""):
        assert page.post(f"/flows/{flow.pk}/steps/new?kind=wait&at={at}", wait_form).status_code == 404
    assert page.get(f"/flows/{flow.pk}/steps/s9").status_code == 404
    assert not FlowVersion.objects.filter(published_at=None).exists()


def test_the_picture_counts_who_stands_where_and_who_was_turned_away(office: Office, page: Client) -> None:
    workspace = office.workspace
    flow = make_flows.flow(
        workspace, wait("2d"), say(make_nudges.nudge(workspace)), conditions={"trait": "plan", "is": "gold"}
    )
    gold = [make.customer(workspace, name=f"Gold {n}", traits={"plan": "gold"}) for n in range(3)]
    plain = make.customer(workspace, name="Plain Jane")
    let_into(flow=flow, customer_ids=[one.pk for one in [*gold, plain]], occasion="api:1", now=NOW)
    advance_flows(now=NOW)
    shown = page.get(f"/flows/{flow.pk}").text
    for words in ("Gold 2", "Plain Jane", "The conditions did not fit", "3 in version 1"):
        assert words in shown
    assert (
        "would not be let in now: The conditions did not fit"
        in page.get(f"/flows/{flow.pk}?customer=jane").text
    )
    assert (
        "would not be let in now: Already inside the flow"
        in page.get(f"/flows/{flow.pk}?customer=Gold 1").text
    )
    assert FlowRun.objects.count() == 4  # asking lets nobody in


def test_each_step_says_who_came_who_waits_who_went_on_and_who_left_why(office: Office, page: Client) -> None:
    workspace = office.workspace
    nudge = make_nudges.nudge(workspace)
    goal = {"trait": "plan", "is": "gold"}
    flow = make_flows.flow(workspace, wait("2d"), say(nudge), wait("1d"), goal=goal)
    people = [make.customer(workspace) for _n in range(4)]
    let_into(flow=flow, customer_ids=[one.pk for one in people], occasion="api:1", now=NOW)
    advance_flows(now=NOW)
    people[0].traits = {"plan": "gold"}
    people[0].save()
    take_out(run=FlowRun.objects.get(customer=people[1]), actor=None, now=NOW)
    advance_flows(now=NOW + timedelta(days=2))
    figures = step_figures(FlowVersion.objects.get())
    assert (figures.came("s1"), figures.here.get("s1", 0), figures.passed("s1")) == (4, 0, 2)
    assert figures.left == {"s1": {"goal": 1, "taken_out": 1}}
    assert (figures.came("s3"), figures.here["s3"], figures.passed("s3")) == (2, 2, 0)
    shown = page.get(f"/flows/{flow.pk}").text
    for words in ("left: The goal was reached", "left: Taken out by hand", "went on"):
        assert words in shown
    end_flow(flow=flow, actor=None, now=NOW + timedelta(days=2))
    assert step_figures(FlowVersion.objects.get()).left["s3"] == {"flow_ended": 2}


def test_a_published_flow_says_what_a_change_does_to_people_inside(office: Office, page: Client) -> None:
    flow = make_flows.flow(office.workspace, say(make_nudges.nudge(office.workspace)))
    assert "keeps the version they came into" in page.get(f"/flows/{flow.pk}/steps").text
    page.post(f"/flows/{flow.pk}/steps/new?kind=wait&at=::0", {"way": "for", "number": "2", "unit": "d"})
    assert "Version 2 is being written" in page.get(f"/flows/{flow.pk}").text
    page.post(f"/flows/{flow.pk}/change", {"change": "drop"})
    assert "is being written" not in page.get(f"/flows/{flow.pk}").text


@pytest.mark.parametrize(("change", "state"), [("pause", "paused"), ("end", "ended")])
def test_it_is_paused_and_ended(office: Office, page: Client, change: str, state: str) -> None:
    flow = make_flows.flow(office.workspace, say(make_nudges.nudge(office.workspace)))
    page.post(f"/flows/{flow.pk}/change", {"change": change})
    assert Flow.objects.get().state == state


def test_pages_cost_the_same_for_many(office: Office, page: Client) -> None:
    workspace = office.workspace
    nudge = make_nudges.nudge(workspace)

    def statements() -> list[int]:
        counted = []
        for path in ("/flows", f"/flows/{flow.pk}", f"/flows/{flow.pk}/steps"):
            with CaptureQueriesContext(connection) as queries:
                assert page.get(path).status_code == 200
            counted.append(len(queries))
        return counted

    flow = make_flows.flow(workspace, say(nudge), wait("1d"))
    make_flows.run(flow, make.customer(workspace))
    statements()
    few = statements()
    steps = FlowVersion.objects.get(flow=flow).steps
    make_flows.version(flow, *steps, *[say(make_nudges.nudge(workspace)) | {"id": f"x{n}"} for n in range(6)])
    with_draft = statements()
    for n in range(8):
        make_flows.flow(workspace, say(nudge))
        make_flows.run(flow, make.customer(workspace, name=f"Somebody {n}"))
    assert statements() == with_draft
    assert abs(sum(with_draft) - sum(few)) <= 3


def test_steps_are_arranged_in_lists() -> None:
    steps: list[dict[str, Any]] = [
        {"id": "a", "kind": "exit"},
        {"id": "b", "kind": "condition", "if": {}, "yes": [{"id": "c", "kind": "exit"}], "no": []},
    ]
    assert moved(steps, "a", 1)[1]["id"] == "a"
    assert moved(steps, "a", -1) == steps
    assert put_in(steps, {"id": "d", "kind": "exit"}, "b:no:9")[1]["no"] == [{"id": "d", "kind": "exit"}]
    assert taken_out(steps, "c")[1]["yes"] == []
    assert changed_in(steps, "b", {"if": {"x": 1}})[1]["yes"] == steps[1]["yes"]
    with pytest.raises(NoSuchPlace):
        taken_out(steps, "z")
