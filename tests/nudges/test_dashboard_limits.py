"""The page of limits: what it keeps, refuses and says beforehand."""

from __future__ import annotations

from typing import Any

import pytest

from engagement.models import AuditEntry
from nudges.models import (
    Cap,
    Policy,
)
from tests import make_nudges
from tests.make_dashboard import Office, text_of

pytestmark = pytest.mark.django_db


def limits(**fields: Any) -> dict[str, Any]:
    return {
        "quiet_start": "21:00",
        "quiet_end": "08:00",
        "business_window_days": 7,
        "collect_seconds": 60,
    } | fields


def test_limits_are_kept_read_back_in_sentences_and_raise_the_version(office: Office) -> None:
    client = office.enter("owner")
    client.post("/settings/limits", limits(business_limit=0, min_gap_hours=4))
    policy = Policy.objects.get(workspace=office.workspace)
    assert (policy.business_limit, policy.min_gap_seconds, policy.version) == (0, 14_400, 2)
    page = text_of(client.get("/settings/limits"))
    assert "Nothing between 21:00 and 08:00 where the customer is." in page
    assert "At least 4 hours between two messages." in page
    client.post("/settings/limits", limits(business_limit=""))
    policy.refresh_from_db()
    assert policy.business_limit is None, "empty is no limit, and 0 is never"


def test_half_of_quiet_hours_is_refused(office: Office) -> None:
    page = text_of(office.enter("owner").post("/settings/limits", limits(quiet_end="")))
    assert "Write both times, or neither" in page
    assert not Policy.objects.exists()


def test_a_cap_is_added_once_changed_and_taken_out_of_force(office: Office) -> None:
    client = office.enter("owner")
    Cap.objects.all().delete()
    form = {"limit": 3, "scope": "any", "window": "rolling", "length": 7, "unit": "days"}
    client.post("/settings/limits/caps", form)
    cap = Cap.objects.get()
    assert (cap.limit, cap.seconds, cap.unit) == (3, 604_800, "")
    assert "There is a cap for this window already" in text_of(client.post("/settings/limits/caps", form))
    client.post(f"/settings/limits/caps/{cap.pk}", {"limit": "0"})
    cap.refresh_from_db()
    assert (cap.limit, cap.version) == (0, 2)
    assert "Never a message." in text_of(client.get("/settings/limits"))
    client.post(f"/settings/limits/caps/{cap.pk}/archive")
    cap.refresh_from_db()
    assert cap.archived_at is not None
    actions = list(
        AuditEntry.objects.filter(object_type="cap").order_by("id").values_list("action", flat=True)
    )
    assert actions == ["add_cap", "change_cap", "archive_cap"]


@pytest.mark.parametrize(
    "form",
    [
        {"limit": 1, "floor": 2, "scope": "any", "window": "rolling", "length": 1, "unit": "days"},
        {"limit": 1, "scope": "any", "window": "rolling", "length": 91, "unit": "days"},
        {"limit": -1, "scope": "any", "window": "rolling", "length": 1, "unit": "days"},
        {
            "limit": 1,
            "scope": "channel",
            "scope_value": "tips",
            "window": "rolling",
            "length": 1,
            "unit": "days",
        },
        {"limit": 1, "scope": "any", "window": "calendar"},
    ],
)
def test_a_cap_that_makes_no_sense_is_refused(office: Office, form: dict[str, Any]) -> None:
    before = Cap.objects.count()
    assert office.enter("owner").post("/settings/limits/caps", form).status_code == 200
    assert Cap.objects.count() == before


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"limit": 2, "scope": "channel", "scope_value": "sms"}, "At most 2 messages by SMS in any 7 days."),
        (
            {"limit": 0, "scope": "interest", "scope_value": "business"},
            "Never a message of the interest “Business-centric”.",
        ),
        ({"limit": 1, "scope": "promise"}, "At most 1 message of each promise in any 7 days."),
        (
            {"limit": 4, "floor": 1, "scope": "flow"},
            "of each flow in any 7 days.</strong> Down to 1 for who ignores us.",
        ),
        ({"limit": 1, "scope": "need", "window": "calendar", "calendar": "month"}, "a calendar month."),
        ({"scope": "any"}, "This field is required."),
        ({"limit": 1, "floor": 3, "scope": "any"}, "be more than the limit itself."),
    ],
)
def test_the_editor_says_in_plain_language_what_a_cap_will_mean(
    office: Office, form: dict[str, Any], said: str
) -> None:
    before = Cap.objects.count()
    asked = {"window": "rolling", "length": 7, "unit": "days"} | form
    assert said in text_of(office.enter("owner").get("/settings/limits/caps/preview", asked))
    assert Cap.objects.count() == before


def test_the_adaptive_cap_is_simulated_before_it_is_switched_on(office: Office) -> None:
    client, path = office.enter("owner"), "/settings/limits/adaptive"
    assert "No limit may adapt yet" in text_of(client.get(path))
    cap = Cap.objects.filter(workspace=office.workspace).first() or make_nudges.cap(office.workspace, 3)
    client.post(f"/settings/limits/caps/{cap.pk}", {"limit": "5", "floor": "1"})
    assert "On." not in text_of(client.post(path, {"adaptive": "on"}, follow=True))
    token = client.get(path).context["token"]
    stranger = Office().furnish()
    assert not Policy.objects.get(workspace=office.workspace).is_adaptive, "nothing was seen"
    client.post(f"/settings/limits/caps/{cap.pk}", {"limit": "4", "floor": "1"})
    client.post(path, {"adaptive": "on", "seen": token})
    assert not Policy.objects.get(workspace=office.workspace).is_adaptive, "the limits changed since"
    answer = client.get(path)
    assert answer.context["trial"].looked_at > 0
    stranger.enter("owner").post(path, {"adaptive": "on", "seen": answer.context["token"]})
    assert not Policy.objects.filter(is_adaptive=True).exists(), "another workspace's trial"
    client.post(path, {"adaptive": "on", "seen": answer.context["token"]})
    assert Policy.objects.get(workspace=office.workspace).is_adaptive
    client.post(path, {"adaptive": "off"})
    assert not Policy.objects.get(workspace=office.workspace).is_adaptive
