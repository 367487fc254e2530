"""Whether nudges helped, told to programs as to people."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import timezone

from engagement.models import Workspace
from nudges.deciding import decide_nudges
from nudges.models import Nudge
from tests import make, make_nudges
from tests.make_api import caller
from tests.nudges.deciding_one import DAY

pytestmark = pytest.mark.django_db


def decided(workspace: Workspace, people: int, at: datetime) -> Nudge:
    nudge = make_nudges.nudge(workspace)
    for n in range(people):
        make_nudges.candidate(nudge, make.customer(workspace, email=f"{n}@example.org"), at=at)
    decide_nudges(now=at)
    return nudge


def test_both_groups_are_told_with_each_outcome() -> None:
    workspace = make.workspace(holdout_percent=50)
    nudge = decided(workspace, 6, timezone.now() - 20 * DAY)
    shop = caller(workspace)
    for address, of in (("nudges/results", None), (f"nudges/{nudge.pk}/results", nudge.pk)):
        told = shop.get(address).json()
        assert (told["nudge"], told["days"], told["treated"] + told["held_out"]) == (of, 14, 6)
        assert [one["outcome"] for one in told["effects"]][-2:] == ["ordered", "revenue"]
        assert {one["verdict"] for one in told["effects"]} == {"open"}
    assert shop.get("nudges/results?days=30").json()["treated"] == 0


def test_other_spans_are_refused_and_other_workspaces_nudges_are_not_there() -> None:
    workspace = make.workspace()
    nudge = make_nudges.nudge(workspace)
    refused = caller(workspace).get("nudges/results?days=5")
    assert refused.status_code == 400
    assert "days" in refused.content.decode()
    assert caller(make.workspace()).get(f"nudges/{nudge.pk}/results").status_code == 404
