"""Guides over time and for whom: scheduled, compared, restored, targeted, weighed by reviews, followed out of."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from engagement.identities import make_token
from engagement.keys import make_key
from engagement.models import Event, Fact, Workspace
from journeys.guides import (
    BadGuide,
    guide_for,
    publish_due_guides,
    publish_guide,
    render_guide,
    restore_version,
    save_guide,
    schedule_guide,
)
from journeys.guides.comparing import compare_versions
from journeys.guides.weights import sentences
from journeys.models import Guide, GuideVersion, Need
from tests import make, make_guides
from tests.make import NOW
from tests.make_dashboard import Office
from tests.make_journeys_base import shoe_need

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
WIDE = {"fact": "width", "topic": "running-shoes", "is": "wide"}


@pytest.fixture(autouse=True)
def _fresh_turns():
    cache.clear()


@pytest.fixture
def need() -> Need:
    return shoe_need(make.workspace())


def change(guide: Guide, **values: Any) -> Guide:
    return save_guide(workspace=guide.workspace, guide=guide, values=values, actor=None, now=NOW)


def seen(workspace: Workspace, need: Need, **more: Any) -> str | None:
    version = guide_for(workspace=workspace, need=need.slug, **more)
    return version.title if version else None


def test_the_scheduled_version_goes_out_at_its_time_whatever_is_saved_meanwhile(need: Need) -> None:
    guide = make_guides.guide(need.workspace, need=need, published=False, title="First")
    schedule_guide(guide=guide, at=LATER, actor=None, now=NOW)
    change(guide, title="Not finished")
    assert publish_due_guides(now=LATER - timedelta(seconds=1)) == {}
    assert publish_due_guides(now=LATER) == {"taken": 1, "published": 1}
    assert seen(need.workspace, need) == "First"
    assert publish_due_guides(now=LATER) == {}


def test_a_schedule_is_taken_back_and_past_times_are_refused(need: Need) -> None:
    guide = make_guides.guide(need.workspace, need=need, published=False)
    with pytest.raises(BadGuide):
        schedule_guide(guide=guide, at=NOW, actor=None, now=NOW)
    schedule_guide(guide=guide, at=LATER, actor=None, now=NOW)
    schedule_guide(guide=guide, at=None, actor=None, now=NOW)
    assert publish_due_guides(now=LATER) == {}
    assert seen(need.workspace, need) is None


def test_a_scheduled_guide_whose_place_is_taken_says_why_it_did_not_go_out(need: Need) -> None:
    waiting = make_guides.guide(need.workspace, need=need, published=False)
    schedule_guide(guide=waiting, at=LATER, actor=None, now=NOW)
    make_guides.guide(need.workspace, need=need, title="Quicker")
    assert publish_due_guides(now=LATER) == {"taken": 1, "refused": 1}
    waiting.refresh_from_db()
    assert "Quicker" in waiting.schedule_problem
    assert (waiting.status, waiting.publish_at) == ("draft", None)


def test_a_schedule_names_its_version(need: Need) -> None:
    guide = make_guides.guide(need.workspace, need=need, published=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Guide.objects.filter(pk=guide.pk).update(publish_at=LATER)


def test_what_changed_is_shown_line_by_line_and_an_earlier_version_comes_back(need: Need) -> None:
    guide = make_guides.guide(need.workspace, need=need, published=False, title="Old words")
    guide = change(guide, title="New words")
    old, new = GuideVersion.objects.order_by("number")
    changed = [(line.change, line.text) for line in compare_versions(old, new) if line.change != "same"]
    assert changed == [("removed", "Old words"), ("added", "New words"), ("gap", "…")]
    restored = restore_version(guide=guide, number=1, actor=None, now=NOW)
    assert (restored.title, restored.version) == ("Old words", 3)
    assert compare_versions(old, GuideVersion.objects.get(number=3)) == []
    with pytest.raises(GuideVersion.DoesNotExist):
        restore_version(guide=guide, number=9, actor=None, now=NOW)


def test_whom_a_guide_is_for_reads_it_and_everybody_else_the_general_one(need: Need) -> None:
    workspace = need.workspace
    make_guides.guide(workspace, need=need, title="General")
    make_guides.guide(workspace, need=need, title="For wide feet", conditions=WIDE)
    ana, ben = make.customer(workspace), make.customer(workspace)
    Fact.objects.create(
        workspace=workspace, customer=ana, topic=need.slug, key="width", value="wide", learned_at=NOW
    )
    assert seen(workspace, need, customer=ana, now=NOW) == "For wide feet"
    assert seen(workspace, need, customer=ben, now=NOW) == "General"
    assert seen(workspace, need) == "General", "nobody in particular"


def test_general_guides_stand_alone_and_bad_conditions_are_refused(need: Need) -> None:
    make_guides.guide(need.workspace, need=need)
    other = make_guides.guide(need.workspace, need=need, published=False)
    with pytest.raises(BadGuide):
        publish_guide(guide=other, actor=None, now=NOW)
    with pytest.raises(BadGuide) as refused:
        change(other, conditions={"shoe": "size"})
    assert [problem.path for problem in refused.value.problems] == ["conditions"]


def test_criteria_are_weighed_by_what_reviews_show(need: Need, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [SimpleNamespace(key="width", label="Foot width", gain=0.2)]
    monkeypatch.setattr("reviews.fits.attributes_that_matter", lambda *, workspace_id, need: found)
    item = {"criterion": "Width", "why": "Narrow shoes hurt.", "attribute": "width"}
    guide = make_guides.guide(need.workspace, need=need, blocks=[{"kind": "checklist", "items": [item]}])
    version = guide_for(workspace=need.workspace, need=need.slug)
    assert version is not None
    [block] = render_guide(version).blocks
    assert "“Foot width” changed the fit most" in block["items"][0]["weight"]
    assert "weight" not in guide.blocks[0]["items"][0], "computed, not kept"


def test_what_makes_no_difference_is_said_as_well() -> None:
    found = [("a", "A", 0.2), ("b", "B", 0.05), ("c", "C", 0.0)]
    said = sentences(found, {"a", "b", "c", "d"})
    assert "changed the fit most" in said["a"]
    assert "changed how well" in said["b"]
    assert "no difference" in said["c"]
    assert "d" not in said


def test_a_known_reader_gets_their_guide_and_links_out_are_told(client: Any, need: Need) -> None:
    workspace = need.workspace
    blocks = [{"kind": "text", "markdown": "See [the test](https://test.example/a?b=1&c=2)."}]
    make_guides.guide(workspace, need=need, title="General", slug="general", blocks=blocks)
    make_guides.guide(workspace, need=need, title="For wide feet", conditions=WIDE)
    ana = make.customer(workspace, external_id="ana")
    Fact.objects.create(
        workspace=workspace, customer=ana, topic=need.slug, key="width", value="wide", learned_at=NOW
    )
    key = make_key(workspace=workspace, kind="write", name="Shop")[1]
    token = make_token(workspace=workspace, external_id="ana", expires_at=timezone.now() + timedelta(hours=1))
    own = client.post(f"/e/f/guide/own/?key={key}", {"need": need.slug, "token": token})
    assert "For wide feet" in own.content.decode()
    assert own.headers["Cache-Control"] == "no-store"
    assert "General" in client.post(f"/e/f/guide/own/?key={key}", {"need": need.slug}).content.decode()
    assert "For wide feet" not in client.get("/e/f/guide/", {"key": key, "need": need.slug}).content.decode()
    told = {"guide": "general", "token": token, "link": "https://test.example/a?b=1&c=2"}
    assert client.post(f"/e/f/guide/read/?key={key}", told).status_code == 204
    wrong = told | {"link": "https://elsewhere.example/"}
    assert client.post(f"/e/f/guide/read/?key={key}", wrong).status_code == 404
    event = Event.objects.get(name="Guide Link Followed")
    assert (event.customer_id, event.properties["url"]) == (ana.pk, "https://test.example/a?b=1&c=2")


def test_a_guide_asks_a_known_reader_about_their_situation(client: Any, need: Need) -> None:
    blocks = [*make_guides.BLOCKS, {"kind": "situation", "heading": "About you"}]
    make_guides.guide(need.workspace, need=need, blocks=blocks)
    ana = make.customer(need.workspace, external_id="ana")
    Fact.objects.create(
        workspace=need.workspace, customer=ana, topic=need.slug, key="width", value="wide", learned_at=NOW
    )
    key = make_key(workspace=need.workspace, kind="write", name="Shop")[1]
    token = make_token(
        workspace=need.workspace, external_id="ana", expires_at=timezone.now() + timedelta(hours=1)
    )
    own = client.post(f"/e/f/guide/own/?key={key}", {"need": need.slug, "token": token}).content.decode()
    assert "About you" in own
    assert "<option selected>wide</option>" in own
    assert 'data-ts-post="/e/f/situation/' in own
    for nobodys in (
        client.get("/e/f/guide/", {"key": key, "need": need.slug}),
        client.post(f"/e/f/guide/own/?key={key}", {"need": need.slug}),
    ):
        assert "About you" not in nobodys.content.decode()


def test_marketers_schedule_restore_and_target() -> None:
    office = Office().furnish()
    client = office.enter("marketer")
    path = f"/guides/{office.guide.pk}"
    at = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    client.post(f"{path}/state", {"change": "schedule", "at": at})
    office.guide.refresh_from_db()
    assert office.guide.scheduled_version == 1
    assert "goes out on" in client.get(path).content.decode()
    client.post(f"{path}/state", {"change": "unschedule"})
    form = {"need": office.need.pk, "stage": "shortlist", "language": "en", "title": "Changed", "summary": "",
            "slug": office.guide.slug, "stale_after_days": 90, "blocks": "[]", "version": 1,
            "owner": office.members["marketer"].user_id,
            "conditions": '{"identified": true}'}  # fmt: skip
    assert client.post(path, form | {"conditions": "{"}).status_code == 200
    assert client.post(path, form).status_code == 302
    page = client.get(f"{path}/versions/1").content.decode()
    assert "What changed from here to version 2" in page
    client.post(f"{path}/state", {"change": "restore", "number": "1"})
    office.guide.refresh_from_db()
    assert (office.guide.version, office.guide.title) == (3, "What to look for")
    assert office.guide.conditions == {"identified": True}
    assert client.post(f"{path}/state", {"change": "restore", "number": "99"}).status_code == 404


def test_a_guide_is_written_in_another_language_from_its_own_words() -> None:
    office = Office().furnish()
    client = office.enter("marketer")
    guide = change(office.guide, blocks=make_guides.BLOCKS, conditions={"identified": True})
    page = client.get(f"/guides/new?of={guide.pk}&language=de")
    assert (
        page.context["form"].initial | {"language": "de", "slug": guide.slug} == page.context["form"].initial
    )
    assert page.context["blocks"][1]["items"][0]["key"] == "width", "ticks hold in both languages"
    form = {"need": office.need.pk, "stage": "shortlist", "language": "de", "title": "Worauf achten", "summary": "",
            "slug": guide.slug, "stale_after_days": 90, "blocks": page.context["blocks_text"],
            "owner": office.members["marketer"].user_id, "conditions": "{}"}  # fmt: skip
    assert client.post(f"/guides/new?of={guide.pk}&language=de", form).status_code == 302
    german = Guide.objects.get(workspace=office.workspace, language="de")
    assert (german.slug, german.blocks) == (guide.slug, guide.blocks)
    rows = client.get(f"/guides/{german.pk}").context["languages"]
    assert [(one.language, is_older) for one, is_older in rows] == [("de", False), ("en", True)]


def test_another_workspaces_guide_is_not_translated() -> None:
    other = make_guides.guide(make.workspace())
    client = Office().furnish().enter("marketer")
    assert client.get(f"/guides/new?of={other.pk}&language=de").status_code == 404
    assert client.get("/guides/new?of=x").status_code == 404


def test_who_looks_after_a_guide_is_reminded_and_nobody_else() -> None:
    office = Office().furnish()
    mine = change(office.guide, owner=office.members["marketer"].user)
    publish_guide(guide=mine, actor=None, now=NOW)
    said = "A guide that you look after wants to be read again"
    assert said in office.enter("marketer").get("/guides").content.decode()
    assert said not in office.enter("owner").get("/guides").content.decode()
    mine.verified_on = timezone.localdate()
    mine.save()
    assert said not in office.enter("marketer").get("/guides").content.decode()


def test_only_somebody_of_the_team_looks_after_a_guide() -> None:
    office = Office().furnish()
    stranger = Office().members["marketer"].user
    form = {"need": office.need.pk, "stage": "awareness", "language": "en", "title": "New", "slug": "", "summary": "",
            "stale_after_days": 90, "blocks": "[]", "owner": stranger.pk}  # fmt: skip
    assert office.enter("marketer").post("/guides/new", form).status_code == 200
    assert not Guide.objects.filter(title="New").exists()


def test_marketers_see_what_readers_get_at_a_place_and_why() -> None:
    office = Office().furnish()
    client = office.enter("marketer")
    place = f"/guides/readers?need={office.need.slug}&stage=shortlist&language=en"
    assert client.get(place).context["version"] is None
    publish_guide(guide=office.guide, actor=None, now=NOW)
    own = make_guides.guide(
        office.workspace, need=office.need, title="For Ada", conditions={"identified": True}
    )
    office.customer.external_id = "ada-1"
    office.customer.save()
    make.customer(office.workspace, email="adam@example.org")
    assert client.get(place).context["version"].guide == office.guide
    page = client.get(f"{place}&person=ada@example.org")
    assert page.context["version"].guide == own
    assert "in place of the general one" in page.content.decode()
    for person, says in (("ada", "Several people fit"), ("bob", "Nobody of your customers")):
        page = client.get(f"{place}&person={person}")
        assert page.context["version"] is None
        assert says in page.content.decode()
    assert client.get(f"{place}&person=%00").status_code == 200
