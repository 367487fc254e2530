"""A flow written in the browser: who comes in, its steps put in place and moved, published, looked at, ended."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from nudges.considering import let_into
from nudges.flowing import advance_flows
from nudges.models import Flow
from tests import make, make_nudges
from tests.browser.conftest import LOOKS
from tests.committed import Server
from tests.make import NOW
from tests.make_dashboard import Office

pytestmark = pytest.mark.usefixtures("committed")


def add(page: Page, kind: str, place: str = "Kind of the new step") -> None:
    """Choose a kind of step at a place, and come to its form."""
    chosen = page.get_by_label(place, exact=True)
    chosen.select_option(kind)
    chosen.locator("xpath=..").get_by_role("button", name="Add").click()
    expect(page.get_by_role("button", name="Save the step")).to_be_visible()
    page.wait_for_load_state()


def save(page: Page, words: str) -> None:
    page.get_by_role("button", name="Save the step").click()
    expect(page.locator(".ts-flow-words").filter(has_text=words)).to_be_visible()
    page.wait_for_load_state()


def test_a_flow_is_written_published_looked_at_and_ended(
    server: Server, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    office = Office()
    make_nudges.nudge(office.workspace, name="Care tips")
    page = visit()
    cookie = office.enter("owner").cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
    page.goto(f"{server.url}/flows")
    page.get_by_role("link", name="Write the first flow").click()
    expect(page.get_by_role("heading", name="New flow")).to_be_visible()
    page.wait_for_load_state()
    page.get_by_label("Name", exact=True).fill("First weeks")
    page.get_by_label("What lets people in?").select_option("api")
    expect(page.get_by_label("reaches the stage")).to_be_hidden()
    check(page, "flow-edit", looks=LOOKS)
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("heading", name="No step yet")).to_be_visible()
    page.wait_for_load_state()

    add(page, "wait")
    page.get_by_label("Number").fill("2")
    save(page, "2 days")
    add(page, "split")
    save(page, "By chance")
    add(page, "nudge", "Kind of the new step in A · 50 %")
    page.get_by_label("Which nudge?").select_option(label="Care tips")
    save(page, "Care tips")
    page.get_by_role("button", name="Move up: By chance").click()
    expect(page.locator(".ts-flow-words").first).to_contain_text("By chance")
    check(page, "flow-steps", looks=LOOKS)

    page.get_by_role("button", name="Publish").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name=re.compile("First weeks Live"))).to_be_visible()
    flow = Flow.objects.get()
    people = [make.customer(office.workspace, name=f"Ada {n}").pk for n in range(5)]
    let_into(flow=flow, customer_ids=people, occasion="api:1", now=NOW)
    let_into(flow=flow, customer_ids=people[:1], occasion="api:2", now=NOW)
    advance_flows(now=NOW)
    page.goto(f"{server.url}/flows/{flow.pk}?customer=Ada 0")
    expect(page.get_by_text("would not be let in now: Already inside the flow")).to_be_visible()
    check(page, "flow", looks=LOOKS)

    page.get_by_role("link", name="Ada 0").first.click()
    expect(page.get_by_role("heading", name="Flows")).to_be_visible()
    page.wait_for_load_state()
    expect(page.locator("#flows").get_by_text("since")).to_be_visible()
    check(page, "flow-of-a-customer", looks=LOOKS)
    page.get_by_role("button", name="Take out of this flow").click()
    page.get_by_role("dialog").get_by_role("button", name="Take out of this flow").click()
    expect(page.locator("#flows").get_by_text("Taken out by hand")).to_be_visible()
    page.goto(f"{server.url}/flows/{flow.pk}")

    page.get_by_role("button", name="End for good").click()
    page.get_by_role("dialog").get_by_role("button", name="End for good").click()
    expect(page.get_by_role("heading", name=re.compile("First weeks Ended"))).to_be_visible()
    page.goto(f"{server.url}/flows")
    expect(page.get_by_role("cell", name="Ended")).to_be_visible()
    check(page, "flows", looks=LOOKS)
