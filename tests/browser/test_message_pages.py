"""The pages that messages link to, and the letter itself, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engagement.models import Customer, Fact, Workspace
from journeys.models import Need
from nudges.links import inbox_url, preferences_url, reply_urls, unsubscribe_url
from nudges.models import Decision, Message, Preference, Reply
from nudges.sending import send_messages
from nudges.wording.previews import preview
from tests import make, make_messages
from tests.browser.conftest import LOOKS, shifts
from tests.committed import Server

pytestmark = pytest.mark.usefixtures("committed")
WORDS = """Hello {{ customer.name }},

you looked at three running shoes. **The sole matters more than the brand**: grooves on trails, soft on roads.

- Measure your foot in the evening.
- Try them with the socks you run in.
"""


@pytest.fixture
def shop() -> Workspace:
    return make.workspace(
        name="Stride & Co", postal_address="Brivibas 1, Riga", shop_url="https://shop.example"
    )


@pytest.fixture
def ana(shop: Workspace) -> Customer:
    return make.customer(shop, email="ana@example.org", name="Ana Berzina")


@pytest.fixture
def message(shop: Workspace, ana: Customer) -> Message:
    now = datetime.now(UTC)
    need = make_messages.need(ana)
    Need.objects.update(
        context_attributes=[
            {
                "key": "surface",
                "label": "Where do you run?",
                "purpose": "Decides the sole.",
                "options": ["Road", "Trail"],
            },
            {"key": "weekly", "label": "How far a week?", "purpose": "", "options": []},
        ]
    )
    tips = make.category(shop, "tips", name="Tips on choosing", description="Short help while you compare.")
    make.category(shop, "news", name="News", opt_in=True)
    nudge = make_messages.nudge(shop, category=tips, words=WORDS)
    Fact.objects.create(
        workspace=shop, customer=ana, topic="running-shoes", key="surface", value="Trail", learned_at=now
    )
    held = make_messages.message(nudge, ana, at=now, state="cancelled")
    Decision.objects.filter(candidate=held.candidate).update(outcome="suppress", reason="capped", limit=2)
    make_messages.message(nudge, ana, channel="inbox", at=now)
    send_messages(now=now)
    return make_messages.message(
        nudge, ana, customer_need=need, at=now, state="sent", subject="How to compare shoes"
    )


def pages(message: Message) -> dict[str, str]:
    replies = reply_urls(message.pk)
    preferences = preferences_url(message.customer)
    urls = {f"reply-{kind}": url for kind, url in replies.items()} | {
        "unsubscribe": unsubscribe_url(message.pk),
        "preferences": preferences,
        "erase": f"{preferences}erase/",
        "inbox": inbox_url(message.customer),
    }
    return {name: re.sub(r"^https?://[^/]+", "", url) for name, url in urls.items()}


def test_every_page_is_sound(
    in_pieces: str, visit: Callable[..., Page], check: Any, message: Message
) -> None:
    page = visit()
    for name, path in pages(message).items():
        page.goto(in_pieces + path)
        assert shifts(page) == [], name
        check(page, f"message-{name}", looks=LOOKS)
    assert page.context.cookies() == []


def test_answering_and_taking_it_back_work_without_a_script(
    server: Server, visit: Callable[..., Page], message: Message
) -> None:
    page = visit(width=390, javascript=False)
    page.goto(server.url + pages(message)["reply-not_now"])
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("status")).to_contain_text(
        "You will hear nothing from us about “Running shoes” until"
    )
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("as it was before")
    assert Reply.objects.get().undone_at is not None


def test_choosing_works_by_keyboard_and_without_a_script(
    server: Server, visit: Callable[..., Page], message: Message
) -> None:
    page = visit(width=390, javascript=False)
    page.goto(server.url + pages(message)["preferences"])
    page.get_by_label("At most this many messages a week").fill("1")
    page.get_by_role("group", name="Tips on choosing").get_by_label("E-mail").uncheck()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    assert Preference.objects.get().max_per_week == 1
    expect(page.get_by_role("group", name="Tips on choosing").get_by_label("E-mail")).not_to_be_checked()


def test_the_letter_is_readable(
    visit: Callable[..., Page], check: Any, message: Message, ana: Customer
) -> None:
    letter = preview(nudge=message.nudge, customer=ana, channel="email", now=datetime.now(UTC)).rendered
    assert letter is not None
    page = visit()
    page.set_content(letter.html)
    check(page, "letter", looks=LOOKS)
