"""The pages of home, customers and nudges: what they say, what they change, and what they never do."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.models import AuditEntry, Customer
from engagement.timelines import TimelineEntry, read_timeline
from nudges.models import (
    Broadcast,
    Candidate,
    Cap,
    Decision,
    Message,
    Nudge,
    NudgeContent,
    Policy,
    Preference,
    Pressure,
    Waiting,
)
from tests import make, make_nudges
from tests.make_dashboard import Office, events

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office().furnish()


def declared(office: Office, **fields: Any) -> dict[str, Any]:
    return {
        "name": "A tip",
        "promise": "choose_well",
        "interest": "customer",
        "category": office.topic.pk,
        "channel_1": "email",
        "channel_2": "inbox",
        "trigger": "stage_change",
        "trigger_need": office.need.pk,
        "trigger_stage": "shortlist",
        "conditions": "",
        "priority": 50,
        "on_cap": "drop",
        "expires_after_hours": 72,
        "respects_caps": "on",
        "counts": "on",
    } | fields


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# ---- Home and customers ---------------------------------------------------------------------------------------------


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


def test_customers_are_found_by_name_address_and_either_id(office: Office) -> None:
    make.customer(office.workspace, email="grace@example.org", name="Grace Hopper", external_id="shop-7")
    client = office.enter()
    for asked in ("hopper", "GRACE@", "shop-7"):
        page = text_of(client.get("/customers", {"q": asked}))
        assert "Grace Hopper" in page
        assert "Ada Lovelace" not in page
    assert "Nobody fits" in text_of(client.get("/customers", {"q": "nobody"}))


def test_customers_are_narrowed_by_need_stage_and_condition(office: Office) -> None:
    make.customer(office.workspace, name="Grace Hopper", traits={"plan": "gold"})
    client = office.enter()
    page = text_of(client.get("/customers", {"need": office.need.slug, "stage": "shortlist"}))
    assert "Ada Lovelace" in page
    assert "Grace Hopper" not in page
    page = text_of(client.get("/customers", {"condition": json.dumps({"trait": "plan", "is": "gold"})}))
    assert "Grace Hopper" in page
    assert "Ada Lovelace" not in page
    assert "write" in text_of(client.get("/customers", {"condition": '{"trait": 3}'})), (
        "what is wrong is said"
    )


def test_a_long_list_goes_on_where_it_stopped_and_shows_everybody_once(office: Office) -> None:
    for n in range(60):
        make.customer(office.workspace, name=f"Person {n:02}", at=make.NOW + timedelta(minutes=n // 3))
    client = office.enter()
    seen: list[int] = []
    path = "/customers"
    while path:
        answer = client.get(path)
        seen += [one.pk for one in answer.context["page"].rows]
        following = answer.context["page"].next
        path = f"/customers?after={following}" if following else ""
    assert sorted(seen) == sorted(
        Customer.objects.filter(workspace=office.workspace).values_list("pk", flat=True)
    )


@pytest.mark.parametrize(
    "cursor", ["x", "eyJhIjoxfQ", "WzEsMl0", "W251bGwsMV0", "%00", "WyIyMDI2LTk5LTk5IiwxXQ"]
)
def test_a_cursor_that_is_not_ours_starts_from_the_top(office: Office, cursor: str) -> None:
    answer = office.enter().get(f"/customers?after={cursor}")
    assert answer.status_code == 200
    assert answer.context["page"].rows


def test_a_customers_page_tells_needs_pressure_consent_and_every_decision(office: Office) -> None:
    make.consent(office.customer, office.topic, state="denied")
    page = text_of(office.enter("analyst").get(f"/customers/{office.customer.pk}"))
    for said in (
        "Ada Lovelace",
        office.need.name,
        "Shortlist",
        "Decided to send: Sale",
        "Refused",
        "ada@example.org",
    ):
        assert said in page


def test_pressure_says_what_used_the_slots_and_when_there_is_room(office: Office) -> None:
    now = timezone.now()
    Cap.objects.all().delete()
    make_nudges.cap(office.workspace, 2, per=7 * 86400)
    make_nudges.cap(office.workspace, 1, per=86400, scope="channel", value="sms")
    make_nudges.sent(office.nudge, office.customer, at=now - timedelta(days=1))
    make_nudges.sent(office.nudge, office.customer, at=now - timedelta(hours=1))
    uses = office.enter().get(f"/customers/{office.customer.pk}").context["hearing"].uses
    assert [(use.count, use.limit, use.is_full) for use in uses] == [(2, 2, True), (0, 1, False)]
    [room] = [use.allowed_at for use in uses if use.is_full]
    assert abs(room - (now + timedelta(days=6))) < timedelta(seconds=1), "the older of the two frees first"


def test_pressure_tells_gap_budget_and_the_customers_own_limit_too(office: Office) -> None:
    Cap.objects.all().delete()
    make_nudges.policy(
        office.workspace, min_gap_seconds=7200, business_limit=2, quiet_start=time(21), quiet_end=time(8)
    )
    Preference.objects.create(
        workspace=office.workspace, customer=office.customer, max_per_week=3, updated_at=make.NOW
    )
    make_nudges.sent(office.nudge, office.customer, at=timezone.now() - timedelta(hours=1))
    answer = office.enter().get(f"/customers/{office.customer.pk}")
    assert [(use.rule, use.count, use.limit) for use in answer.context["hearing"].uses] == [
        ("min_gap", 1, 1),
        ("business_limit", int(office.nudge.interest == "business"), 2),
        ("preference:max_per_week", 1, 3),
    ]
    assert "Nothing between 21:00 and 08:00 where they are." in text_of(answer)


def test_the_adaptive_cap_is_explained_in_plain_words_with_its_numbers(office: Office) -> None:
    now = timezone.now()
    Cap.objects.all().delete()
    Message.objects.filter(customer=office.customer).update(counts=False)
    Pressure.objects.filter(customer=office.customer).delete()
    make_nudges.policy(office.workspace, is_adaptive=True)
    cap = make_nudges.cap(office.workspace, 5, per=30 * 86400)
    Cap.objects.filter(pk=cap.pk).update(floor=1)
    for days in (5, 9, 13):
        make_nudges.sent(office.nudge, office.customer, at=now - timedelta(days=days))
    answer = office.enter().get(f"/customers/{office.customer.pk}")
    [use] = answer.context["hearing"].uses
    assert (use.limit, use.most, use.is_full) == (3, 5, True)
    page = text_of(answer)
    for said in ("3 of 5, by how they respond", "3 messages ignored in a row", "2.00 / (2.00 +"):
        assert said in page


def test_a_merged_customers_address_leads_to_who_they_are_now(office: Office) -> None:
    other = make.customer(office.workspace, merged_into=office.customer)
    answer = office.enter().get(f"/customers/{other.pk}")
    assert answer.headers["Location"] == f"/customers/{office.customer.pk}"


def test_the_timeline_goes_back_to_the_beginning_without_a_gap(office: Office, settings: Any) -> None:
    moments = [make.NOW - timedelta(minutes=n // 4) for n in range(90)]

    def source(customer: Customer, *, before: Any, limit: int) -> list[TimelineEntry]:
        earlier = [at for at in moments if before is None or at < before]
        return [TimelineEntry(at=at, kind="event", title="x") for at in earlier[:limit]]

    settings.TIMELINE_SOURCES = ["tests.nudges.test_dashboard.SOURCE"]
    globals()["SOURCE"] = source
    read, before = 0, None
    for _stretch in range(20):
        stretch = read_timeline(office.customer, before=before, limit=10)
        read += len(stretch.entries)
        if (before := stretch.older) is None:
            break
    assert read == len(moments)


def test_asking_what_if_writes_nothing(office: Office) -> None:
    before = (Candidate.objects.count(), Decision.objects.count(), Message.objects.count())
    page = text_of(
        office.enter("analyst").get(f"/customers/{office.customer.pk}/what-if?nudge={office.nudge.pk}")
    )
    assert "To the customer we would say" in page
    assert (Candidate.objects.count(), Decision.objects.count(), Message.objects.count()) == before


def test_asking_what_if_at_a_later_time_and_what_became_of_it_before(office: Office) -> None:
    Cap.objects.all().delete()
    make_nudges.cap(office.workspace, 1, per=86400)
    make_nudges.sent(office.nudge, office.customer, at=timezone.now() - timedelta(hours=1))
    client, path = office.enter("analyst"), f"/customers/{office.customer.pk}/what-if"
    now = text_of(client.get(path, {"nudge": office.nudge.pk, "at": "nonsense"}))
    assert "Would be held back" in now
    assert "What became of it before" in now
    at = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT12:00")
    later = text_of(client.get(path, {"nudge": office.nudge.pk, "at": at}))
    assert "Would be sent" in later
    assert "if nothing else happens until then" in later
    assert "90 days ahead at most" in text_of(
        client.get(path, {"nudge": office.nudge.pk, "at": "2999-01-01T12:00"})
    )


def test_a_decision_is_told_in_full(office: Office) -> None:
    page = text_of(office.enter("analyst").get(f"/decisions/{office.ids['decision_id']}"))
    assert "Why it was sent" in page
    assert "To the customer we say" in page


# ---- Nudges ---------------------------------------------------------------------------------------------------------


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


# ---- Limits ---------------------------------------------------------------------------------------------------------


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


# ---- As many queries for 10 rows as for 1,000 -----------------------------------------------------------------------


def people(office: Office, number: int) -> None:
    made = Customer.objects.bulk_create(
        Customer(workspace=office.workspace, name=f"P{n}", first_seen_at=make.NOW, last_seen_at=make.NOW)
        for n in range(number)
    )
    for one in made[:60]:
        make_nudges.customer_need(one, office.need)


def decisions(office: Office, number: int) -> None:
    for _n in range(number):
        make_nudges.sent(office.nudge, make.customer(office.workspace), at=timezone.now())


def more_nudges(office: Office, number: int) -> None:
    for _n in range(number):
        nudge = make_nudges.nudge(office.workspace)
        make_nudges.sent(nudge, office.customer, at=timezone.now())


LISTS: dict[str, tuple[str, Any]] = {
    "home": ("/", decisions),
    "customers": ("/customers", people),
    "a customer": ("/customers/{customer_id}", lambda office, n: [
        make_nudges.sent(office.nudge, office.customer, at=timezone.now()) for _ in range(n)
    ]),
    "nudges": ("/nudges", more_nudges),
    "a nudge": ("/nudges/{nudge_id}", decisions),
    "a dry run": ("/nudges/{nudge_id}/dry-run", people),
    "live events": ("/events", lambda office, n: events(office.workspace, n)),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_page_asks_as_often_for_many_rows_as_for_few(
    office: Office, name: str, django_assert_num_queries: Any
) -> None:
    path, fill = LISTS[name]
    path = path.format(**office.ids)
    client = office.enter()
    fill(office, 10)
    client.get(path)  # what is read once a process is read now
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    asked = len(few)  # now: the next request empties the log
    fill(office, 1000 if fill is people else 60)
    client.get(path)  # and what the planner learns about tables of this size, once a connection
    with django_assert_num_queries(asked):
        assert client.get(path).status_code == 200
