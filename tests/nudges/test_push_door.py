"""Web push on the shop's pages: who is asked, what a browser says, and what is made of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from engagement.identities import make_token
from engagement.keys import make_key
from engagement.models import Address, Consent, Customer, Event, Workspace
from nudges.channels.making import make_keys
from tests import make
from tests.make_channels import browser, push_account, subscribed

pytestmark = pytest.mark.django_db
ORIGIN = "https://shop.example"


@pytest.fixture
def shop() -> Workspace:
    return make.workspace(name="Larkfell", allowed_origins=[ORIGIN], locale="de")


@pytest.fixture
def key(shop: Workspace) -> str:
    return make_key(workspace=shop, kind="write", name="shop")[1]


@pytest.fixture
def ana(shop: Workspace) -> Customer:
    return make.customer(shop, external_id="ana")


@pytest.fixture(autouse=True)
def _turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engagement.embed.doors.take_turn", lambda **_what: 0)


def token(shop: Workspace, external_id: str = "ana") -> str:
    return make_token(
        workspace=shop, external_id=external_id, expires_at=datetime.now(UTC) + timedelta(minutes=5)
    )


def post(path: str, key: str, **fields: str) -> Any:
    return Client().post(
        f"/m/push/{path}/?key={key}", fields, headers={"Origin": ORIGIN, "User-Agent": "Chrome"}
    )


def test_the_question_names_the_topics_and_the_public_key_and_comes_only_once_there_is_one(
    shop: Workspace, key: str
) -> None:
    make.category(shop, "tips", name="Tipps")
    make.category(shop, "offers", name="Angebote")
    ask = f"/m/push/question/?key={key}"
    assert Client().get(ask, headers={"Origin": ORIGIN}).status_code == 404
    account = push_account(shop)
    answer = Client().get(f"{ask}&topics=tips", headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    html = answer.content.decode()
    assert account.settings["public_key"] in html
    assert "Tipps" in html
    assert "Angebote" not in html
    assert "private" not in html
    assert "Ja, bitte" in html
    assert not Address.objects.exists()


def test_a_yes_keeps_the_browser_and_the_words_that_were_agreed_to(
    shop: Workspace, key: str, ana: Customer
) -> None:
    tips, offers = make.category(shop, "tips", opt_in=True), make.category(shop, "offers", opt_in=True)
    push_account(shop)
    told = browser()
    answer = post(
        "subscribe",
        key,
        subscription=told.as_json(),
        token=token(shop),
        topics="tips",
        wording="Soll ich? Ja.",
    )
    assert (answer.status_code, answer.json()) == (200, {"new": True})
    address = Address.objects.get(customer=ana, channel="web_push")
    assert address.details == told.subscription.details | {"browser": "Chrome"}
    assert len(address.value) == 64
    consent = Consent.objects.get(customer=ana)
    assert (consent.category, consent.channel, consent.state) == (tips, "web_push", "granted")
    assert (consent.source, consent.proof) == ("web_push", "Soll ich? Ja.")
    assert offers.consent_set.count() == 0
    assert Event.objects.filter(customer=ana, name="Consent Changed").count() == 1


def test_a_sign_of_life_refreshes_the_browser_and_consents_to_nothing(
    shop: Workspace, key: str, ana: Customer
) -> None:
    make.category(shop, "tips", opt_in=True)
    push_account(shop)
    told = browser()
    for is_new in (True, False):
        assert post("subscribe", key, subscription=told.as_json(), token=token(shop)).json() == {
            "new": is_new
        }
    assert Address.objects.filter(customer=ana).count() == 1
    assert not Consent.objects.exists()


def test_a_browser_belongs_to_whoever_uses_it_now(shop: Workspace, key: str, ana: Customer) -> None:
    ben = make.customer(shop, external_id="ben")
    told = browser()
    subscribed(ana, told)
    subscribed(ana, other := browser("https://push.example/other"))
    post("subscribe", key, subscription=told.as_json(), token=token(shop, "ben"))
    assert [address.details["endpoint"] for address in ben.addresses.all()] == [told.endpoint]
    assert [address.details["endpoint"] for address in ana.addresses.all()] == [other.endpoint]


def test_nobody_in_particular_and_nonsense_are_refused(shop: Workspace, key: str, ana: Customer) -> None:
    good = browser().as_json()
    assert post("subscribe", key, subscription=good).status_code == 401
    assert post("subscribe", key, subscription=good, token="x.y").status_code == 401
    for bad in (
        "", "{}", "[1]", '{"endpoint": "https://push.example/a", "keys": {"p256dh": "AA", "auth": "AA"}}',
        browser_at("http://push.example/a"), browser_at("https://10.0.0.8/a"), browser_at("https://127.0.0.1/a"),
    ):  # fmt: skip
        answer = post("subscribe", key, subscription=bad, token=token(shop))
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_subscription"), bad
    assert not Address.objects.exists()
    assert not Consent.objects.exists()


def browser_at(endpoint: str) -> str:
    return browser().as_json().replace("https://push.example/abc", endpoint)


def test_a_subscription_made_with_older_keys_is_sent_back(shop: Workspace, key: str, ana: Customer) -> None:
    push_account(shop)
    answer = post(
        "subscribe", key, subscription=browser().as_json(), token=token(shop), server_key="BOLDkey+/older=="
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "other_key")
    assert not Address.objects.exists()


def test_new_keys_forget_every_browser_of_this_workspace_alone(shop: Workspace, ana: Customer) -> None:
    other = make.customer(make.workspace())
    before = push_account(shop).settings["public_key"]
    subscribed(ana, browser())
    subscribed(other, browser())
    assert make_keys(workspace=shop, channel="web_push", actor=None, now=make.NOW) == ""
    after = shop.channel_accounts.get().settings
    assert after["public_key"] != before
    assert after["contact"] == "push@example.org"
    assert "PRIVATE" not in str(shop.channel_accounts.get().__dict__)
    assert not ana.addresses.exists()
    assert other.addresses.exists()


def test_a_browser_renews_its_subscription_and_leaves(shop: Workspace, key: str, ana: Customer) -> None:
    old, new = browser("https://push.example/old"), browser("https://push.example/new")
    subscribed(ana, old)
    assert post("renew", key, old="https://push.example/none", subscription=new.as_json()).status_code == 404
    assert post("renew", key, old=old.endpoint, subscription="{}").status_code == 422
    assert endpoints(ana) == [old.endpoint]
    assert post("renew", key, old=old.endpoint, subscription=new.as_json()).status_code == 200
    assert endpoints(ana) == [new.endpoint]
    assert post("leave", key, endpoint=new.endpoint).status_code == 204
    assert endpoints(ana) == []


def test_another_workspaces_key_touches_none_of_our_browsers(
    shop: Workspace, key: str, ana: Customer
) -> None:
    theirs = make_key(workspace=make.workspace(allowed_origins=[ORIGIN]), kind="write", name="shop")[1]
    subscribed(ana, told := browser())
    assert post("leave", theirs, endpoint=told.endpoint).status_code == 204
    assert post("renew", theirs, old=told.endpoint, subscription=browser().as_json()).status_code == 404
    assert endpoints(ana) == [told.endpoint]


def endpoints(customer: Customer) -> list[str]:
    return [address.details["endpoint"] for address in customer.addresses.order_by("id")]


def test_a_get_changes_nothing(shop: Workspace, key: str, ana: Customer) -> None:
    subscribed(ana, told := browser())
    for path in ("subscribe", "renew", "leave"):
        assert Client().get(f"/m/push/{path}/?key={key}&endpoint={told.endpoint}").status_code == 405
    assert endpoints(ana) == [told.endpoint]
