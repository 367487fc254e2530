"""What is the customer's own, in Chromium: on a shop's page with a strict policy, and by links that need no script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from engagement.keys import make_key
from engagement.models import Product, Workspace
from journeys.guides import save_guide
from journeys.links import shortlist_url, situation_url
from journeys.models import Guide, Need, ShortlistLink, SurveyAnswer
from tests import make, make_guides, make_surveys
from tests.browser.conftest import LOOKS, shifts
from tests.committed import Server
from tests.make_journeys_base import shoe_need
from tests.make_shortlists import shortlist

pytestmark = pytest.mark.usefixtures("committed")
CSS = "body{font:16px sans-serif;margin:1rem} main>*{display:block;min-block-size:4rem}"
CSS += " touchstone-shortlist{min-block-size:56rem}"
ASKED = [
    {"key": "width", "label": "Foot width", "purpose": "Width returns more shoes than length.",
     "kind": "ordinal", "options": ["narrow", "regular", "wide"]},
    {"key": "uses", "label": "Where you run", "purpose": "", "kind": "set", "options": ["road", "trail", "track"]},
    {"key": "knee", "label": "Knee trouble", "purpose": "Softer soles are kinder to knees.", "kind": "nominal",
     "options": ["no", "yes"], "is_sensitive": True},
]  # fmt: skip


class World(NamedTuple):
    app: str
    workspace: Workspace
    need: Need
    tern: Product
    write_key: str


@pytest.fixture
def world(server: Server, committed: None, shop: Shop) -> World:
    workspace = make.workspace(name="Larkfell", slug="larkfell", allowed_origins=[shop.origin])
    need = shoe_need(workspace, context_attributes=ASKED)
    kinds = {"drop": "8 mm", "weight": "240 g"}
    tern = make.product(
        workspace, "TERN", name="Tern 2", category="Road shoes", price="129.00", currency="EUR",
        attributes=kinds, url=f"{shop.origin}/p/TERN",
    )  # fmt: skip
    make.product(
        workspace, "SOLA", name="Sola Glide", kind="outside", category="Road shoes", price="139.00",
        currency="EUR", attributes=kinds | {"drop": "4 mm"}, url="https://sola.example/glide",
    )  # fmt: skip
    make_guides.guide(workspace, need=need)
    return World(
        server.url, workspace, need, tern, make_key(workspace=workspace, kind="write", name="Shop")[1]
    )


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop of another origin that shows one page, with a strict policy."""
    made = Shop(("localhost", 0), Counter)
    thread = Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    thread.join(5)
    made.server_close()


class Shop(ThreadingHTTPServer):
    html, policy = "", ""

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.server_port}"

    def show(self, world: World, body: str, *, more: str = "", lang: str = "en") -> str:
        """Put elements on the shop's page; its address."""
        self.policy = f"default-src 'none'; script-src {world.app}; connect-src {world.app}; style-src 'self'"
        head = (
            f"<script src='{world.app}/e/touchstone.js' data-key='{world.write_key}' {more} defer></script>"
        )
        head += "<link rel='stylesheet' href='/shop.css'><link rel='icon' href='data:,'>"
        self.html = (
            f"<!doctype html><html lang='{lang}'><head><meta charset='utf-8'><title>Shop</title>{head}</head>"
        )
        self.html += f"<body><main><h1>Tern 2</h1>{body}</main></body></html>"
        self.policy += "; img-src data:"
        return f"{self.origin}/p/TERN"


