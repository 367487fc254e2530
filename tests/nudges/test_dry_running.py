"""Dry runs over everybody a nudge is for: counted by the rules of deciding, kept, and nothing else written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from engagement.models import Customer, Workspace
from nudges import dry_running
from nudges.deciding import decide_nudges, simulate
from nudges.dry_running import DryRunError, cancel_dry_run, count_dry_runs, start_dry_run
from nudges.models import Candidate, Decision, DryRun, Message, Nudge, Pressure
from tests import make, make_nudges
from tests.make import NOW
from tests.make_api import caller

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_running, "CHUNK", 3)


def people(workspace: Workspace, number: int, **fields: Any) -> list[Customer]:
    return [make.customer(workspace, email=f"{fields}{n}@example.org", **fields) for n in range(number)]


def start(nudge: Nudge, **fields: Any) -> DryRun:
    return start_dry_run(nudge=nudge, started_by=None, now=NOW, **fields)


def ran(one: DryRun) -> DryRun:
    while count_dry_runs(now=NOW)["taken"]:
        pass
    one.refresh_from_db()
    return one


def test_it_counts_what_deciding_would_do_and_writes_nothing_else(workspace: Workspace) -> None:
    nudge = make_nudges.nudge(workspace, trigger="broadcast")
    make_nudges.cap(workspace, 1)
    everybody = people(workspace, 8)
    make_nudges.sent(nudge, everybody[0], at=NOW - MINUTE)
    make.customer(workspace, email="")  # reached by nothing
    before = [model.objects.count() for model in (Candidate, Decision, Message, Pressure)]
    one = ran(start(nudge))
    assert (one.state, one.audience, one.looked_at, one.finished_at) == ("done", 9, 9, NOW)
    assert one.counts == {"send": {"sent": 7}, "suppress": {"capped": 1, "unreachable": 1}}
    assert [model.objects.count() for model in (Candidate, Decision, Message, Pressure)] == before

    for customer in Customer.objects.filter(workspace=workspace):
        make_nudges.candidate(nudge, customer)
    counts = decide_nudges(now=NOW)
    assert (counts["send"], counts["suppress"]) == (7, 2)


def test_it_goes_on_where_it_was_when_it_is_broken_off(
    workspace: Workspace, nudge: Nudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(workspace, 7)
    one = start(nudge)
    tried: list[list[int]] = []

    def broken(**asked: Any) -> Any:
        tried.append(asked["customer_ids"])
        if len(tried) == 2:
            raise ConnectionError
        return simulate(**asked)

    monkeypatch.setattr(dry_running, "simulate", broken)
    with pytest.raises(ConnectionError):
        count_dry_runs(now=NOW)
    one.refresh_from_db()
    assert (one.state, one.looked_at, one.counts) == ("running", 3, {"send": {"sent": 3}})
    assert ran(one).counts == {"send": {"sent": 7}}
    assert tried[1] == tried[2]


def test_everybody_is_asked_as_of_the_moment_that_is_tried(workspace: Workspace, nudge: Nudge) -> None:
    make_nudges.policy(workspace, quiet_start="00:00", quiet_end="01:00")
    people(workspace, 2)
    night = (NOW + timedelta(days=1)).replace(hour=0, minute=30)
    assert ran(start(nudge, at=night)).counts == {"defer": {"quiet_hours": 2}}
    assert ran(start(nudge)).counts == {"send": {"sent": 2}}


def test_cancelled_it_keeps_what_it_has_counted(workspace: Workspace, nudge: Nudge) -> None:
    people(workspace, 7)
    one = start(nudge)
    count_dry_runs(now=NOW, limit=3)
    cancel_dry_run(dry_run_id=one.pk, now=NOW + MINUTE)
    assert (ran(one).state, one.looked_at, one.finished_at) == ("cancelled", 3, NOW + MINUTE)
    with pytest.raises(DryRunError, match="over already"):
        cancel_dry_run(dry_run_id=one.pk, now=NOW)


def test_a_nudge_that_is_changed_meanwhile_ends_it(workspace: Workspace, nudge: Nudge) -> None:
    people(workspace, 7)
    one = start(nudge)
    count_dry_runs(now=NOW, limit=3)
    Nudge.objects.filter(pk=nudge.pk).update(version=nudge.version + 1)
    assert (ran(one).state, one.looked_at) == ("failed", 3)
    assert "changed meanwhile" in one.error


def test_a_condition_that_breaks_meanwhile_ends_it_and_holds_up_no_other(workspace: Workspace) -> None:
    people(workspace, 2)
    broken, fine = make_nudges.nudge(workspace), make_nudges.nudge(workspace)
    one, other = start(broken), start(fine)
    Nudge.objects.filter(pk=broken.pk).update(conditions={"no": "such"})
    assert ran(one).state == "failed"
    assert one.error
    assert ran(other).counts == {"send": {"sent": 2}}


def test_what_cannot_be_started(workspace: Workspace, nudge: Nudge) -> None:
    start(nudge)
    for refused, fields in [
        (nudge, {}),
        (make_nudges.nudge(workspace, status="archived"), {}),
        (make_nudges.nudge(workspace), {"at": NOW - MINUTE}),
    ]:
        with pytest.raises(DryRunError):
            start(refused, **fields)
    assert DryRun.objects.count() == 1


def test_the_newest_are_kept(nudge: Nudge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_running, "KEPT", 2)
    for _n in range(4):
        ran(start(nudge))
    assert DryRun.objects.count() == 3  # two, and the one that has just been started


def test_a_chunk_asks_as_often_for_many_as_for_few(
    workspace: Workspace, nudge: Nudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_running, "CHUNK", 500)
    people(workspace, 1, name="first")
    ran(start(nudge))  # what a connection asks once
    asked = []
    for number in (3, 60):
        people(workspace, number, name=f"of {number}")
        start(nudge)
        with CaptureQueriesContext(connection) as queries:
            count_dry_runs(now=NOW)
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_the_page_starts_watches_and_cancels_it(workspace: Workspace, nudge: Nudge) -> None:
    browser = Client()
    browser.force_login(make.member(workspace, role="marketer").user)
    people(workspace, 2)
    answer = browser.post(f"/nudges/{nudge.pk}/dry-runs")
    one = DryRun.objects.get()
    assert answer.headers["Location"] == f"/dry-runs/{one.pk}"
    assert "0 of 2 looked at" in browser.get(f"/dry-runs/{one.pk}").content.decode()
    fragment = browser.get(f"/dry-runs/{one.pk}", headers={"HX-Request": "true"}).content.decode()
    assert fragment.startswith('<div id="dry-run"')
    assert "tick from:body" in fragment
    ran(one)
    assert "tick from:body" not in browser.get(f"/dry-runs/{one.pk}").content.decode()
    again = browser.post(f"/nudges/{nudge.pk}/dry-runs").headers["Location"]
    browser.post(f"{again}/cancel")
    assert sorted(DryRun.objects.values_list("state", flat=True)) == ["cancelled", "done"]
    assert browser.get(f"/nudges/{nudge.pk}/dry-run").content.decode().count("/dry-runs/") == 2


def test_the_api_starts_lists_and_cancels_it(workspace: Workspace, nudge: Nudge) -> None:
    api = caller(workspace)
    people(workspace, 2)
    made = api.post(f"nudges/{nudge.pk}/dry-runs", {})
    assert (made.status_code, made.json()["state"], made.json()["audience"]) == (201, "running", 2)
    assert api.post(f"nudges/{nudge.pk}/dry-runs", {}).status_code == 409
    path = f"dry-runs/{made.json()['id']}"
    assert api.post(f"{path}/cancel", {}).json()["state"] == "cancelled"
    assert api.post(f"{path}/cancel", {}).status_code == 409
    finished = make_nudges.dry_run(nudge, counts={"send": {"sent": 1}, "defer": {"quiet_hours": 5}})
    assert api.get(f"dry-runs/{finished.pk}").json()["counts"] == [
        {"outcome": "defer", "reason": "quiet_hours", "count": 5},
        {"outcome": "send", "reason": "sent", "count": 1},
    ]
    listed = api.get(f"dry-runs?nudge={nudge.pk}&state=done").json()
    assert [row["id"] for row in listed["data"]] == [finished.pk]
    assert caller(make.workspace()).get(path).status_code == 404
