"""Home: what it says, and to whom it says what to do first."""

from __future__ import annotations

import pytest
from django.utils import timezone

from nudges.models import (
    Decision,
)
from tests import make_nudges
from tests.make_dashboard import Office, text_of

pytestmark = pytest.mark.django_db


def test_home_says_where_customers_stand_what_was_sent_and_why_not(office: Office) -> None:
    now = timezone.now()
    held = make_nudges.candidate(office.nudge, office.customer, at=now)
    Decision.objects.create(
        workspace=office.workspace, candidate=held, customer=office.customer, nudge=office.nudge, nudge_version=1,
        outcome="suppress", reason="capped", rule=f"cap:{office.ids['cap_id']}", limit=1, count=1, decided_at=now,
    )  # fmt: skip
    page = text_of(office.enter("analyst").get("/"))
    assert office.need.name in page
    assert "A cap was reached" in page
    assert "A cap was reached: At most 1 message in any 24 hours." in page, "the rule is said in words"
    assert "cap:" not in page


def test_a_new_workspace_is_told_what_to_do_first() -> None:
    page = text_of(Office().enter().get("/"))
    assert "What to do next" in page
    assert "Make a write key" in page
    assert "Define a need" in page


def test_the_live_part_of_home_comes_alone(office: Office) -> None:
    page = text_of(office.enter().get("/", headers={"HX-Request": "true"}))
    assert page.startswith('<div id="live"')
    assert "<html" not in page
