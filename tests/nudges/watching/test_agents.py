"""Who fetches: a person, a proxy, a program ahead of its reader, a scanner, as far as a request says."""

from __future__ import annotations

import pytest

from nudges.watching.agents import objects, seen_as
from tests.nudges.watching.letters import CHROME, IPHONE

GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {"User-Agent": CHROME}, "person"),
        ("GET", {"User-Agent": IPHONE}, "person"),
        ("GET", {"User-Agent": "Mozilla/5.0"}, "ahead"),
        ("GET", {"User-Agent": GMAIL}, "proxy"),
        ("GET", {"User-Agent": YAHOO}, "proxy"),
        ("HEAD", {"User-Agent": CHROME}, "scanner"),
        ("GET", {}, "scanner"),
        ("GET", {"User-Agent": "BarracudaCentral/1.0"}, "scanner"),
        ("GET", {"User-Agent": "python-requests/2.32"}, "scanner"),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}, "scanner"),
        ("GET", {"User-Agent": CHROME.replace("Chrome", "HeadlessChrome")}, "scanner"),
        ("GET", {"User-Agent": CHROME, "Sec-Purpose": "prefetch;prerender"}, "ahead"),
    ],
)
def test_what_a_request_says_of_itself(method: str, headers: dict[str, str], expected: str) -> None:
    assert seen_as(method, headers) == expected


def test_a_browser_may_object() -> None:
    assert objects({"Sec-GPC": "1"})
    assert objects({"DNT": "1"})
    assert not objects({"User-Agent": CHROME, "DNT": "0"})
