"""The embeds in Chromium, on the demo shop: another origin, a strict policy of its own, two widths, no cookies."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from config.local.redis import wait_until
from config.local.state import free_port
from demo.shop.setting import user_id
from engagement.identities import embed_secret
from engagement.keys import make_key
from engagement.models import Event, Product, Workspace
from journeys.models import Need
from reviews.models import HelpfulVote, Review, ReviewRating, ReviewStatus
from reviews.tallying import tally_ratings
from tests import make, make_guides, make_reviews
from tests.browser.conftest import Look, shifts
from tests.committed import Server
from tests.make_journeys_base import shoe_need

pytestmark = pytest.mark.usefixtures("committed")
NOW = timezone.now() - timedelta(days=3)
WIDTHS = [390, 1440]

# From now on: what moved when the reader had not just clicked, with what it was. Chromium's own half second would let a
# busy machine decide.
WATCH_SHIFTS = """() => {
    window.shifts = {found: [], clicked: 0};
    addEventListener('click', event => { shifts.clicked = event.timeStamp; }, true);
    const tell = ({node, previousRect, currentRect}) => `${node?.className} ${previousRect.y} > ${currentRect.y}`;
    shifts.take = list => shifts.found.push(
        ...list.filter(e => e.startTime - shifts.clicked > 1000).map(e => [e.value, ...e.sources.map(tell)]));
    shifts.watcher = new PerformanceObserver(list => shifts.take(list.getEntries()));
    shifts.watcher.observe({type: 'layout-shift'});
}"""
SHIFTED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
    shifts.take(shifts.watcher.takeRecords());
    done(shifts.found);
})))"""


class World(NamedTuple):
    """The shop's origin and Touchstone's, and what is told there."""

    shop: str
    app: str
    workspace: Workspace
    product: Product
    need: Need
    write_key: str


class DemoShop(NamedTuple):
    """The shop of another origin, and the file that says where Touchstone is and with which keys."""

    url: str
    info: Path


@pytest.fixture(scope="module")
def demo_shop(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoShop]:
    port, info = free_port(), tmp_path_factory.mktemp("shop") / "info.json"
    arguments = ["-m", "demo.shop", "--port", str(port), "--info", str(info), "--touchstone", server.url]
    process = subprocess.Popen([sys.executable, *arguments])
    try:
        url = f"http://localhost:{port}"
        assert wait_until(lambda: is_up(url), seconds=40)
        yield DemoShop(url, info)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def world(server: Server, demo_shop: DemoShop, committed: None) -> World:
    """The demo shop beside the program, with one product's reviews and guides."""
    shop = demo_shop.url
    workspace = make.workspace(name="Larkfell", allowed_origins=[shop], shop_url=shop)
    write_key = make_key(workspace=workspace, kind="write", name="Shop")[1]
    need = shoe_need(workspace, slug="trail-shoes", rules={"categories": ["Trail shoes"]})
    product = make.product(
        workspace, "LF-FOX", name="Fox Trail", category="Trail shoes", url=f"{shop}/p/LF-FOX"
    )
    tell(workspace, need, product)
    demo_shop.info.write_text(json.dumps({"write_key": write_key, "embed_secret": embed_secret(workspace)}))
    return World(shop, server.url, workspace, product, need, write_key)


def tell(workspace: Workspace, need: Need, product: Product) -> None:
    for sku in ("LF-IBEX-3", "OUT-SOLA"):
        kind = "outside" if sku.startswith("OUT") else "own"
        make.product(workspace, sku, name=sku.title(), kind=kind, source_url="https://test.example/sola")
    comparison = make_guides.comparison(
        "LF-FOX", "LF-IBEX-3", "OUT-SOLA", values=[["3 mm", "5 mm", "3 mm"], ["mixed", "rock", "mixed"]]
    )
    blocks = [
        *make_guides.BLOCKS,
        comparison,
        {"kind": "not_for", "items": ["Most of your loop is road."]},
        {"kind": "care", "steps": [{"when": "First week", "markdown": "Short runs."}]},
        {"kind": "changed", "situations": [{"situation": "It is too small", "markdown": "We swap it."}]},
        {"kind": "question", "question": "How long does it last?", "answer": "About **600 km**."},
    ]
    for stage in ("purchase", "shortlist"):
        make_guides.guide(
            workspace, need=need, stage=stage, slug=f"trail-{stage}", blocks=blocks, verified_on=NOW.date()
        )
    for n in range(12):
        buyer = make.customer(workspace)
        if n % 2:
            make_reviews.order(buyer, product, at=NOW)
        make_reviews.review(
            product,
            buyer,
            at=NOW + timedelta(hours=n),
            title=f"Story {n}",
            overall=1 + n % 5,
            situation={"width": "wide" if n % 3 else "narrow"},
            fit="as expected",
            pros=("grip",),
            cons=("colour",),
        )
    tally_ratings(now=NOW)


