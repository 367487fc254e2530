"""The page that shows what to paste, and the frame in which the element is tried out."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from engagement.embed.previews import preview_key
from journeys.models import Survey
from reviews.tallying import tally_ratings
from tests import make, make_reviews
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    office = Office(allowed_origins=["https://shop.example"]).furnish()
    office.product = make.product(office.workspace, 'A"1', name="Tern")
    make_reviews.review(office.product, title="Dry feet")
    tally_ratings(now=make.NOW)
    return office


def shown(office, **query):
    return office.enter("analyst").get("/settings/snippets", query).content.decode()


def frame_of(html):
    return unescape(re.search(r'<iframe[^>]* src="([^"]+)"', html).group(1))


def test_the_snippet_names_key_product_and_look(office):
    html = unescape(unescape(shown(office, element="reviews", product='A"1', theme="warm")))
    assert f'data-key="{office.key.public_key}" defer' in html
    assert '<touchstone-reviews product="A"1"></touchstone-reviews>' in html
    assert "--touchstone-accent: #b4491f;" in html
    assert "min-block-size: 24rem" in html


def test_a_guide_is_chosen_by_need(office):
    html = unescape(shown(office, element="guide", need=office.need.slug, stage="shortlist"))
    assert f'<touchstone-guide need="{office.need.slug}" stage="shortlist">' in unescape(html)
    assert "element=guide" in frame_of(html)


def test_the_product_shown_first_is_the_one_of_which_there_is_most_to_see(office):
    make.product(office.workspace, "0", name="Aaa")
    assert "product=A%221" in frame_of(shown(office))
    assert "product=0" in frame_of(shown(office, product="0"))


@pytest.mark.parametrize(
    ("element", "pasted"),
    [
        ("shortlist", '<touchstone-shortlist need="{need}"></touchstone-shortlist>'),
        ("keep", '<touchstone-keep product="A&quot;1"></touchstone-keep>'),
        ("survey", '<touchstone-survey survey="how"></touchstone-survey>'),
        ("inbox", "<touchstone-inbox></touchstone-inbox>"),
    ],
)
def test_what_is_a_readers_own_can_be_pasted_and_is_not_shown(office, client, element, pasted):
    Survey.objects.create(
        workspace=office.workspace, slug="how", name="How", kind="csat", status="open", round=1,
        opened_at=make.NOW, created_at=make.NOW,
    )  # fmt: skip
    html = shown(office, element=element)
    assert pasted.format(need=office.need.slug) in unescape(html)
    assert "Everybody sees their own" in html
    assert "<iframe" not in html
    assert client.get(f"/e/preview/{preview_key(office.workspace)}/", {"element": element}).status_code == 404


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("https://shop.example/x", "is-good"),
        ("shop.example", "is-good"),
        ("https://other.example", "Not allowed yet"),
        ("nonsense://", "no address of a page"),
    ],
)
def test_a_page_is_checked_against_the_allowed_sites(office, page, said):
    assert said in shown(office, page=page)


def test_the_frame_shows_the_real_element_with_no_rights(office, client):
    frame = frame_of(shown(office, product='A"1', theme="night"))
    page = client.get(frame)
    html = page.content.decode()
    assert '<touchstone-reviews product="A&quot;1">' in html
    policy = page["Content-Security-Policy"]
    assert "sandbox allow-scripts" in policy
    assert "unsafe" not in policy
    assert not page.cookies
    key = re.search(r'data-key="([^"]+)"', html).group(1)
    answer = client.get("/e/f/reviews/", {"key": key, "product": 'A"1'}, headers={"origin": "null"})
    assert "Dry feet" in answer.content.decode()
    assert answer["Access-Control-Allow-Origin"] == "null"
    assert "color-scheme: dark" in client.get("/e/preview.css?theme=night").content.decode()


def test_its_key_opens_nothing_else(office, client, monkeypatch):
    key = preview_key(office.workspace)
    asked = {"key": key, "product": 'A"1'}
    for origin in ("", "https://shop.example", "https://evil.example"):
        headers = {"origin": origin} if origin else {}
        assert client.get("/e/f/reviews/", asked, headers=headers).status_code == 404
    review = office.product.reviews.get()
    voted = client.post(
        f"/e/f/review/vote/?key={key}", {"review": review.pk, "helpful": "1"}, headers={"origin": "null"}
    )
    assert voted.status_code == 404
    assert client.get("/e/preview/preview.forged/?element=reviews").status_code == 404
    assert client.get(f"/e/preview/{key}/?element=script").status_code == 404
    monkeypatch.setattr("engagement.embed.previews.GOOD_FOR", timedelta(seconds=-1))
    assert client.get("/e/f/reviews/", asked, headers={"origin": "null"}).status_code == 404


def test_without_anything_to_show_it_says_so():
    assert "Nothing to show yet" in shown(Office())
