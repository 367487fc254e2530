"""The inbox, and who may open it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.identities import embed_secret, make_token
from engagement.keys import make_key
from engagement.models import Customer, Workspace
from nudges.links import inbox_url
from nudges.models import Message
from nudges.sending import send_messages
from tests import make, make_messages
from tests.nudges.pages.paths import ORIGIN, path

pytestmark = pytest.mark.django_db


class TestInbox:
    @pytest.fixture
    def letter(self, shop: Workspace, ana: Customer) -> Message:
        now = datetime.now(UTC)
        made = make_messages.message(
            make_messages.nudge(shop, words="Dear *Ana*"), ana, channel="inbox", at=now
        )
        send_messages(now=now)
        made.refresh_from_db()
        return made

    @pytest.fixture
    def address(self, shop: Workspace) -> str:
        return f"/m/inbox/?key={make_key(workspace=shop, kind='write', name='shop')[1]}"

    def headers(self, shop: Workspace, *, subject: str = "ana", minutes: int = 5) -> dict[str, str]:
        expires = datetime.now(UTC) + timedelta(minutes=minutes)
        token = make_token(workspace=shop, external_id=subject, expires_at=expires)
        return {"Authorization": f"Bearer {token}", "Origin": ORIGIN}

    def test_the_page_shows_reads_and_puts_away(
        self, browser: Client, ana: Customer, letter: Message
    ) -> None:
        link = path(inbox_url(ana))
        html = browser.get(link).content.decode()
        assert "Dear <em>Ana</em>" in html
        letter.refresh_from_db()
        assert letter.read_at is None  # looking is not reading: scanners look
        assert browser.post(f"{link}{letter.pk}/read/").status_code == 303
        assert browser.post(f"{link}{letter.pk}/archive/").status_code == 303
        letter.refresh_from_db()
        assert letter.read_at is not None
        assert letter.archived_at is not None
        assert "Nothing here" in browser.get(link).content.decode()
        assert browser.post(f"{link}{letter.pk}/burn/").status_code == 404

    def test_nobody_touches_the_inbox_of_another(
        self, browser: Client, shop: Workspace, letter: Message
    ) -> None:
        ben = make.customer(shop, email="ben@example.org")
        assert browser.post(f"{path(inbox_url(ben))}{letter.pk}/archive/").status_code == 404
        letter.refresh_from_db()
        assert letter.archived_at is None

    def test_the_shops_page_gets_it_for_whom_the_shop_vouches(
        self, browser: Client, shop: Workspace, letter: Message, address: str
    ) -> None:
        answer = browser.get(address, headers=self.headers(shop))
        assert answer.status_code == 200
        assert answer["Access-Control-Allow-Origin"] == ORIGIN
        assert not answer.cookies
        body = answer.json()
        assert body["unread"] == 1
        [entry] = body["messages"]
        assert entry["html"] == "<p>Dear <em>Ana</em></p>\n"
        assert set(entry["replies"]) == {"helpful", "not_now", "not_relevant", "changed"}
        fragment = browser.get(address.replace("inbox/", "inbox/fragment/"), headers=self.headers(shop))
        assert "Dear <em>Ana</em>" in fragment.content.decode()
        acted = browser.post(
            address.replace("inbox/", f"inbox/{letter.pk}/read/"), headers=self.headers(shop)
        )
        assert acted.json() == {"unread": 0}

    def test_its_own_words_are_said_to_be_in_the_customers_language(
        self, browser: Client, shop: Workspace, ana: Customer, address: str
    ) -> None:
        Customer.objects.filter(pk=ana.pk).update(locale="de-AT")
        fragment = browser.get(address.replace("inbox/", "inbox/fragment/"), headers=self.headers(shop))
        html = fragment.content.decode()
        assert '<section class="inbox" lang="de"' in html
        assert "Hier ist nichts." in html

    def test_nobody_else_gets_it(
        self, browser: Client, shop: Workspace, letter: Message, address: str
    ) -> None:
        other = make.workspace()
        make.customer(other, external_id="ana")
        for headers in (
            {},
            {"Authorization": "Bearer x.y"},
            self.headers(other),
            self.headers(shop, subject="nobody"),
            self.headers(shop, minutes=-1),
            self.headers(shop, minutes=60 * 48),
        ):
            assert browser.get(address, headers=headers).status_code == 401
        assert browser.get("/m/inbox/?key=wk_nonsense", headers=self.headers(shop)).status_code == 404
        ben = make.customer(shop, external_id="ben")
        assert (
            browser.get(address, headers=self.headers(shop, subject=str(ben.external_id))).json()["messages"]
            == []
        )

    def test_another_sites_page_may_not_read_it(
        self, browser: Client, shop: Workspace, letter: Message, address: str
    ) -> None:
        headers = self.headers(shop) | {"Origin": "https://evil.example"}
        assert "Access-Control-Allow-Origin" not in browser.get(address, headers=headers)
        preflight = browser.options(address, headers={"Origin": ORIGIN})
        assert preflight.status_code == 204
        assert preflight["Access-Control-Allow-Headers"] == "authorization"


class TestIdentityTokens:
    @given(data=st.data())
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_one_that_was_touched_names_nobody(
        self, shop: Workspace, ana: Customer, data: st.DataObject
    ) -> None:
        from engagement.identities import customer_from_token

        token = make_token(workspace=shop, external_id="ana", expires_at=make.NOW + timedelta(minutes=5))
        assert customer_from_token(workspace=shop, token=token, now=make.NOW) == ana
        place = data.draw(st.integers(0, len(token) - 1))
        sign = data.draw(st.sampled_from("abcXYZ019-_.=é"))
        if token[place] != sign:
            touched = token[:place] + sign + token[place + 1 :]
            assert customer_from_token(workspace=shop, token=touched, now=make.NOW) is None

    def test_each_workspace_has_its_own_secret_and_a_rotated_key_still_opens(
        self, shop: Workspace, ana: Customer, settings: Any
    ) -> None:
        from engagement.identities import customer_from_token

        assert embed_secret(shop) != embed_secret(make.workspace())
        assert embed_secret(shop) == embed_secret(shop)
        token = make_token(workspace=shop, external_id="ana", expires_at=make.NOW + timedelta(minutes=5))
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key-entirely"
        assert customer_from_token(workspace=shop, token=token, now=make.NOW) == ana
        settings.SECRET_KEY_FALLBACKS = []
        assert customer_from_token(workspace=shop, token=token, now=make.NOW) is None
