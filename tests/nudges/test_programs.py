"""Steps of flows: how they hang together, when waits end, who goes which way, and what is refused."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from engagement.models import Workspace
from nudges.models import Nudge
from nudges.program_checks import check_steps
from nudges.programs import branch_of, first_speaking, layout, named, wait_end, walk
from tests import make, make_nudges

WAIT = {"kind": "wait", "for": "1d"}
SPLIT: dict[str, Any] = {
    "id": "s1",
    "kind": "split",
    "branches": [
        {"name": "A", "share": 30, "steps": [{"id": "a", "kind": "wait", "for": "1d"}]},
        {"name": "B", "share": 70, "steps": []},
    ],
}
ASK: dict[str, Any] = {
    "id": "s2",
    "kind": "condition",
    "if": {"identified": True},
    "yes": [{"id": "y", "kind": "nudge", "nudge": 7}, {"id": "x", "kind": "exit"}],
    "no": [],
}
LAST = {"id": "s3", "kind": "wait", "for": "2d"}


def test_who_comes_through_a_branch_goes_on_behind_it() -> None:
    nodes = layout([SPLIT, ASK, LAST])
    assert nodes["s1"].branches == {"1": "a", "2": "s2"}
    assert nodes["a"].next == "s2"
    assert nodes["s2"].branches == {"yes": "y", "no": "s3"}
    assert (nodes["y"].next, nodes["x"].next, nodes["s3"].next) == ("x", "s3", "")


def test_every_way_leads_forward() -> None:
    nodes = layout([SPLIT, ASK, LAST])
    order = list(nodes)
    for node in nodes.values():
        for to in (node.next, *node.branches.values()):
            assert not to or order.index(to) > order.index(node.id)


def test_no_steps_end_at_once() -> None:
    assert layout([]) == {}


def test_the_first_step_that_speaks_may_stand_in_a_branch() -> None:
    assert first_speaking([SPLIT, ASK, LAST]) == 7
    assert first_speaking([SPLIT, LAST]) is None


def test_steps_keep_their_ids_and_new_ones_get_free_ones() -> None:
    steps = named([{"id": "s2", "kind": "exit"}, {**ASK, "id": "", "yes": [dict(WAIT)], "no": []}])
    assert [step["id"] for step in walk(steps)] == ["s2", "s1", "s3"]


@pytest.mark.parametrize(
    ("step", "since", "zone", "end"),
    [
        ({"for": "90m"}, "2026-03-04T12:00", "UTC", "2026-03-04T13:30"),
        ({"until": {"time": "09:00"}}, "2026-03-04T12:00", "UTC", "2026-03-05T09:00"),
        ({"until": {"time": "12:00"}}, "2026-03-04T12:00", "UTC", "2026-03-04T12:00"),  # it is that time
        ({"until": {"time": "09:00"}}, "2026-03-04T12:00", "Asia/Tokyo", "2026-03-05T00:00"),
        ({"until": {"time": "09:00"}}, "2026-03-04T12:00", "America/Lima", "2026-03-04T14:00"),
        # A Wednesday: the next Monday, and the same day a week later when its time has passed.
        ({"until": {"time": "09:00", "weekdays": [1]}}, "2026-03-04T12:00", "UTC", "2026-03-09T09:00"),
        ({"until": {"time": "09:00", "weekdays": [3]}}, "2026-03-04T12:00", "UTC", "2026-03-11T09:00"),
        # The clock skips 02:30 on 29 March 2026: an hour later by the sun's count.
        ({"until": {"time": "02:30"}}, "2026-03-28T22:00", "Europe/Berlin", "2026-03-29T01:30"),
        # It shows 02:30 twice on 25 October 2026: the first.
        ({"until": {"time": "02:30"}}, "2026-10-24T20:00", "Europe/Berlin", "2026-10-25T00:30"),
    ],
)
def test_waits_end_by_the_customers_clock(step: dict[str, Any], since: str, zone: str, end: str) -> None:
    begun = datetime.fromisoformat(since).replace(tzinfo=UTC)
    assert wait_end(step, since=begun, zone=zone) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_a_split_shares_stably() -> None:
    went = [branch_of(SPLIT, flow_id=1, customer_id=n) for n in range(5000)]
    assert went == [branch_of(SPLIT, flow_id=1, customer_id=n) for n in range(5000)]
    assert 0.27 < Counter(went)["1"] / 5000 < 0.33
    other = [branch_of(SPLIT, flow_id=2, customer_id=n) for n in range(5000)]
    assert other != went  # who is first in one flow is not first in all


def test_nobody_goes_into_a_branch_of_no_share() -> None:
    step = {"id": "s", "branches": [{"share": 0}, {"share": 100}]}
    assert {branch_of(step, flow_id=1, customer_id=n) for n in range(500)} == {"2"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ({}, "steps"),
        ([{"kind": "dance"}], "steps[0].kind"),
        ([{"kind": "wait"}], "steps[0].for"),
        ([{"kind": "wait", "for": "2 days"}], "steps[0].for"),
        ([{"kind": "wait", "for": "400d"}], "steps[0].for"),
        ([{"kind": "wait", "for": "1d", "until": {"time": "09:00"}}], "steps[0].for"),
        ([{"kind": "wait", "until": {"time": "25:00"}}], "steps[0].until.time"),
        ([{"kind": "wait", "until": {"time": "09:00", "weekdays": [8]}}], "steps[0].until.weekdays"),
        ([WAIT, {"kind": "condition", "if": {}}], "steps[1].if"),
        ([{"kind": "condition", "if": {"stage": "moon"}}], "steps[0].if"),
        (
            [{"kind": "condition", "if": {"identified": True}, "yes": [{"kind": "wait"}]}],
            "steps[0].yes[0].for",
        ),
        ([{"kind": "split", "branches": [{"share": 100}]}], "steps[0].branches"),
        ([{"kind": "split", "branches": [{"share": 50}, {"share": 40}]}], "steps[0].branches"),
        ([{"kind": "split", "branches": [{"share": 50}, {"share": "50"}]}], "steps[0].branches[1].share"),
        ([{"kind": "nudge"}], "steps[0].nudge"),
        ([{"kind": "nudge", "nudge": True}], "steps[0].nudge"),
        ([{"kind": "exit", "then": 1}], "steps[0].then"),
        ([{"kind": "exit", "id": "Not So"}], "steps[0].id"),
        ([{"kind": "exit", "id": "a"}, {"kind": "exit", "id": "a"}], "steps"),
        ([WAIT] * 51, "steps"),
    ],
)
def test_what_is_wrong_names_its_place(workspace: Workspace, steps: Any, path: str) -> None:
    assert [problem.path for problem in check_steps(steps, workspace=workspace)] == [path]


@pytest.mark.django_db
def test_a_step_names_a_nudge_that_it_may_use(workspace: Workspace) -> None:
    def wrong(nudge: Nudge, kind: str = "nudge") -> list[str]:
        return [one.path for one in check_steps([{"kind": kind, "nudge": nudge.pk}], workspace=workspace)]

    assert wrong(make_nudges.nudge(workspace, status="draft")) == []
    assert wrong(make_nudges.nudge(workspace, channels=["staff_task"]), "staff_task") == []
    assert wrong(make_nudges.nudge(workspace, channels=["webhook"]), "webhook") == []
    assert wrong(make_nudges.nudge(workspace, status="archived")) == ["steps[0].nudge"]
    assert wrong(make_nudges.nudge(make.workspace())) == ["steps[0].nudge"]
    assert wrong(make_nudges.nudge(workspace, channels=["email", "staff_task"]), "staff_task") == [
        "steps[0].nudge"
    ]
