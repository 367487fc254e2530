"""A shop whose mails may be watched, and one such mail."""

from __future__ import annotations

from typing import Any

import pytest

from engagement.models import Customer, Workspace
from nudges.models import Nudge
from tests import make, make_messages
from tests.nudges.watching.letters import WRITTEN, clock, html_of, sent_mail, watch


@pytest.fixture
def shop(db: None) -> Workspace:
    return make.workspace(name="Shoe shop")


@pytest.fixture
def ana(shop: Workspace) -> Customer:
    return make.customer(shop, email="ana@example.org")


@pytest.fixture
def nudge(shop: Workspace) -> Nudge:
    made = make_messages.nudge(shop, words=None)
    make_messages.content(
        made,
        body=f"Look [here]({WRITTEN}) or [there](https://other.example/), or [write](mailto:us@shop.example).",
        link_url="https://shop.example/guide?x=1&y=2",
        link_label="The guide",
    )
    return made


@pytest.fixture
def mailed(
    shop: Workspace, nudge: Nudge, ana: Customer, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> str:
    """The HTML of a watched mail, an hour ago for all who now fetch something of it."""
    watch(shop)
    _message, mail = sent_mail(nudge, ana, mailoutbox)
    clock(monkeypatch, 3600)
    return html_of(mail)