def is_up(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def open_shop(page: Page, world: World, path: str = "/p/LF-FOX", *, agrees: bool = False) -> None:
    """Open a page of the shop and answer its question; every embed that comes near the screen is waited for."""
    page.goto(world.shop + path)
    page.click(f"[data-choice={'yes' if agrees else 'no'}]")
    for element in page.locator("touchstone-guide, touchstone-reviews").all():
        element.scroll_into_view_if_needed()
        expect(element).to_have_attribute("data-state", "ready", timeout=15_000)
        # What came late and does not fit is folded, lest the page move: a reader opens it.
        for unfold in element.locator(".ts-unfold").all():
            unfold.click()


def cookies_set(page: Page, world: World) -> list[str]:
    """Answers of Touchstone that set a cookie, noted from now on."""
    found: list[str] = []
    page.on(
        "response",
        lambda answer: (
            found.append(answer.url)
            if answer.url.startswith(world.app) and "set-cookie" in answer.all_headers()
            else None
        ),
    )
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_a_shop_of_another_origin_shows_guide_and_reviews(
    world: World, visit: Callable[..., Page], check: Callable[..., None], width: int
) -> None:
    page = visit(width=width)
    cookies = cookies_set(page, world)
    open_shop(page, world)
    expect(page.get_by_text("Narrow shoes hurt.")).to_be_visible()
    expect(page.get_by_text("Story 11")).to_be_visible()
    assert shifts(page) == []
    assert cookies == []
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"larkfell_cart"}
    check(page, f"embed-shop-{width}")


@pytest.mark.parametrize("width", WIDTHS)
def test_hosted_pages_read_well(
    world: World, in_pieces: str, visit: Callable[..., Page], check: Callable[..., None], width: int
) -> None:
    slug = world.workspace.slug
    for kind, path in (
        ("guide", f"/e/guide/{slug}/trail-purchase/"),
        ("reviews", f"/e/reviews/{slug}/LF-FOX/"),
        ("form", f"/e/review/{slug}/LF-FOX/"),
    ):
        page = visit(width=width)
        page.goto(in_pieces + path)
        page.wait_for_load_state("networkidle")
        assert shifts(page) == []
        check(page, f"embed-{kind}", looks=[Look(width), Look(width, dark=True)])
        assert page.context.cookies() == []


def test_what_follows_and_other_orders_come_without_leaving_the_page(
    world: World, visit: Callable[..., Page]
) -> None:
    page = visit()
    open_shop(page, world)
    reviews = page.locator("touchstone-reviews")
    expect(reviews.locator(".ts-review")).to_have_count(8)
    reviews.get_by_role("link", name="Show more").click()
    expect(reviews.locator(".ts-review")).to_have_count(12)
    expect(reviews.get_by_role("link", name="Show more")).to_have_count(0)
    reviews.get_by_label("Foot width").select_option("narrow")
    reviews.get_by_role("button", name="Show").click()
    expect(reviews.get_by_role("link", name="People like me first")).to_have_attribute("aria-current", "true")
    expect(reviews.locator(".ts-review").first.locator(".ts-chips")).to_have_text("narrow")
    expect(page).to_have_url(f"{world.shop}/p/LF-FOX")
    assert page.troubles == []  # type: ignore[attr-defined]


