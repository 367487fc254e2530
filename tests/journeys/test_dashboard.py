"""The pages of needs, evidence and guides."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.models import AuditEntry
from journeys.models import EvidenceWeight, Guide, Need
from tests import make, make_dashboard, make_nudges
from tests.make_dashboard import Office, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office().furnish()


def need_form(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Rain jackets",
        "slug": "",
        "categories": "Jackets\n\nShells\nJackets",
        "search_terms": "rain",
        "fit_question": "How does it fit?",
        "fit_options": "small\nright",
        "is_active": "on",
        "questions-TOTAL_FORMS": "2",
        "questions-INITIAL_FORMS": "0",
        "questions-0-label": "Where do you wear it?",
        "questions-0-kind": "ordinal",
        "questions-0-options": "city, hills",
        "questions-0-purpose": "Hills need more.",
        "questions-1-label": "",
    } | fields


def guide_form(office: Office, **fields: Any) -> dict[str, Any]:
    return {
        "need": office.need.pk,
        "stage": "awareness",
        "language": "en",
        "title": "Do you need one?",
        "slug": "",
        "summary": "",
        "stale_after_days": 90,
        "owner": office.members["marketer"].user_id,
        "blocks": json.dumps([{"kind": "text", "markdown": "Perhaps **not**."}]),
    } | fields


def test_a_need_is_defined_with_rules_and_questions(office: Office) -> None:
    height = {"label": "Height", "kind": "numeric", "cuts": "165, 180", "unit": "cm", "ORDER": "2"}
    asked = {f"questions-1-{name}": value for name, value in height.items()}
    office.enter("marketer").post("/needs/new", need_form(**asked, **{"questions-0-ORDER": "1"}))
    need = Need.objects.get(slug="rain-jackets")
    assert need.rules == {"categories": ["Jackets", "Shells"], "search_terms": ["rain"]}
    assert need.context_attributes == [
        {
            "key": "where_do_you_wear_it",
            "label": "Where do you wear it?",
            "purpose": "Hills need more.",
            "kind": "ordinal",
            "options": ["city", "hills"],
        },
        {
            "key": "height",
            "label": "Height",
            "purpose": "",
            "kind": "numeric",
            "options": ["< 165 cm", "165–180 cm", "≥ 180 cm"],
            "cuts": [165.0, 180.0],
            "unit": "cm",
        },
    ]
    assert need.fit_options == ["small", "right"]
    assert AuditEntry.objects.filter(action="create_need", object_id=str(need.pk)).exists()


def test_a_change_of_rules_makes_a_rebuild_due_and_a_change_of_words_does_not(office: Office) -> None:
    client = office.enter("marketer")
    client.post("/needs/new", need_form())
    need = Need.objects.get(slug="rain-jackets")
    path = f"/needs/{need.pk}"
    shown = client.get(path).context
    kept = {
        "questions-INITIAL_FORMS": "1",
        "questions-0-key": shown["questions"].initial[0]["key"],
        "slug": need.slug,
    }
    client.post(path, need_form(name="Jackets for rain", **kept))
    need.refresh_from_db()
    assert (need.name, need.version) == ("Jackets for rain", 1)
    assert need.context_attributes[0]["key"] == "where_do_you_wear_it"
    client.post(path, need_form(name="Jackets for rain", search_terms="rain\nstorm", **kept))
    need.refresh_from_db()
    assert need.version == 2


def test_a_question_that_cannot_be_asked_is_refused_at_its_field(office: Office) -> None:
    asked = {"questions-0-kind": "numeric", "questions-0-cuts": "90, 60"}
    page = text_of(office.enter("marketer").post("/needs/new", need_form(**asked)))
    assert "Limits are numbers that rise" in page
    assert not Need.objects.filter(slug="rain-jackets").exists()


def test_two_needs_do_not_share_a_short_name(office: Office) -> None:
    page = text_of(office.enter("marketer").post("/needs/new", need_form(slug=office.need.slug)))
    assert "Another need has this short name" in page
    assert Need.objects.filter(workspace=office.workspace).count() == 1


def test_evidence_is_weighed_changed_and_taken_away(office: Office) -> None:
    client = office.enter("marketer")
    client.post("/needs/evidence", {"signal": "Size Guide  Opened", "shortlist": "2.5"})
    [weight] = EvidenceWeight.objects.all()
    assert (weight.signal, weight.stage, weight.weight, weight.need) == (
        "size guide opened",
        "shortlist",
        2.5,
        None,
    )
    office.need.refresh_from_db()
    before = office.need.version
    client.post("/needs/evidence", {"signal": "size guide opened", "awareness": "1"})
    assert list(EvidenceWeight.objects.values_list("stage", "weight")) == [("awareness", 1.0)]
    office.need.refresh_from_db()
    assert office.need.version == before + 1
    assert "less than or equal to 10" in text_of(
        client.post("/needs/evidence", {"signal": "x", "shortlist": "11"})
    )
    assert AuditEntry.objects.filter(action="change_evidence").count() == 2


def test_the_overview_of_guides_shows_what_is_missing_and_what_is_stale(office: Office) -> None:
    client = office.enter("marketer")
    page = text_of(client.get("/guides"))
    assert "What to look for" in page
    assert page.count("Nothing yet") == 3, "three of the four stages have none"
    client.post(f"/guides/{office.guide.pk}/state", {"change": "publish"})
    assert "read again" in text_of(client.get("/guides")), "nobody has confirmed it"
    client.post(f"/guides/{office.guide.pk}/state", {"change": "verify"})
    assert "read again" not in text_of(client.get("/guides"))


def test_a_guide_is_written_published_changed_beside_its_readers_and_taken_back(office: Office) -> None:
    client = office.enter("marketer")
    client.post("/guides/new", guide_form(office))
    guide = Guide.objects.get(title="Do you need one?")
    assert (guide.slug, guide.status, guide.owner) == (
        "do-you-need-one",
        "draft",
        office.members["marketer"].user,
    )
    client.post(f"/guides/{guide.pk}/state", {"change": "publish"})
    client.post(f"/guides/{guide.pk}", guide_form(office, title="Do you?", slug=guide.slug, version=1))
    guide.refresh_from_db()
    assert (guide.version, guide.published_version, guide.status) == (2, 1, "published")
    assert "Version 1" in text_of(client.get(f"/guides/{guide.pk}/versions/1"))
    client.post(f"/guides/{guide.pk}/state", {"change": "unpublish"})
    guide.refresh_from_db()
    assert guide.status == "draft"


def test_who_saves_over_somebody_elses_version_is_told_and_loses_nothing(office: Office) -> None:
    form = guide_form(office, title="Mine", version=1)
    office.enter("owner").post(f"/guides/{office.guide.pk}", guide_form(office, title="Theirs", version=1))
    page = text_of(office.enter("marketer").post(f"/guides/{office.guide.pk}", form))
    assert "Somebody saved version 2 meanwhile" in page
    assert 'value="Mine"' in page
    office.guide.refresh_from_db()
    assert office.guide.title == "Theirs"


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ("{", "no JSON list"),
        (json.dumps([{"kind": "poem"}]), "Block 1"),
        (json.dumps([{"kind": "checklist", "items": [{"criterion": "Width"}]}]), "Is missing"),
    ],
)
def test_blocks_that_cannot_be_shown_are_refused_by_their_place(
    office: Office, blocks: str, says: str
) -> None:
    page = text_of(office.enter("marketer").post("/guides/new", guide_form(office, blocks=blocks)))
    assert says in page
    assert not Guide.objects.filter(title="Do you need one?").exists()


def test_a_preview_keeps_nothing_and_runs_nothing(office: Office) -> None:
    blocks = json.dumps([{"kind": "text", "markdown": "Look <script>alert(1)</script> **here**"}])
    answer = office.enter("marketer").post("/guides/preview", guide_form(office, blocks=blocks))
    page = answer.content.decode()
    assert "<strong>here</strong>" in page
    assert "<script>" not in page
    assert "script-src 'none'" in answer.headers["Content-Security-Policy"]
    assert Guide.objects.count() == 1


def guides_of(office: Office, number: int) -> None:
    for n in range(number):
        need = make_nudges.need(office.workspace, slug=f"more-{n}-{Need.objects.count()}")
        make_nudges.customer_need(make.customer(office.workspace), need)
        make_dashboard.guide(office, need=need)
        EvidenceWeight.objects.create(
            workspace=office.workspace, signal=f"s{need.pk}", stage="shortlist", weight=1
        )


@pytest.mark.parametrize("path", ["/needs", "/needs/evidence", "/guides"])
def test_a_page_asks_as_often_for_many_rows_as_for_few(
    office: Office, path: str, django_assert_num_queries: Any
) -> None:
    client = office.enter()
    guides_of(office, 10)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    guides_of(office, 60)
    with django_assert_num_queries(len(few)):
        assert client.get(path).status_code == 200


def test_a_stale_guide_is_one_that_nobody_has_read_for_longer_than_allowed(office: Office) -> None:
    client = office.enter("marketer")
    client.post(f"/guides/{office.guide.pk}/state", {"change": "publish"})
    client.post(f"/guides/{office.guide.pk}/state", {"change": "verify"})
    Guide.objects.update(verified_on=Guide.objects.get().verified_on - timedelta(days=181))
    assert "read again" in text_of(client.get(f"/guides/{office.guide.pk}"))
