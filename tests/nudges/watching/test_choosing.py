"""Whether it may be known: off until both sides let it, the shop in its settings and the customer on a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.test import Client

from engagement.models import AuditEntry, Customer, Event, Workspace
from nudges.links import preferences_url
from nudges.models import Preference, Watch
from nudges.watching import DomainRefused, change_watch
from nudges.watching.choosing import allows, proof_of
from tests import make
from tests.https_peer import Answer, https_peer
from tests.nudges.watching.letters import path, watch


@pytest.mark.parametrize(
    ("who", "said", "expected"),
    [
        ("nobody", True, False),
        ("agreed", None, False),
        ("agreed", True, True),
        ("agreed", False, False),
        ("not_refused", None, True),
        ("not_refused", True, True),
        ("not_refused", False, False),
    ],
)
def test_both_sides_must_let_it(who: str, said: bool | None, expected: bool) -> None:
    assert allows(Watch(who=who), said) is expected
    assert allows(None, said) is False


class TestSettings:
    def test_a_change_stands_in_the_trail(self, shop: Workspace) -> None:
        change_watch(
            workspace=shop, who="agreed", opens=True, clicks=False, domain="", actor=None, now=make.NOW
        )
        assert AuditEntry.objects.get().detail == {"who": ["nobody", "agreed"], "opens": [False, True]}

    def test_a_name_that_does_not_lead_here_is_refused(self, shop: Workspace, settings: Any) -> None:
        with https_peer(settings) as peer:
            peer.otherwise = Answer(200, "hello")
            with pytest.raises(DomainRefused, match="does not lead here"):
                self.choose(shop, f"127.0.0.1:{peer.port}")
            settings.OUTBOUND_PRIVATE_HOSTS = []
            with pytest.raises(DomainRefused, match="could not be fetched"):
                self.choose(shop, f"127.0.0.1:{peer.port}")
        assert not Watch.objects.exists()

    def test_one_that_leads_here_proves_it(
        self, shop: Workspace, settings: Any, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with https_peer(settings) as peer:
            monkeypatch.setattr("nudges.watching.choosing.secrets.token_urlsafe", lambda _size: "known")
            said = client.get("/m/t/here/", {"ask": "known"})
            peer.otherwise = Answer(200, said.content)
            assert self.choose(shop, f"127.0.0.1:{peer.port}").domain == f"127.0.0.1:{peer.port}"
            assert peer.received[0].path == "/m/t/here/?ask=known"
        assert said.content.decode() != proof_of("other")

    def choose(self, shop: Workspace, domain: str) -> Watch:
        return change_watch(
            workspace=shop, who="agreed", opens=True, clicks=True, domain=domain, actor=None, now=make.NOW
        )


class TestPreferencePage:
    def save(self, client: Client, ana: Customer, **fields: str) -> None:
        assert client.post(path(preferences_url(ana)), fields).status_code == 303

    def said(self) -> Iterable[bool | None]:
        return list(Preference.objects.values_list("may_be_watched", flat=True))

    def test_nobody_is_asked_about_what_is_off(self, client: Client, ana: Customer) -> None:
        assert b'name="watched"' not in client.get(path(preferences_url(ana))).content

    def test_a_customer_says_no_and_yes_again(self, client: Client, shop: Workspace, ana: Customer) -> None:
        watch(shop)
        assert b'value="yes" checked' in client.get(path(preferences_url(ana))).content
        self.save(client, ana, watched="yes")
        assert self.said() == [None]  # leaving it as it was says nothing
        self.save(client, ana, watched="no")
        assert self.said() == [False]
        assert b'value="no" checked' in client.get(path(preferences_url(ana))).content
        self.save(client, ana)  # a form without the question changes nothing
        assert self.said() == [False]
        self.save(client, ana, watched="yes")
        assert self.said() == [True]
        assert Event.objects.filter(name="Preference Changed").count() == 2
