"""Chromium against the program as it is served, on a database with real commits.

    server    the program in processes of its own (tests.committed); `server.url` is its origin
    visit     opens pages: visit(width=390, dark=True) gives a Playwright page that notes what went wrong on it
    in_pieces the same behind a line that lets pages through a little at a time: what is painted before the rest is
              there must stay where it is (`shifts(page) == []`)
    check     what must hold for every page, as it is or in each of several `looks`: no console errors, no findings of
              axe, nothing wider than the screen

With SCREENSHOTS=1 pictures go to .local/screenshots/<name>.png, to be looked at. With FAR_AWAY=1 every request takes
400 ms, nothing is kept and the processor is a quarter as fast: a test that acts before the page's scripts are there, or
looks before an answer is, fails.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.committed import Server, committed, environment_of_test_database, serve, transactional_db

__all__ = ["committed", "transactional_db"]

PROJECT = Path(__file__).resolve().parents[2]
SCREENSHOTS = PROJECT / ".local" / "screenshots"
AXE = Path(__file__).with_name("vendor") / "axe.min.js"
# Chromium's own calls home are refused on a closed network, many at a time.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HEIGHTS = {390: 844, 1440: 900}
# Dark colours change nothing but colours, and between the widest and the narrowest screen there is nothing but room:
# what is no matter of these was found before.
OF_COLOUR = ["color-contrast", "link-in-text-block"]
OF_ROOM = ["target-size", "scrollable-region-focusable"]
# Waited for only by what fails: a busy machine shall not decide.
expect.set_options(timeout=20_000)
SHIFTS = """() => new Promise(done => {
    const moved = [];
    const place = ({x, y, width, height}) => [x, y, width, height].map(Math.round).join(' ');
    const tell = ({node, previousRect, currentRect}) =>
        `${node?.nodeName}.${node?.className ?? ''} ${place(previousRect)} > ${place(currentRect)}`;
    new PerformanceObserver(list => list.getEntries().filter(e => !e.hadRecentInput).forEach(
        e => moved.push([e.value.toFixed(5), ...e.sources.map(tell)].join('; '))
    )).observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(moved), 300);
})"""
PIECE, PAUSE = 500, 0.02  # bytes, seconds: about a frame
UNSEEN = 0.001
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Look(NamedTuple):
    """A screen to look at a page on."""

    width: int
    dark: bool = False


LOOKS = [Look(1440), Look(390), Look(1440, dark=True), Look(390, dark=True)]


@pytest.fixture(scope="session")
def server(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The program on the test database; static files straight from the checkout."""
    with django_db_blocker.unblock():
        environment = environment_of_test_database()
    yield from serve(environment, DEBUG="1", MEDIA_ROOT=str(tmp_path_factory.mktemp("media")))


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """One for all: a second in the same process refuses to start beside the first one's loop."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(driver: Playwright, chromium: str) -> Iterator[Browser]:
    started = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
    yield started
    started.close()


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright's synchronous interface runs a loop in this thread; Django would refuse to query beside it."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages in fresh contexts, without anything kept from before."""
    contexts: list[BrowserContext] = []

    def open_page(*, width: int = 1440, dark: bool = False, javascript: bool = True, **more: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHTS.get(width, 900)},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
            reduced_motion="reduce",
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        if os.environ.get("FAR_AWAY"):
            move_away(page)
        page.troubles = []  # type: ignore[attr-defined]
        page.on("console", lambda said: page.troubles.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
        page.on("pageerror", lambda error: page.troubles.append(str(error)))  # type: ignore[attr-defined]
        return page

    yield open_page
    for context in contexts:
        context.close()


def move_away(page: Page) -> None:
    """A slow line, nothing in the cache and an old telephone."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    slow = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", slow)
    network.send("Emulation.setCPUThrottlingRate", {"rate": 4})


def pieces(page: bytes) -> Iterator[bytes]:
    """Of some length each, up to before a tag: words that come halved may well be laid out anew."""
    while page:
        end = page.find(b"<", PIECE) if len(page) > PIECE else -1
        yield page if end < 0 else page[:end]
        page = b"" if end < 0 else page[end:]


class Trickle(ThreadingHTTPServer):
    """A line to the program that is narrow for pages, and for nothing else."""

    def __init__(self, origin: str) -> None:
        super().__init__(("127.0.0.1", 0), Trickling)
        self.behind = urlsplit(origin).netloc
        self.url = f"http://127.0.0.1:{self.server_port}"
        Thread(target=self.serve_forever, daemon=True).start()


class Trickling(BaseHTTPRequestHandler):
    server: Trickle

    def do_GET(self) -> None:
        behind = HTTPConnection(self.server.behind)
        behind.request("GET", self.path, headers={"Accept-Language": self.headers["Accept-Language"]})
        answer = behind.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name in ("Content-Type", "Content-Security-Policy"):
            if value := answer.getheader(name):
                self.send_header(name, value)
        self.end_headers()
        is_page = answer.getheader("Content-Type", "").startswith("text/html")
        for piece in pieces(body) if is_page else [body]:
            self.wfile.write(piece)
            time.sleep(PAUSE if is_page else 0)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def in_pieces(server: Server) -> Iterator[str]:
    with Trickle(server.url) as line:
        yield line.url
        line.shutdown()


def shifts(page: Page) -> list[str]:
    """What has moved since the page was opened, each with its share as a browser counts it (CLS), and from where to
    where: x, y, width, height. What a click moves is left out, and what nobody sees: less than a thousandth in all,
    such as one line by two pixels when a taller letter joins it.
    """
    moved = list(page.evaluate(SHIFTS))
    return moved if sum(float(one.split(";")[0]) for one in moved) >= UNSEEN else []


@pytest.fixture
def check() -> Callable[..., None]:
    """Hold a page to what every page must keep, in each of `looks` without loading it again."""

    def hold(page: Page, name: str = "", *, looks: Sequence[Look] = (), whole: bool = True) -> None:
        # What was clicked may show its heading before its style sheet and its scripts.
        page.wait_for_load_state()
        for look in looks:
            page.set_viewport_size({"width": look.width, "height": HEIGHTS.get(look.width, 900)})
            page.emulate_media(color_scheme="dark" if look.dark else "light")
            page.evaluate(PAINTED)
            hold_now(
                page,
                f"{name}-{look.width}{'-dark' if look.dark else ''}",
                whole=whole,
                only=rules_for(look, looks),
            )
        if not looks:
            hold_now(page, name, whole=whole)

    return hold


def rules_for(look: Look, looks: Sequence[Look]) -> Sequence[str] | None:
    """The rules of axe that can find on this screen what they did not find on the others; None: all."""
    if look.dark and Look(look.width) in looks:
        return OF_COLOUR
    widths = [one.width for one in looks]
    return OF_ROOM if min(widths) < look.width < max(widths) else None


def hold_now(page: Page, name: str, *, whole: bool, only: Sequence[str] | None = None) -> None:
    """The page as it is; `only`: the rules of axe that are looked at."""
    if name and os.environ.get("SCREENSHOTS"):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole)
    assert page.troubles == [], name  # type: ignore[attr-defined]
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{name} is {overflow} px wider than the screen"
    assert findings(page, only) == [], name


def findings(page: Page, only: Sequence[str] | None = None) -> list[str]:
    """What axe finds serious or critical, with the element; also inside shadow roots."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    rules = {"runOnly": {"type": "rule", "values": only}} if only else {}
    result = page.evaluate("how => axe.run(document, how)", {"resultTypes": ["violations"], **rules})
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')[:300]}"
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
