"""Guides on the shop's pages and as pages of their own."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.identities import make_token
from engagement.keys import make_key
from engagement.models import Customer, Event, EventKey
from tests import make, make_guides

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_turns():
    cache.clear()


@pytest.fixture
def workspace():
    return make.workspace()


@pytest.fixture
def key(workspace):
    return make_key(workspace=workspace, kind="write", name="Shop")[1]


@pytest.fixture
def guide(workspace):
    return make_guides.guide(workspace, slug="shoes")


def read(client, key, **fields):
    return client.post(f"/e/f/guide/read/?key={key}", {"guide": "shoes", **fields})


def events(name):
    return list(Event.objects.filter(name=name).order_by("id"))


def test_a_guide_is_shown_with_its_criteria(client, guide, key):
    html = client.get("/e/f/guide/", {"key": key, "need": guide.need.slug}).content.decode()
    assert "Measure <strong>twice</strong>" in html
    assert "Narrow shoes hurt." in html
    assert 'data-ts-check="width"' in html


def test_what_a_marketer_typed_is_not_executed(client, workspace, key):
    evil = "<script>alert(1)</script>"
    block = {
        "kind": "checklist",
        "heading": evil,
        "items": [{"criterion": evil, "why": evil, "how": evil, "evidence": evil}],
    }
    guide = make_guides.guide(workspace, title=evil, summary=evil, blocks=[block])
    for answer in (
        client.get("/e/f/guide/", {"key": key, "need": guide.need.slug}),
        client.get(f"/e/guide/{workspace.slug}/{guide.slug}/"),
    ):
        assert b"<script>alert" not in answer.content
        assert b"&lt;script&gt;alert" in answer.content


def test_the_page_speaks_the_language_asked_for(client, workspace, guide):
    make_guides.guide(workspace, need=guide.need, slug="shoes", language="de", title="Schuhe")
    german = client.get(f"/e/guide/{workspace.slug}/shoes/?lang=de").content.decode()
    assert "Schuhe" in german
    assert 'hreflang="en"' in german
    assert guide.title in client.get(f"/e/guide/{workspace.slug}/shoes/?lang=xx").content.decode()


def test_a_stale_guide_says_so_to_its_readers(client, workspace):
    guide = make_guides.guide(workspace, verified_on=timezone.localdate() - timedelta(days=400))
    assert b"out of date" in client.get(f"/e/guide/{workspace.slug}/{guide.slug}/").content
    fresh = make_guides.guide(workspace, verified_on=timezone.localdate())
    assert b"out of date" not in client.get(f"/e/guide/{workspace.slug}/{fresh.slug}/").content


def test_reading_is_on_the_readers_timeline_once_a_day(client, guide, key):
    for _ in range(3):
        assert read(client, key, anonymous_id="browser-1").status_code == 204
    (event,) = events("Guide Read")
    assert event.properties["need"] == guide.need.slug
    assert event.properties["stage"] == "shortlist"
    assert event.source == "embed"


def test_a_reader_who_is_nobody_leaves_no_trace(client, guide, key):
    assert read(client, key).status_code == 204
    assert events("Guide Read") == []
    assert not Customer.objects.exists()


def test_who_the_shops_server_names_is_the_reader(client, workspace, guide, key):
    customer = make.customer(workspace, external_id="u1")
    token = make_token(workspace=workspace, external_id="u1", expires_at=timezone.now() + timedelta(hours=1))
    read(client, key, token=token, anonymous_id="browser-1")
    assert [event.customer_id for event in events("Guide Read")] == [customer.pk]


def test_a_forged_token_names_nobody(client, workspace, guide, key):
    make.customer(workspace, external_id="u1")
    stranger = make_token(
        workspace=make.workspace(), external_id="u1", expires_at=timezone.now() + timedelta(hours=1)
    )
    read(client, key, token=stranger)
    assert events("Guide Read") == []


def test_ticking_a_criterion_off_is_told(client, guide, key):
    read(client, key, anonymous_id="b", check="width", on="1")
    (event,) = events("Guide Checked")
    assert (event.properties["criterion"], event.properties["on"]) == ("width", True)


def test_what_a_customer_ticked_off_is_ticked_on_every_device(client, workspace, guide, key):
    make.customer(workspace, external_id="u1")
    token = make_token(workspace=workspace, external_id="u1", expires_at=timezone.now() + timedelta(hours=1))

    def shown(**who):
        asked = {"need": guide.need.slug, **who}
        return client.post(f"/e/f/guide/own/?key={key}", asked).content.decode()

    ticked = 'data-ts-check="width" checked'
    assert ticked not in shown(token=token)
    for on, times in (("1", 1), ("1", 1), ("0", 2), ("1", 3)):
        read(client, key, token=token, check="width", on=on)
        assert len(events("Guide Checked")) == times, "what is known already is not told again"
        assert (ticked in shown(token=token)) == (on == "1")
        EventKey.objects.all().delete()  # as if a second had passed
    assert ticked not in shown(anonymous_id="somebody-else")
    assert "data-ts-ticked" in shown(token=token)
    assert (
        "data-ts-ticked" not in client.get(f"/e/f/guide/?key={key}&need={guide.need.slug}").content.decode()
    )


def test_a_criterion_that_the_guide_does_not_have_is_not_found(client, guide, key):
    assert read(client, key, anonymous_id="b", check="colour", on="1").status_code == 404
    assert events("Guide Checked") == []


def test_a_guide_of_another_workspace_cannot_be_read(client, key):
    make_guides.guide(make.workspace(), slug="shoes")
    assert read(client, key, anonymous_id="b").status_code == 404


def test_many_blocks_and_products_cost_no_more_queries(client, workspace, key):
    def queries(width, name):
        skus = [f"{name}-{n}" for n in range(5)]
        for sku in skus:
            make.product(workspace, sku)
        blocks = [make_guides.comparison(*skus) for _ in range(width)] + [make_guides.CHECKLIST] * width
        guide = make_guides.guide(workspace, blocks=blocks)
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/e/f/guide/", {"key": key, "need": guide.need.slug}).status_code == 200
        return len([q for q in captured if "UPDATE" not in q["sql"]])

    queries(1, "warm-up")
    assert queries(1, "few") == queries(20, "many") <= 3


def pros_and_cons(workspace, **fields):
    for sku in ("OURS", "THEIRS", "PLAIN"):
        make.product(workspace, sku, name=sku.title(), kind="outside" if sku == "THEIRS" else "own",
                     source_url="https://test.example/")  # fmt: skip
    block = make_guides.comparison("OURS", "THEIRS", "PLAIN")
    block["columns"][0] |= {"pros": ["Light", "Dry </script>"], "cons": ["Dear"]}
    block["columns"][1] |= {"cons": ["Heavy", "Cold"]}
    block["columns"][2] |= {"pros": ["Cheap"]}
    return make_guides.guide(workspace, blocks=[block], **fields)


def test_what_speaks_for_and_against_is_shown_and_told_to_search_engines_on_the_guides_page_only(
    client, workspace, key
):
    guide = pros_and_cons(workspace)
    page = client.get(f"/e/guide/{workspace.slug}/{guide.slug}/").content.decode()
    assert "Speaks against it" in page
    assert page.count("</script>") == page.count("<script")
    (told,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    ours, theirs = json.loads(told)["@graph"]
    assert [ours["name"], theirs["name"]] == ["Ours", "Theirs"], "one note alone is none for search engines"
    assert ours["review"]["positiveNotes"]["itemListElement"][1] == {
        "@type": "ListItem", "position": 2, "name": "Dry </script>"
    }  # fmt: skip
    assert "positiveNotes" not in theirs["review"]
    assert "reviewRating" not in ours["review"]
    fragment = client.get("/e/f/guide/", {"key": key, "need": guide.need.slug}).content.decode()
    assert "Speaks against it" in fragment
    assert "ld+json" not in fragment
    assert "ld+json" not in client.get(f"/e/guide/{workspace.slug}/{guide.slug}/?jsonld=off").content.decode()
