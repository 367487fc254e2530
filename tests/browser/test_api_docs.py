"""The page that shows the API: everything from this server, under the policy without inline scripts and styles."""

from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engagement.api.schema import make_document
from tests.browser.conftest import LOOKS
from tests.committed import Server

pytestmark = pytest.mark.usefixtures("committed")


def test_the_docs_show_every_operation_and_ask_nobody_else(
    server: Server, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(f"{server.url}/api/v1/docs/")
    assert answer is not None
    assert "unsafe" not in answer.headers["content-security-policy"]
    expect(page.locator(".opblock-tag")).to_have_count(len(numbers()), timeout=20_000)
    for subject, number in numbers().items():
        heading = page.locator(f"#operations-tag-{subject}")
        heading.click()
        expect(page.locator(".opblock")).to_have_count(number)
        heading.click()
        expect(page.locator(".opblock")).to_have_count(0)
    page.locator("#operations-tag-customers").click()
    page.locator("#operations-customers-list_customers .opblock-summary-control").click()
    expect(page.get_by_text("Scope: ").first).to_be_visible()
    assert all(url.startswith((server.url, "data:", "blob:")) for url in asked), asked
    check(page, "api-docs", looks=LOOKS[:2], whole=False)


def numbers() -> Counter[str]:
    """How many operations there are of each subject. Of so many open at once the page would hold what is in view."""
    paths = make_document()["paths"].values()
    return Counter(operation["tags"][0] for item in paths for operation in item.values())
