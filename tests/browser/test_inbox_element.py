"""The inbox on a shop's own page: read, answered, put away and counted, in a page with a strict policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from engagement.identities import make_token
from nudges.models import Message, Preference
from tests import make, make_messages
from tests.browser.conftest import Look
from tests.browser.test_own_things import Shop, World, pytestmark, shop, world

__all__ = ["pytestmark", "shop", "world"]
ELEMENTS = "<touchstone-badge></touchstone-badge><touchstone-inbox></touchstone-inbox>"


def letter(world: World, subject: str) -> Message:
    customer = world.workspace.customers.get(external_id="ana")
    nudge = world.workspace.nudges.first() or make_messages.nudge(world.workspace, channels=["inbox"])
    at = timezone.now()
    return make_messages.message(
        nudge, customer, channel="inbox", at=at, state="delivered", sent_at=at, next_attempt_at=None,
        subject=subject, html=f"<p>All about {subject}.</p>", text=subject,
    )  # fmt: skip


def test_a_customer_reads_answers_and_puts_away_on_the_shops_page(
    world: World, shop: Shop, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    make.customer(world.workspace, external_id="ana")
    for subject in ("Lacing", "Washing", "Resoling"):
        letter(world, subject)
    until = timezone.now() + timedelta(hours=1)
    token = make_token(workspace=world.workspace, external_id="ana", expires_at=until)
    page = visit()
    page.goto(shop.show(world, ELEMENTS, more=f"data-token='{token}' data-every='1'"))
    badge, inbox = page.locator("touchstone-badge"), page.locator("touchstone-inbox")
    expect(badge).to_have_text("3")
    letters = inbox.locator("[data-message]")
    expect(letters).to_have_count(3)
    check(page, "inbox", looks=[Look(1440), Look(390), Look(390, dark=True)])

    lacing = letters.filter(has_text="Lacing")
    lacing.locator("summary").click()
    expect(lacing.get_by_text("All about Lacing.")).to_be_visible()
    expect(badge).to_have_text("2")  # opened is read
    expect(lacing).not_to_have_class(re.compile("unread"))
    assert Message.objects.get(subject="Lacing").read_at is not None
    expect(lacing.get_by_role("link")).to_have_count(4)
    lacing.get_by_role("button", name="Put away").click()
    expect(letters).to_have_count(2)

    washing = letters.filter(has_text="Washing")
    washing.locator("summary").click()
    expect(badge).to_have_text("1")
    washing.get_by_role("button", name="in a week").click()
    expect(letters).to_have_count(1)
    assert Message.objects.get(subject="Washing").snoozed_until is not None

    letter(world, "Storing")  # while the page is open: the badge hears of it, and the inbox shows it
    expect(badge).to_have_text("2")
    expect(letters).to_have_count(2)
    expect(letters.first).to_contain_text("Storing")


def test_a_customer_chooses_what_they_get_on_the_shops_account_page(
    world: World, shop: Shop, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    ana = make.customer(world.workspace, external_id="ana")
    make.category(world.workspace, slug="care", name="Care of shoes", opt_in=False)
    until = timezone.now() + timedelta(hours=1)
    token = make_token(workspace=world.workspace, external_id="ana", expires_at=until)
    page = visit()
    page.goto(
        shop.show(world, "<touchstone-preferences></touchstone-preferences>", more=f"data-token='{token}'")
    )
    choices = page.locator("touchstone-preferences")
    expect(choices.get_by_role("heading", name="How often and when")).to_be_visible()
    check(page, "preferences-element", looks=[Look(1440), Look(390), Look(390, dark=True)])
    choices.get_by_label("At most this many messages a week").fill("2")
    choices.get_by_role("button", name="Save").click()
    expect(choices.get_by_text("Saved. It holds from now on.")).to_be_visible()
    expect(choices.get_by_label("At most this many messages a week")).to_have_value("2")
    assert Preference.objects.get(customer=ana).max_per_week == 2


def test_without_a_token_there_is_nothing_and_nobody_is_asked(
    world: World, shop: Shop, visit: Callable[..., Page]
) -> None:
    page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shop.show(world, ELEMENTS))
    expect(page.locator("touchstone-inbox")).to_have_attribute("data-state", "empty")
    expect(page.locator("touchstone-badge")).to_have_attribute("data-state", "empty")
    assert not any("/m/inbox/" in url for url in asked)