def test_nothing_moves_after_a_click_also_where_the_answer_is_slow(
    world: World, visit: Callable[..., Page]
) -> None:
    page = visit(width=390)
    open_shop(page, world, agrees=True)
    reviews = page.locator("touchstone-reviews")
    expect(reviews.locator(".ts-review")).to_have_count(8)
    # What moves at once after a click is the reader's own doing: these answers come later.
    slow = {"offline": False, "latency": 1200, "downloadThroughput": -1, "uploadThroughput": -1}
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", slow)
    page.evaluate(WATCH_SHIFTS)
    reviews.get_by_role("button", name="Yes").first.click()
    expect(reviews.get_by_text("1 of 1 found this helpful.")).to_be_visible()
    reviews.get_by_role("link", name="Show more").click()
    expect(reviews.locator(".ts-review")).to_have_count(12)
    reviews.get_by_role("link", name="Most helpful").click()
    expect(reviews.get_by_role("link", name="Most helpful")).to_have_attribute("aria-current", "true")
    reviews.get_by_label("Foot width").select_option("narrow")
    reviews.get_by_role("button", name="Show").click()
    expect(reviews.get_by_role("link", name="People like me first")).to_have_attribute("aria-current", "true")
    reviews.get_by_text("How these reviews come about").click()
    expect(reviews.get_by_text("Anybody may write")).to_be_visible()
    reviews.get_by_role("link", name="Write a review").click()
    expect(reviews.get_by_label("Your experience")).to_be_visible()
    assert page.evaluate(SHIFTED) == []


def test_search_engines_find_the_reviews_beside_the_shops_own_product(
    world: World, visit: Callable[..., Page]
) -> None:
    page = visit()
    open_shop(page, world)
    texts = page.locator("script[type='application/ld+json']").all_inner_texts()
    own, ours = sorted((json.loads(text) for text in texts), key=lambda data: "aggregateRating" in data)
    assert own["@id"] == ours["@id"] == "#product"
    assert "offers" in own
    assert "offers" not in ours
    assert ours["aggregateRating"]["ratingCount"] == 12


def test_a_review_is_written_on_the_shops_page(world: World, visit: Callable[..., Page]) -> None:
    customer = make.customer(world.workspace, external_id=user_id("ada@example.org"), email="ada@example.org")
    page = visit()
    page.goto(f"{world.shop}/account")
    page.fill("main input[name=email]", "ada@example.org")
    page.get_by_role("button", name="Sign in").click()
    open_shop(page, world)
    reviews = page.locator("touchstone-reviews")
    reviews.get_by_role("link", name="Write a review").click()
    form = reviews.locator("form.ts-form")
    expect(form.get_by_label("E-mail")).to_have_count(0)
    form.get_by_role("button", name="Send the review").click()
    expect(reviews.get_by_role("alert")).to_contain_text("Write at least one sentence")
    form.get_by_role("radio", name="2 of 5 stars").first.check(force=True)
    form.get_by_label("Your experience").fill("The sole came off after three weeks of paths.")
    form.get_by_label("Name to show").fill("Ada")
    # The line is gone, in a way that a slow line's emulation leaves alone.
    page.route("**/e/f/review/**", lambda route: route.abort("internetdisconnected"))
    page.evaluate("Object.defineProperty(navigator, 'onLine', {value: false, configurable: true})")
    send = form.get_by_role("button", name="Send the review")
    for _ in range(2):
        send.click()
        expect(form.locator("[data-ts-failed]")).to_contain_text("Not sent")
        expect(send).to_be_enabled()
    page.unroute("**/e/f/review/**")
    page.evaluate("delete navigator.onLine; dispatchEvent(new Event('online'))")  # sent by itself, and once
    expect(reviews.get_by_text("whatever it says of the product")).to_be_visible()
    review = Review.objects.get(customer=customer)
    assert (review.status, review.version) == (ReviewStatus.PENDING, 1)
    assert ReviewRating.objects.get(review=review).overall == 2


def test_without_scripts_the_hosted_page_reads_votes_and_submits(
    world: World, visit: Callable[..., Page]
) -> None:
    slug = world.workspace.slug
    page = visit(javascript=False, width=390)
    page.goto(f"{world.app}/e/reviews/{slug}/LF-FOX/")
    expect(page.get_by_text("Story 11")).to_be_visible()
    page.get_by_role("button", name="Yes").first.click()
    expect(page.get_by_text("1 of 1 found this helpful.")).to_be_visible()
    page.get_by_role("link", name="Show more").click()
    expect(page.get_by_text("Story 0")).to_be_visible()
    page.get_by_role("link", name="Write a review").click()
    page.get_by_role("radio", name="4 of 5 stars").first.check(force=True)
    page.get_by_label("Your experience").fill("Good grip, and the laces hold. I would take them again.")
    page.get_by_label("Name to show").fill("Bo")
    page.get_by_label("E-mail").fill("nonsense")
    page.get_by_role("button", name="Send the review").click()
    expect(page.get_by_role("alert")).to_contain_text("E-mail")
    expect(page.get_by_label("Your experience")).to_have_value(
        "Good grip, and the laces hold. I would take them again."
    )
    assert page.context.cookies() == []


