"""Two variants of a nudge's words tried in the browser, and one of them given to everybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from nudges.variants import tried, variants_of
from tests.browser.conftest import LOOKS
from tests.committed import Server
from tests.make_dashboard import Office

pytestmark = pytest.mark.usefixtures("committed")


def test_two_variants_are_tried_and_one_is_given_to_everybody(
    server: Server, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    office = Office().furnish()
    page = visit()
    cookie = office.enter("owner").cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
    page.goto(f"{server.url}/nudges/{office.nudge.pk}/words")
    page.get_by_role("button", name="Try two variants").click()
    expect(page.get_by_label("Share of “B” in percent")).to_have_value("50")
    page.wait_for_load_state()
    check(page, "nudge-variants", looks=LOOKS)

    page.get_by_label("Name of “B”").fill("Short")
    page.get_by_role("button", name="Save names and shares").click()
    expect(page.get_by_label("Share of “Short” in percent")).to_have_value("50")
    page.wait_for_load_state()
    page.get_by_role("button", name="Use for everybody").nth(1).click()
    dialog = page.get_by_role("dialog", name="The words of “Short” for everybody?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    office.nudge.refresh_from_db()
    assert [one.name for one in tried(office.nudge)] == ["A", "Short"]
    page.get_by_role("button", name="Use for everybody").nth(1).click()
    dialog.get_by_role("button", name="Use for everybody").click()
    expect(page.get_by_text("Since then everybody gets the words of “Short”.")).to_be_visible()
    office.nudge.refresh_from_db()
    assert [(one.name, one.won) for one in variants_of(office.nudge)] == [("A", False), ("Short", True)]
    page.goto(f"{server.url}/nudges/{office.nudge.pk}/variants")
    expect(page.get_by_text("Since then everybody gets the words of “Short”.")).to_be_visible()
    check(page, "variants-compared", looks=LOOKS)
