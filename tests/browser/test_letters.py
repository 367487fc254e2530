"""A letter written in the editor of blocks: added, filled with what is known, moved by keys and pointer, followed by
the preview on both screens, saved; then what is said of it before it goes, and its approval.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from nudges.models import NudgeContent, Picture
from tests import make_contents, make_nudges
from tests.browser.conftest import Look
from tests.committed import Server
from tests.make_dashboard import Office

pytestmark = pytest.mark.usefixtures("committed")


def test_a_letter_is_written_seen_checked_and_approved(
    server: Server, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    office = Office().furnish()
    make_nudges.policy(office.workspace, approval_above=0)
    page = visit()
    cookie = office.enter("owner").cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
    page.goto(f"{server.url}/nudges/{office.nudge.pk}/words?channel=email&language=en&form=blocks")
    blocks = page.locator("[data-block]")
    expect(blocks).to_have_count(1)

    # Added, and filled with what is known of customers.
    page.get_by_label("Add", exact=True).select_option("heading")
    page.get_by_role("button", name="+ Add").click()
    expect(blocks).to_have_count(2)
    heading = blocks.nth(1).locator("[type=text], textarea")  # a combobox while names are offered
    heading.press_sequentially("For {{ cust")
    expect(page.locator(".ts-suggestions [role=option]").first).to_contain_text("customer.name")
    heading.press("Enter")
    expect(heading).to_have_value("For {{ customer.name }}")
    letter = page.frame_locator("#preview")
    expect(letter.locator("h2")).to_have_text("For Ada Lovelace")

    # Moved by keys, then back by the pointer.
    heading.press("Alt+ArrowUp")
    expect(blocks.first).to_contain_text("1. Heading")
    expect(blocks.first).to_be_focused()
    blocks.first.locator(".ts-drag").drag_to(blocks.nth(1))
    expect(blocks.first).to_contain_text("1. Text")
    page.get_by_role("button", name="Move up: Heading").click()
    expect(blocks.first).to_contain_text("1. Heading")

    # The preview as on a dark screen, in a phone's width.
    page.get_by_label("On which screen").select_option("dark")
    expect(letter.locator(".sheet").first).to_have_css("background-color", "rgb(31, 35, 40)")
    check(page, "letter-editor", looks=[Look(1440), Look(390), Look(390, dark=True)])
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. The preview shows")).to_be_visible()
    assert [block["kind"] for block in NudgeContent.objects.get().blocks] == ["heading", "text"]

    # What is said of it, who lacks what, and the approval.
    page.goto(f"{server.url}/nudges/{office.nudge.pk}/readiness")
    expect(page.get_by_text("would get whole words")).to_be_visible()
    check(page, "readiness", looks=[Look(1440), Look(390, dark=True)])
    page.get_by_role("button", name="Approve", exact=True).click()
    page.locator("dialog[open] [data-confirm-yes]").click()
    expect(page.get_by_text("Approved. Any edit asks for another approval.")).to_be_visible()
    assert office.nudge.approvals.get().approved_by == office.members["owner"].user

    # Snippets, and a picture of one's own.
    page.goto(f"{server.url}/nudges/snippets/{office.ids['snippet_id']}")
    check(page, "snippet", looks=[Look(1440), Look(390, dark=True)])
    Picture.objects.all().delete()  # its file is in this process's memory, not the server's
    page.goto(f"{server.url}/nudges/pictures")
    given: FilePayload = {
        "name": "tent.png",
        "mimeType": "image/png",
        "buffer": make_contents.png().getvalue(),
    }
    page.locator("input[name=file]").set_input_files(given)
    page.get_by_label("What is to be seen").fill("A tent")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("img", name="A tent")).to_be_visible()
    check(page, "pictures", looks=[Look(1440), Look(390, dark=True)])