def test_nothing_is_kept_or_told_before_the_visitor_agrees(world: World, visit: Callable[..., Page]) -> None:
    page = visit()
    page.clock.install()
    told: list[str] = []
    page.on("request", lambda asked: told.append(asked.url) if asked.method == "POST" else None)
    open_shop(page, world)
    guide = page.locator("touchstone-guide")
    guide.get_by_label("Width").check()
    guide.scroll_into_view_if_needed()
    page.clock.run_for(60_000)
    assert told == []
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('touchstone'))") == []
    assert not Event.objects.filter(name__in=["Guide Read", "Guide Checked"]).exists()


def test_with_consent_reading_and_ticking_are_told_and_remembered(
    world: World, visit: Callable[..., Page]
) -> None:
    page = visit()
    open_shop(page, world, agrees=True)
    guide = page.locator("touchstone-guide")
    guide.get_by_label("Width").check()
    guide.scroll_into_view_if_needed()
    assert wait_until(lambda: Event.objects.filter(name="Guide Read").exists(), seconds=15)
    assert wait_until(lambda: Event.objects.filter(name="Guide Checked").exists(), seconds=5)
    page.reload()
    expect(guide.get_by_label("Width")).to_be_checked()


def test_a_vote_is_counted_for_a_browser_that_agreed(world: World, visit: Callable[..., Page]) -> None:
    page = visit()
    open_shop(page, world, agrees=True)
    page.locator("touchstone-reviews").get_by_role("button", name="Yes").first.click()
    expect(page.get_by_text("1 of 1 found this helpful.")).to_be_visible()
    assert HelpfulVote.objects.count() == 1


def test_the_page_comes_back_from_the_back_forward_cache_whole(
    world: World, visit: Callable[..., Page]
) -> None:
    page = visit()
    open_shop(page, world)
    page.goto(f"{world.shop}/cart")
    page.go_back()
    reviews = page.locator("touchstone-reviews")
    reviews.scroll_into_view_if_needed()
    expect(reviews.locator(".ts-review")).to_have_count(8)


@pytest.mark.parametrize("width", WIDTHS)
def test_themes_and_reading_from_right_to_left(
    world: World, visit: Callable[..., Page], check: Callable[..., None], width: int
) -> None:
    page = visit(width=width)
    open_shop(page, world)
    page.evaluate(
        """() => {
            document.documentElement.dir = 'rtl';
            for (const one of document.querySelectorAll('touchstone-guide, touchstone-reviews')) {
                one.style.setProperty('--touchstone-accent', '#7a1f5c');
                one.style.setProperty('--touchstone-radius', '0');
            }
        }"""
    )
    button = page.locator("touchstone-reviews .ts-button").first
    expect(button).to_have_css("background-color", "rgb(122, 31, 92)")
    check(page, f"embed-rtl-{width}")


def test_where_nothing_is_published_the_page_goes_on(world: World, visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto(f"{world.shop}/c/headlamps")
    guide = page.locator("touchstone-guide")
    guide.scroll_into_view_if_needed()
    expect(guide).to_have_attribute("data-state", "empty")
    expect(guide).to_have_text("")


def test_a_shop_that_is_not_allowed_shows_nothing_of_it(world: World, visit: Callable[..., Page]) -> None:
    Workspace.objects.update(allowed_origins=["https://elsewhere.example"])
    page = visit()
    page.goto(f"{world.shop}/p/LF-FOX")
    reviews = page.locator("touchstone-reviews")
    reviews.scroll_into_view_if_needed()
    expect(reviews).to_have_attribute("data-state", "empty")
    expect(page.get_by_text("Story 11")).to_have_count(0)
