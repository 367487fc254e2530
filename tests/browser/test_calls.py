"""People of the team at their queue, by keyboard: whom to call, what customers wrote, and what opens and clicks say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from engagement.models import Customer, Workspace
from nudges.models import Hit, Message, Nudge, Watch
from tests import make, make_dashboard, make_messages
from tests.browser.conftest import Look
from tests.committed import Server

pytestmark = pytest.mark.usefixtures("committed")
SCREENS = [Look(1440), Look(390), Look(390, dark=True)]


def waits(nudge: Nudge, name: str, *, hours: int) -> Message:
    at = timezone.now()
    return make_messages.message(
        nudge, make.customer(nudge.workspace, name=name), channel="staff_task", state="sent", attempts=1, at=at,
        not_after=at + timedelta(hours=hours), next_attempt_at=None, subject="Ask how the boots fit",
        html="<p>Do they pinch at the heel?</p>",
    )  # fmt: skip


def seen(nudge: Nudge, customer: Customer) -> None:
    at = timezone.now()
    message = make_messages.message(nudge, customer, state="sent", at=at, sent_at=at)
    for kind, who, link in [
        ("open", "proxy", ""),
        ("open", "ahead", ""),
        ("click", "person", "https://shop.example/boots?from=mail"),
        ("click", "scanner", "https://shop.example/boots?from=mail"),
    ]:
        Hit.objects.create(
            workspace=nudge.workspace, message=message, nudge=nudge, kind=kind, seen_as=who, link=link, at=at,
            is_judged=True,
        )  # fmt: skip


def enter(page: Page, server: Server, workspace: Workspace) -> None:
    client = Client()
    client.force_login(make.member(workspace).user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}]
    )


def test_a_queue_is_worked_through_by_keyboard(
    server: Server, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    workspace = make.workspace(name="Larkfell")
    nudge = make_messages.nudge(workspace, channels=["staff_task", "email"])
    waits(nudge, "Ana Call", hours=2)
    waits(nudge, "Ben Visit", hours=5)
    ana = Customer.objects.get(name="Ana Call")
    make_dashboard.text(workspace, ana, at=timezone.now())
    make_dashboard.text(workspace, text="Is the shop open on Monday?", at=timezone.now())
    seen(nudge, make.customer(workspace, email="carl@example.org"))
    Watch.objects.create(workspace=workspace, who="agreed", opens=True, clicks=True)
    page = visit()
    enter(page, server, workspace)

    page.goto(f"{server.url}/tasks")
    rows = page.locator("[data-queue-item]")
    expect(rows).to_have_count(2)
    check(page, "calls", looks=SCREENS)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ana Call")).to_be_visible()
    page.go_back()
    expect(rows).to_have_count(2)
    page.wait_for_load_state()
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Give it back")).to_be_visible()

    page.goto(f"{server.url}/tasks/written")
    texts = page.locator("article[data-queue-item]")
    expect(texts).to_have_count(2)
    check(page, "written", looks=SCREENS)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("j")
    expect(texts.nth(0)).to_be_focused()
    page.keyboard.press("a")
    expect(texts).to_have_count(1)

    page.goto(f"{server.url}/nudges/{nudge.pk}")
    expect(page.get_by_role("heading", name="Opens and clicks")).to_be_visible()
    check(page, "nudge-seen", looks=SCREENS)
    page.goto(f"{server.url}/settings/opens-and-clicks")
    expect(page.get_by_label("Of customers who agreed to it")).to_be_checked()
    check(page, "watching", looks=SCREENS)
