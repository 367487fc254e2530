"""Shortlists on the shop's pages, by the owner's link, by friends' links, in the dashboard and by API."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from engagement.keys import make_key
from engagement.models import Customer, Event, Product
from journeys.links import shared_url, shortlist_url
from journeys.models import Need, Shortlist, ShortlistFriend, ShortlistItem, ShortlistLink, ShortlistWord
from journeys.shortlists import share_shortlist
from tests import make
from tests.make_api import caller
from tests.make_dashboard import Office
from tests.make_journeys_base import shoe_need
from tests.make_shortlists import kept, shortlist

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_turns():
    cache.clear()


@pytest.fixture
def need() -> Need:
    return shoe_need(make.workspace())


@pytest.fixture
def tern(need: Need) -> Product:
    return make.product(
        need.workspace, "TERN", name="Tern", category="Road shoes", price="99.00", currency="EUR"
    )


@pytest.fixture
def element(client: Any, need: Need) -> Any:
    key = make_key(workspace=need.workspace, kind="write", name="Shop")[1]

    def ask(what: str, **fields: Any) -> Any:
        return client.post(f"/e/f/{what}/?key={key}", fields)

    return ask


def path_of(url: str) -> str:
    return url[url.index("/e/") :]


def test_the_button_keeps_a_product_for_a_visitor_and_the_list_shows_it(
    element: Any, need: Need, tern: Product
) -> None:
    browser = {"anonymous_id": "browser-1"}
    assert "Put it on my shortlist" in element("keep", product="TERN", **browser).content.decode()
    assert not Customer.objects.exists(), "looking makes nobody"
    assert "On your shortlist" in element("keep", product="TERN", do="keep", **browser).content.decode()
    shown = element("shortlist", **browser).content.decode()
    assert "Tern" in shown
    assert "EUR 99.00" in shown
    assert Event.objects.get().name == "Shortlist Item Added"


def test_who_is_nobody_here_gets_a_list_behind_a_link_of_its_own(
    client: Any, element: Any, need: Need, tern: Product
) -> None:
    shown = element("keep", product="TERN").content.decode()
    start = re.search(r'href="([^"]+)"', shown)
    assert start is not None
    assert "Begin with Tern" in client.get(start[1]).content.decode()
    assert not Customer.objects.exists()
    begun = client.post(start[1])
    assert begun.status_code == 303
    page = client.get(path_of(begun.headers["Location"]))
    assert "Tern" in page.content.decode()
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert not page.cookies
    assert client.post(start[1], {"website": "http://spam.example"}).status_code == 404
    assert Shortlist.objects.count() == 1


def test_an_id_that_has_signed_in_opens_nothing_and_changes_nothing(
    element: Any, need: Need, tern: Product
) -> None:
    browser = {"anonymous_id": "browser-1", "need": need.slug}
    element("keep", product="TERN", do="keep", **browser)
    Customer.objects.update(external_id="u1")
    assert "Tern" not in element("shortlist", **browser).content.decode()
    assert element("shortlist", do="keep", name="Other", **browser).status_code == 404
    assert ShortlistItem.objects.count() == 1


def test_the_owner_does_everything_without_scripts(client: Any, need: Need, tern: Product) -> None:
    ana = make.customer(need.workspace)
    path = path_of(shortlist_url(ana, need))

    def do(what: str, **fields: Any) -> Any:
        return client.post(path, fields | {"do": what})

    assert "Nothing on it yet" in client.get(path).content.decode()
    assert do("keep", name="Other", url="https://other.example/x").status_code == 303
    do("keep", product="TERN")
    assert do("demand", must_haves="Wide\nLight", also="Grip").status_code == 303
    item = ShortlistItem.objects.get(product=tern)
    do("mark", **{f"met.{item.pk}.wide": "no", f"note.{item.pk}": "too narrow", "met.x.wide": "yes"})
    page = client.get(path).content.decode()
    assert "Lacks a must" in page
    assert "too narrow" in page
    assert do("share", label="Ben").status_code == 303
    link = ShortlistLink.objects.get()
    assert shared_url(link) in client.get(path).content.decode()
    assert do(f"revoke:{link.pk}").status_code == 303
    assert do(f"choose:{item.pk}").status_code == 303
    assert "You have decided for Tern." in client.get(path).content.decode()
    assert do(f"drop:{item.pk}").status_code == 303
    assert list(ShortlistItem.objects.values_list("name", flat=True)) == ["Other"]
    refused = do("keep", name="Evil", url="javascript:alert(1)")
    assert (refused.status_code, "https://" in refused.content.decode()) == (422, True)
    assert do("paint").status_code == 404


def test_the_owner_takes_the_list_along_and_deletes_it(client: Any, need: Need, tern: Product) -> None:
    ana = make.customer(need.workspace)
    path = path_of(shortlist_url(ana, need))
    client.post(path, {"do": "keep", "product": "TERN", "note": "Grey"})
    other = shoe_need(need.workspace, slug="other")
    client.post(path_of(shortlist_url(ana, other)), {"do": "keep", "name": "Elsewhere"})
    told = client.get(f"{path}?take=1")
    assert (told["Cache-Control"], "attachment" in told["Content-Disposition"]) == ("no-store", True)
    assert [[item["note"] for item in one["items"]] for one in told.json()["shortlists"]] == [["Grey"]]

    unsure = client.post(path, {"do": "delete"})
    assert (unsure.status_code, "Tick that you are sure" in unsure.content.decode()) == (422, True)
    assert Shortlist.objects.filter(need=need).exists()
    assert client.post(path, {"do": "delete", "sure": "1"}).status_code == 303
    assert "Nothing on it yet" in client.get(path).content.decode()
    assert [one.need for one in Shortlist.objects.all()] == [other], "other lists stay"
    assert Event.objects.filter(name="Shortlist Deleted").count() == 1
    assert client.post(path, {"do": "delete", "sure": "1"}).status_code == 404


def test_a_link_of_one_customer_touches_nothing_of_another(client: Any, need: Need, tern: Product) -> None:
    ana, ben = make.customer(need.workspace), make.customer(need.workspace)
    [item] = kept(ben, need, tern)
    link = share_shortlist(shortlist=item.shortlist, now=timezone.now())
    kept(ana, need, "Mine")
    path = path_of(shortlist_url(ana, need))
    for verb in (f"drop:{item.pk}", f"choose:{item.pk}", f"revoke:{link.pk}", "unfriend:1"):
        assert client.post(path, {"do": verb}).status_code == 404
    assert client.get(path.replace(need.workspace.slug, make.workspace().slug)).status_code == 404
    assert client.get(path[:-6] + "xxxxx/").status_code == 404
    assert ShortlistItem.objects.filter(chosen_at=None).count() == 2


def test_a_friend_votes_without_an_account_and_may_change_it(client: Any, need: Need, tern: Product) -> None:
    ana = make.customer(need.workspace)
    found = shortlist(ana, need, tern, "Other", must=("Wide",))
    ShortlistItem.objects.filter(product=tern).update(note="private")
    path = path_of(shared_url(share_shortlist(shortlist=found, now=timezone.now())))
    item = ShortlistItem.objects.get(product=tern)
    page = client.get(path).content.decode()
    assert ("Tern" in page, "private" in page, "narrow" in page) == (True, False, False)
    vote = {"name": "Ben", f"vote.{item.pk}": "for", f"comment.{item.pk}": "<b>Good</b>"}
    answer = client.post(path, vote)
    assert answer.status_code == 303
    mine = answer.headers["Location"]
    assert "&lt;b&gt;Good" in client.get(mine).content.decode()
    client.post(mine.replace("&done=1", ""), {"name": "Ben", f"vote.{item.pk}": "against"})
    assert list(ShortlistWord.objects.values_list("vote", "comment")) == [(-1, "")]
    assert ShortlistFriend.objects.count() == 1
    assert client.post(path, {"name": "", f"vote.{item.pk}": "for"}).status_code == 422
    client.post(path, vote | {"name": "Machine", "website": "x"})
    assert ShortlistFriend.objects.count() == 1
    owner = path_of(shortlist_url(ana, need))
    assert "0 for it, 1 against" in client.get(owner).content.decode()
    client.post(owner, {"do": f"unfriend:{ShortlistFriend.objects.get().pk}"})
    assert "against" not in client.get(owner).content.decode()


def test_a_link_that_ended_says_so_and_takes_nothing(client: Any, need: Need, tern: Product) -> None:
    found = shortlist(make.customer(need.workspace), need, tern)
    link = share_shortlist(shortlist=found, lasts=timedelta(days=1), now=timezone.now() - timedelta(days=2))
    path = path_of(shared_url(link))
    assert client.get(path).status_code == 410
    assert client.post(path, {"name": "Ben", f"vote.{found.items.get().pk}": "for"}).status_code == 410
    assert client.get(path.replace(need.workspace.slug, make.workspace().slug)).status_code == 404
    assert not ShortlistFriend.objects.exists()


def test_one_address_cannot_answer_again_and_again(client: Any, need: Need, tern: Product) -> None:
    found = shortlist(make.customer(need.workspace), need, tern)
    path = path_of(shared_url(share_shortlist(shortlist=found, now=timezone.now())))
    vote = {f"vote.{found.items.get().pk}": "for"}
    statuses = [client.post(path, vote | {"name": f"B{n}"}).status_code for n in range(12)]
    assert (statuses[9], statuses[10]) == (303, 429)
    assert ShortlistFriend.objects.count() == 10


def test_marketers_see_what_they_are_compared_with() -> None:
    office = Office().furnish()
    page = office.enter("analyst").get("/needs/alternatives")
    assert "No shortlist yet" in page.content.decode()
    rival = make.product(office.workspace, "RIVAL", name="Rival", kind="outside")
    kept(office.customer, office.need, rival)
    page = office.enter("analyst").get(f"/needs/alternatives?need={office.need.slug}")
    assert "Rival" in page.content.decode()
    assert office.enter("analyst").get("/needs/alternatives?need=nothing").status_code == 404


def test_shops_fill_and_read_lists_by_api(need: Need, tern: Product) -> None:
    ana = make.customer(need.workspace)
    shop = caller(need.workspace)
    made = shop.post("shortlist-items", {"customer": ana.pk, "product": "TERN"})
    assert (made.status_code, made.json()["product"], made.json()["is_outside"]) == (201, "TERN", False)
    typed = shop.post("shortlist-items", {"customer": ana.pk, "need": need.slug, "name": "Other"})
    assert (typed.json()["product"], typed.json()["name"], typed.json()["is_outside"]) == (
        None,
        "Other",
        True,
    )
    [found] = shop.pages(f"shortlists?customer={ana.pk}")
    assert [item["name"] for item in found["items"]] == ["Tern", "Other"]
    assert shop.get(f"shortlists/{found['id']}").json()["need"] == need.slug
    assert shop.pages("shortlists?product=TERN") != []
    assert shop.delete(f"shortlist-items/{typed.json()['id']}").status_code == 204
    assert ShortlistItem.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"product": "NONE"}, "/product"),
        ({"name": "Other"}, "/need"),
        ({"name": "Other", "need": "none"}, "/need"),
        ({"name": "Other", "product": "TERN"}, "/product"),
        ({"product": "TERN", "customer": 999_999}, "/customer"),
        ({"name": "Other", "need": "running-shoes", "url": "ftp://x"}, "/url"),
    ],
)
def test_what_the_api_cannot_keep_is_named(
    need: Need, tern: Product, body: dict[str, Any], pointer: str
) -> None:
    ana = make.customer(need.workspace)
    answer = caller(need.workspace).post("shortlist-items", {"customer": ana.pk} | body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not ShortlistItem.objects.exists()


def test_lists_of_another_workspace_are_not_there(need: Need, tern: Product) -> None:
    [item] = kept(make.customer(need.workspace), need, tern)
    stranger = caller(make.workspace())
    assert stranger.get(f"shortlists/{item.shortlist_id}").status_code == 404
    assert stranger.delete(f"shortlist-items/{item.pk}").status_code == 404
    assert stranger.pages("shortlists") == []
    assert ShortlistItem.objects.count() == 1
