"""The door of watched links and pictures: each leads where it led, and is noted where it may be."""

from __future__ import annotations

import pytest
from django.test import Client

from engagement.models import Customer, Workspace
from nudges.links import preferences_url
from nudges.models import Hit, Message, Watch
from nudges.watching.noticing import MOST_HITS, NOTED_FOR
from tests import make
from tests.nudges.watching.letters import PLACE, clock, fetch, path, pictures, refuse, watched_links


class TestDoor:
    def test_a_link_leads_to_the_very_address_that_stood_in_the_message(
        self, client: Client, mailed: str
    ) -> None:
        places = [fetch(client, link)["Location"] for link in watched_links(mailed)]
        assert sorted(set(places)) == sorted(
            {PLACE, "https://other.example/", "https://shop.example/guide?x=1&y=2"}
        )
        answer = fetch(client, watched_links(mailed)[0])
        assert answer.status_code == 302
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies

    def test_nobody_makes_it_lead_elsewhere(self, client: Client, mailed: str) -> None:
        link = path(watched_links(mailed)[0])
        token = link.split("/")[3]
        body, *rest = token.split(":")
        for forged in (
            link.replace(body, body[:-4] + "AAAA"),
            link.replace(token, ":".join([body, rest[0], rest[1][:-2] + "AA"])),
            f"/m/t/{preferences_url(Customer.objects.get()).split('/')[-2]}/",
            "/m/t/https:%2F%2Fevil.example/",
        ):
            assert client.get(forged).status_code == 404
        assert client.get(f"{link}?url=https://evil.example/&u=//evil.example")["Location"].startswith(
            "https://shop.example/"
        )

    @pytest.mark.parametrize("why", ["refused", "off", "gpc", "old", "clicks_off", "erased"])
    def test_where_it_may_not_be_known_it_is_not_and_the_link_still_leads_there(
        self,
        client: Client,
        shop: Workspace,
        ana: Customer,
        mailed: str,
        monkeypatch: pytest.MonkeyPatch,
        why: str,
    ) -> None:
        headers = {"Sec-GPC": "1"} if why == "gpc" else {}
        if why == "refused":
            refuse(ana)
        if why == "off":
            Watch.objects.all().delete()
        if why == "clicks_off":
            Watch.objects.update(clicks=False)
        if why == "old":
            clock(monkeypatch, NOTED_FOR.total_seconds() + 1)
        if why == "erased":
            Message.objects.all().delete()
        assert fetch(client, watched_links(mailed)[0], **headers)["Location"].startswith(
            "https://shop.example/p"
        )
        assert not Hit.objects.exists()

    def test_fetching_again_and_again_fills_no_table(self, client: Client, mailed: str) -> None:
        message = Message.objects.get()
        Hit.objects.bulk_create(
            Hit(
                workspace_id=message.workspace_id,
                message=message,
                nudge_id=message.nudge_id,
                kind="open",
                seen_as="scanner",
                at=make.NOW,
                is_judged=True,
            )
            for _ in range(MOST_HITS)
        )
        assert fetch(client, pictures(mailed)[0]).status_code == 200
        assert Hit.objects.count() == MOST_HITS
