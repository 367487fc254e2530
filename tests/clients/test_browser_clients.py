"""Clients for browsers, unmodified, in a real browser on a page of another origin."""

from __future__ import annotations

import functools
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from engagement.keys import make_key
from engagement.models import Customer, Event, RejectedEvent, Workspace
from engagement.people import find_customer
from tests import make
from tests.committed import Server

pytestmark = [pytest.mark.usefixtures("committed"), pytest.mark.browser]

RUDDER = "node_modules/@rudderstack/analytics-js/dist/npm/modern/bundled/umd/index.js"
# The classic snippet. Served over https, the script finds its origin by itself; over http it has to be told.
SEGMENT_PAGE = """<!doctype html><title>Guide</title><link rel="icon" href="data:,"><script>
  var analytics = (window.analytics = window.analytics || []);
  analytics.methods = ["identify", "track", "page", "screen", "group", "alias", "ready", "load"];
  analytics.factory = function (name) {
    return function () { analytics.push([name].concat(Array.prototype.slice.call(arguments))); return analytics; };
  };
  analytics.methods.forEach(function (name) { analytics[name] = analytics.factory(name); });
  analytics._writeKey = "KEY"; analytics._cdn = "SERVER"; analytics.SNIPPET_VERSION = "5.2.0";
  analytics._loadOptions = OPTIONS;
  var script = document.createElement("script");
  script.src = "SERVER/analytics.js/v1/KEY/analytics.min.js";
  document.head.appendChild(script);
</script>"""
RUDDER_PAGE = """<!doctype html><title>Guide</title><link rel="icon" href="data:,"><script src="/RUDDER"></script>
<script>
  window.analytics = new rudderanalytics.RudderAnalytics();
  analytics.load("KEY", "SERVER", Object.assign({ configUrl: "SERVER" }, OPTIONS));
</script>"""
CALLS = """
  analytics.page("Guide");
  analytics.track("Product Viewed", { product_id: "p-1", name: "Shoe" });
  analytics.identify("u-1", { email: "one@example.org", plan: "gold" });
  analytics.group("g-1", { seats: 3 });
  analytics.alias("u-2", "u-1");
"""
KINDS = ["page", "track", "identify", "group"]
# Without a network but loopback Chromium says that it is offline, and a client waits with what it has.
ONLINE = "Object.defineProperty(Navigator.prototype, 'onLine', { get: () => true })"


class Files(http.server.SimpleHTTPRequestHandler):
    """The shop: one page, and the files of the clients."""

    page = ""

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        body = self.page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Silent."""


@pytest.fixture
def shop() -> Iterator[Callable[[str], str]]:
    """Serves a page at an origin of its own and returns that."""
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Files, directory=str(Path(__file__).parent))
    ) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()

        def show(page: str) -> str:
            Files.page = page
            return f"http://localhost:{httpd.server_port}/"

        yield show
        httpd.shutdown()


class Visit:
    """A browser, and what it complained about. Rows are read outside of its loop, which Django would refuse."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self.complaints.append(f"{request.url} {request.failure}"))


def visit(chromium: str, address: str, script: str, *, wait: Callable[[], bool]) -> list[str]:
    """Open a page, run a script in it, wait until what it should cause is there; returns complaints."""
    done = threading.Event()
    complaints: list[str] = []
    errors: list[BaseException] = []

    def drive() -> None:
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                )
                page = browser.new_page()
                page.add_init_script(ONLINE)
                seen = Visit(page)
                page.goto(address)
                page.wait_for_function("window.analytics !== undefined")
                page.evaluate(f"() => {{ {script} }}")
                while not done.is_set():
                    page.wait_for_timeout(100)
                complaints.extend(seen.complaints)
                browser.close()
        except BaseException as error:  # handed to the test's own thread
            errors.append(error)

    driver = threading.Thread(target=drive)
    driver.start()
    deadline = time.monotonic() + 40
    while driver.is_alive() and not wait() and time.monotonic() < deadline:
        time.sleep(0.2)
    done.set()
    driver.join(30)
    if errors:
        raise errors[0]
    return complaints


def has_kinds(workspace: Workspace) -> Callable[[], bool]:
    def arrived() -> bool:
        return set(KINDS) <= set(Event.objects.filter(workspace=workspace).values_list("type", flat=True))

    return arrived


def fill(page: str, server: Server, key: str, options: str) -> str:
    values = {"KEY": key, "SERVER": server.url, "OPTIONS": options, "RUDDER": RUDDER}
    for name, value in values.items():
        page = page.replace(name, value)
    return page


def assert_everything_arrived(workspace: Workspace, complaints: list[str]) -> None:
    assert complaints == []
    ada = find_customer(workspace=workspace, external_id="u-1")
    assert ada is not None
    assert (ada.email, ada.traits["plan"]) == ("one@example.org", "gold")
    events = {event.type: event for event in Event.objects.filter(customer=ada)}
    assert set(KINDS) <= set(events)
    assert events["track"].properties["product_id"] == "p-1"
    assert events["page"].context["page"]["title"] == "Guide"
    assert events["page"].context["ip"] == "127.0.0.0"
    assert Customer.objects.filter(workspace=workspace, merged_into=None, external_id=None).count() == 0
    assert not RejectedEvent.objects.exists()
    for event in events.values():
        assert 0 <= (event.received_at - event.occurred_at).total_seconds() < 60


@pytest.mark.parametrize(
    "options",
    [
        "{}",
        '{integrations: {"Segment.io": {deliveryStrategy: {strategy: "batching", config: {size: 4, timeout: 500}}}}}',
    ],
    ids=["one by one", "batching"],
)
def test_segments_browser_client_delivers_every_call(
    server: Server, chromium: str, shop: Callable[[str], str], options: str
) -> None:
    workspace = make.workspace()
    _, key = make_key(workspace=workspace, kind="write", name="shop")
    page = shop(fill(SEGMENT_PAGE, server, key, options))
    complaints = visit(chromium, page, CALLS, wait=has_kinds(workspace))
    assert_everything_arrived(workspace, complaints)


@pytest.mark.parametrize(
    "options",
    ["{}", "{useBeacon: false, queueOptions: {batch: {enabled: true, maxItems: 4, flushInterval: 500}}}"],
    ids=["one by one", "batching"],
)
def test_rudderstacks_browser_client_delivers_every_call(
    server: Server, node: str, chromium: str, shop: Callable[[str], str], options: str
) -> None:
    workspace = make.workspace()
    _, key = make_key(workspace=workspace, kind="write", name="shop")
    page = shop(fill(RUDDER_PAGE, server, key, options))
    complaints = visit(chromium, page, CALLS, wait=has_kinds(workspace))
    assert_everything_arrived(workspace, complaints)
