"""From events to needs, stages and stage changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from journeys.inferring import infer_needs
from journeys.models import CustomerNeed, Stage, StageChange
from tests.make import NOW
from tests.make_journeys import comparing, send, shop

pytestmark = pytest.mark.django_db

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_looking_around_and_choosing_reaches_the_shortlist() -> None:
    workspace = shop()
    send(workspace, *comparing(NOW - HOUR))
    counts = infer_needs(now=NOW)
    assert counts["taken"] == 1
    need = CustomerNeed.objects.get()
    assert need.stage == Stage.SHORTLIST
    assert need.probability > 0.6
    assert [c.to_stage for c in StageChange.objects.order_by("at")] == ["awareness", "shortlist"]
    assert infer_needs(now=NOW)["taken"] == 0
