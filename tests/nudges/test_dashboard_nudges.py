"""The pages of a nudge: written, tried, activated, broadcast."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engagement.models import AuditEntry, Customer
from nudges.models import (
    Broadcast,
    Message,
    Nudge,
    NudgeContent,
    Waiting,
)
from tests import make, make_nudges
from tests.make_dashboard import Office, declared, text_of

pytestmark = pytest.mark.django_db


def test_a_nudge_is_written_given_words_tried_dry_and_activated(office: Office) -> None:
    client = office.enter("marketer")
    client.post("/nudges/new", declared(office))
    nudge = Nudge.objects.get(name="A tip")
    assert (nudge.status, nudge.channels, nudge.version) == ("draft", ["email", "inbox"], 1)
    client.post(f"/nudges/{nudge.pk}/status", {"status": "active"})
    nudge.refresh_from_db()
    assert nudge.status == "draft", "not without words"
    words = {"channel": "email", "language": "en", "subject": "Hello", "body": "Dear {{ customer.name }}"}
    client.post(f"/nudges/{nudge.pk}/words", words)
    preview = client.get(f"/nudges/{nudge.pk}/preview?as={office.customer.pk}")
    assert "Dear Ada Lovelace" in preview.content.decode()
    client.post(f"/nudges/{nudge.pk}/status", {"status": "active"})
    nudge.refresh_from_db()
    assert nudge.status == "active"
    actions = list(
        AuditEntry.objects.filter(object_type="nudge").order_by("id").values_list("action", flat=True)
    )
    assert actions == ["create_nudge", "change_words", "change_status"]
    assert not Message.objects.filter(nudge=nudge).exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"interest": ""}, "This field is required"),
        ({"promise": "service", "interest": "business"}, "always serves the customer"),
        ({"respects_caps": ""}, "Only a service message"),
        ({"promise": "service", "respects_caps": ""}, "An owner must first allow"),
        ({"trigger_stage": ""}, "Choose the stage"),
        ({"priority": 101}, "less than or equal to 100"),
        ({"conditions": '{"trait": 3}'}, "trait"),
        ({"conditions": "{"}, "not JSON"),
    ],
)
def test_what_a_nudge_may_not_declare_is_refused_with_a_remedy(
    office: Office, fields: dict[str, Any], says: str
) -> None:
    answer = office.enter("owner").post("/nudges/new", declared(office, **fields))
    assert answer.status_code == 200
    assert says in text_of(answer)
    assert not Nudge.objects.filter(name="A tip").exists()


def test_an_edit_raises_the_version_and_the_same_again_does_not(office: Office) -> None:
    client = office.enter("marketer")
    client.post("/nudges/new", declared(office))
    nudge = Nudge.objects.get(name="A tip")
    client.post(f"/nudges/{nudge.pk}/edit", declared(office, priority=60))
    client.post(f"/nudges/{nudge.pk}/edit", declared(office, priority=60))
    nudge.refresh_from_db()
    assert (nudge.priority, nudge.version) == (60, 2)


def test_an_archived_nudge_stays_as_it_is(office: Office) -> None:
    client = office.enter("marketer")
    client.post(f"/nudges/{office.nudge.pk}/status", {"status": "archived"})
    client.post(f"/nudges/{office.nudge.pk}/status", {"status": "active"})
    assert "make a new one" in text_of(client.post(f"/nudges/{office.nudge.pk}/edit", declared(office)))
    office.nudge.refresh_from_db()
    assert (office.nudge.status, office.nudge.name) == ("archived", "Sale")


def test_words_with_broken_placeholders_are_refused(office: Office) -> None:
    words = {"channel": "email", "language": "de", "subject": "Hallo", "body": "{{ customer.name"}
    answer = office.enter("marketer").post(f"/nudges/{office.nudge.pk}/words", words)
    assert "placeholders" in text_of(answer)
    assert not NudgeContent.objects.filter(language="de").exists()


def test_a_preview_escapes_what_customers_are_called_and_runs_nothing(office: Office) -> None:
    Customer.objects.filter(pk=office.customer.pk).update(name="<script>alert(1)</script>")
    answer = office.enter().get(f"/nudges/{office.nudge.pk}/preview?as={office.customer.pk}")
    assert "<script>" not in answer.content.decode()
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'none'" in policy
    assert "sandbox" in policy


def test_a_preview_of_another_companys_customer_shows_nobody(office: Office) -> None:
    stranger = make.customer(make.workspace(), name="Somebody Else")
    page = office.enter().get(f"/nudges/{office.nudge.pk}/preview?as={stranger.pk}").content.decode()
    assert "Somebody Else" not in page


def test_the_audience_is_read_back_with_how_many_fit(office: Office) -> None:
    client = office.enter("marketer")
    page = text_of(client.get("/conditions/audience", {"condition": json.dumps({"need": office.need.slug})}))
    assert "1 customer fits now" in page
    assert "write" in text_of(client.get("/conditions/audience", {"condition": '{"need": 5}'}))


def test_a_dry_run_counts_and_sends_nothing(office: Office) -> None:
    page = text_of(office.enter("analyst").get(f"/nudges/{office.nudge.pk}/dry-run"))
    assert "Considered" in page
    assert not Broadcast.objects.exclude(pk=office.ids["broadcast_id"]).exists()
    assert Waiting.objects.count() == 0


def test_a_dry_run_of_a_nudge_that_a_stage_starts_asks_who_stands_there(office: Office) -> None:
    nudge = make_nudges.nudge(
        office.workspace, trigger="stage_change", trigger_need=office.need, trigger_stage="shortlist"
    )
    make.customer(office.workspace, name="Without a need")
    answer = office.enter().get(f"/nudges/{nudge.pk}/dry-run")
    assert answer.context["total"] == 1
    assert "Tried on everybody who stands at Shortlist" in text_of(answer)


def test_a_broadcast_is_started_paused_resumed_and_stopped_with_a_trail(office: Office) -> None:
    client = office.enter("marketer")
    answer = client.post(f"/nudges/{office.nudge.pk}/broadcasts")
    broadcast = Broadcast.objects.latest("id")
    assert answer.headers["Location"] == f"/broadcasts/{broadcast.pk}"
    for change, state in [
        ("pause", "paused"),
        ("resume", "running"),
        ("stop", "stopped"),
        ("resume", "stopped"),
    ]:
        client.post(f"/broadcasts/{broadcast.pk}/state", {"change": change})
        broadcast.refresh_from_db()
        assert broadcast.state == state
    actions = set(AuditEntry.objects.filter(object_type="broadcast").values_list("action", flat=True))
    assert actions == {"start_broadcast", "pause_broadcast", "resume_broadcast", "stop_broadcast"}


def test_a_draft_is_not_broadcast(office: Office) -> None:
    Nudge.objects.filter(pk=office.nudge.pk).update(status="draft")
    office.enter("marketer").post(f"/nudges/{office.nudge.pk}/broadcasts")
    assert Broadcast.objects.count() == 1