class Counter(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        is_css = self.path.endswith(".css")
        body = (CSS if is_css else self.server.html).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/css" if is_css else "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("width", [390, 1440])
def test_a_visitor_keeps_and_compares_on_the_shops_page(
    world: World, shop: Shop, visit: Callable[..., Page], check: Callable[..., None], width: int
) -> None:
    page = visit(width=width)
    body = (
        "<touchstone-keep product='TERN'></touchstone-keep>"
        "<touchstone-shortlist need='running-shoes'></touchstone-shortlist>"
        "<touchstone-situation need='running-shoes'></touchstone-situation>"
    )
    page.goto(shop.show(world, body, more="data-consent='given'"))
    keep, found = page.locator("touchstone-keep"), page.locator("touchstone-shortlist")
    for element in (keep, found):
        expect(element).to_have_attribute("data-state", "ready")
    assert shifts(page) == [], "what arrives moves nothing; what a reader asks for may"
    keep.get_by_role("button", name="Put it on my shortlist").click()
    expect(keep.get_by_text("On your shortlist")).to_be_visible()
    expect(found.get_by_role("columnheader", name="Tern 2")).to_be_visible()
    found.get_by_text("Add something that is sold elsewhere").click()
    found.get_by_label("What it is called").fill("Other Runner")
    found.get_by_role("button", name="Put it on the list").click()
    expect(found.get_by_role("columnheader", name="Other Runner")).to_be_visible()
    found.get_by_text("What it must have", exact=True).click()
    found.get_by_label("Width").check()
    found.get_by_role("button", name="Compare by these").click()
    found.get_by_label("Width, Other Runner").select_option("no")
    found.get_by_role("button", name="Keep marks and notes").last.click()
    expect(found.get_by_text("Lacks a must")).to_be_visible()
    situation = page.locator("touchstone-situation")
    situation.scroll_into_view_if_needed()
    situation.get_by_label("Foot width").select_option("wide")
    situation.get_by_label("trail").check()
    situation.get_by_role("button", name="Keep this").click()
    expect(situation.get_by_text("Noted.")).to_be_visible()
    assert page.context.cookies() == []
    check(page, f"own-shop-{width}")


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1440, True)])
def test_owner_and_friend_without_scripts(
    world: World,
    in_pieces: str,
    visit: Callable[..., Page],
    check: Callable[..., None],
    width: int,
    dark: bool,
) -> None:
    customer = make.customer(world.workspace)
    sola = Product.objects.get(sku="SOLA")
    shortlist(customer, world.need, world.tern, sola, "Seen at a friend's", must=("Wide", "Light"))
    owner = visit(width=width, dark=dark, javascript=False)
    owner.goto(local(world, shortlist_url(customer, world.need)))
    owner.get_by_text("Ask friends").click()
    owner.get_by_label("Whom is it for?").fill("Ben")
    owner.get_by_role("button", name="Make a link").click()
    address = owner.locator("input[readonly]").input_value()
    friend = visit(width=width, dark=dark, javascript=False)
    friend.goto(local(world, address))
    friend.get_by_label("I would take it").first.check()
    friend.get_by_label("Why").first.fill("Had them for two years.")
    friend.get_by_label("Your name").fill("Ben")
    friend.get_by_role("button", name="Send what I think").click()
    expect(friend.get_by_text("Thank you.")).to_be_visible()
    owner.reload()
    expect(owner.get_by_text("Had them for two years.")).to_be_visible()
    assert owner.context.cookies() == friend.context.cookies() == []
    for name, path in (
        ("shortlist", shortlist_url(customer, world.need)),
        ("shared", address),
        ("situation", situation_url(customer)),
    ):
        page = visit(width=width, dark=dark)
        page.goto(in_pieces + path[path.index("/e/") :])
        assert shifts(page) == []
        check(page, f"own-{name}-{width}")
    assert ShortlistLink.objects.get().expires_at > timezone.now() + timedelta(days=29)


@pytest.mark.parametrize(("width", "lang"), [(390, "de"), (1440, "ar")])
def test_a_survey_is_answered_on_the_shops_page_in_its_language(
    world: World, shop: Shop, visit: Callable[..., Page], check: Callable[..., None], width: int, lang: str
) -> None:
    asked = make_surveys.survey(world.workspace, subject="Larkfell")
    page = visit(width=width)
    body = f"<touchstone-survey survey='{asked.slug}'></touchstone-survey>"
    page.goto(shop.show(world, body, more="data-consent='given'", lang=lang))
    element = page.locator("touchstone-survey")
    if lang == "ar":
        page.evaluate("document.documentElement.dir = 'rtl'")
    expect(element.get_by_role("radio")).to_have_count(11)
    check(page, f"own-survey-{lang}-{width}")
    element.get_by_role("radio", name="9", exact=True).check(force=True)
    element.get_by_role("textbox").fill("Weiter so")
    element.get_by_role("button").click()
    expect(element.get_by_role("status")).to_be_visible()
    assert page.context.cookies() == []
    assert SurveyAnswer.objects.get().scores == [9]


def test_marketers_see_answers_rivals_questions_and_versions(
    world: World, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    asked = make_surveys.survey(
        world.workspace, name="After the order", themes=[{"name": "Fit", "terms": ["toe"]}]
    )
    for n in range(12):
        customer = make.customer(world.workspace)
        make_surveys.answer(asked, n % 11, comment="More room for the toe box, please", customer=customer)
        shortlist(customer, world.need, world.tern, "Other Runner", must=("Wide",))
    guide = Guide.objects.get()
    save_guide(
        workspace=world.workspace,
        guide=guide,
        values={"title": "Measure first"},
        actor=None,
        now=timezone.now(),
    )
    client = Client()
    client.force_login(make.member(world.workspace).user)
    page = visit()
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": world.app}]
    )
    for name, path, says in (
        ("survey", f"/surveys/{asked.pk}", "How they answered"),
        ("rivals", "/needs/alternatives", "Against each other"),
        ("need", f"/needs/{world.need.pk}", "Kind of answer"),
        ("guide", f"/guides/{guide.pk}", "Publish later"),
        ("version", f"/guides/{guide.pk}/versions/1", "What changed from here"),
    ):
        page.goto(world.app + path)
        expect(page.get_by_text(says).first).to_be_visible()
        check(page, f"own-marketer-{name}", looks=LOOKS)


def local(world: World, url: str) -> str:
    return world.app + url[url.index("/e/") :]
