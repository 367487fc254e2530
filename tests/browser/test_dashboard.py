"""The dashboard in Chromium, on the demo's own data: every page at three widths, light and dark, and what hands do."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db.models import Count
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.models import Customer, Workspace
from journeys.models import Guide, Need
from nudges.models import Decision, Nudge
from reviews.importing import check_import, upload_reviews, work_on_imports
from reviews.models import Review
from tests import make_surveys, make_webhooks
from tests.browser.conftest import LOOKS, Look
from tests.committed import Server, empty_database, environment_of_test_database, serve
from tests.make_dashboard import broadcast, rejected
from tests.reviews import import_files

pytestmark = [pytest.mark.timeout(900)]
LETTER = (
    "Subject: Before you choose a shoe\nFrom: Larkfell <hello@larkfell.example>\nTo: ada@example.org\n"
    "Date: Wed, 04 Mar 2026 12:00:00 +0000\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
    "<html><head></head><body><script>document.body.innerHTML = 'ran'</script><h1>Measure one thing</h1></body></html>"
)
PARTS = 4  # that the walk over all pages is cut in, to be done side by side
NAME = "20260304T120000.000001-000001-aa.eml"


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Server]:
    """The program with the demo's workspace in it and one mail in its outbox; emptied when the module is done."""
    outbox: Path = tmp_path_factory.mktemp("outbox")
    (outbox / NAME).write_text(LETTER)
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        # Playwright's synchronous interface runs a loop in this thread; Django would refuse to query beside it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        empty_database()
        call_command("seed_demo", info=outbox / "info.json", shop="http://127.0.0.1:9", verbosity=0)
        workspace = Workspace.objects.get()
        rejected(workspace, received_at=timezone.now())
        broadcast(
            Nudge.objects.filter(workspace=workspace, trigger="broadcast").first() or Nudge.objects.first()
        )
        environment = environment_of_test_database()
        yield from serve(environment, DEBUG="1", OUTBOX_DIR=str(outbox))
        empty_database()


@pytest.fixture
def transactional_db(server: Server, django_db_blocker: Any) -> Iterator[None]:
    """Queries of the test see what the server sees: rows that are committed, kept for the whole module.

    Has pytest-django's name, by which it knows that these tests need the database.
    """
    with django_db_blocker.unblock():
        yield


pytestmark.append(pytest.mark.usefixtures("transactional_db"))


@pytest.fixture
def enter(visit: Callable[..., Page], server: Server) -> Callable[..., Page]:
    """A page in which the demo's owner is signed in; `enter("/nudges", width=390)`."""

    def open_page(path: str = "/", **how: Any) -> Page:
        client = Client()
        client.force_login(get_user_model().objects.get(email="demo@touchstone.example"))
        page = visit(**how)
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}]
        )
        page.goto(server.url + path)
        return page

    return open_page


def pages() -> dict[str, str]:
    """Every page by name, with ids of what the demo has."""
    nudge = Nudge.objects.filter(status="active", trigger="stage_change").order_by("id").first()
    decision = Decision.objects.filter(outcome="suppress").order_by("-id").first()
    assert nudge
    assert decision
    review = Review.objects.filter(status="pending").order_by("id").first()
    busiest = Decision.objects.filter(outcome="send").order_by("-id").first()
    assert review
    assert busiest
    return {
        "home": "/",
        "customers": "/customers",
        "customer": f"/customers/{busiest.customer_id}",
        "decision": f"/decisions/{decision.pk}",
        "events": "/events",
        "events-refused": "/events?show=rejected",
        "needs": "/needs",
        "need": f"/needs/{Need.objects.order_by('id').first().pk}",  # type: ignore[union-attr]
        "evidence": "/needs/evidence",
        "guides": "/guides",
        "guide": f"/guides/{Guide.objects.order_by('id').first().pk}",  # type: ignore[union-attr]
        "reviews": "/reviews",
        "review": f"/reviews/{review.pk}",
        "review-rules": "/reviews/rules",
        "review-scrutiny": "/reviews/scrutiny",
        "nudges": "/nudges",
        "nudge": f"/nudges/{nudge.pk}",
        "nudge-edit": f"/nudges/{nudge.pk}/edit",
        "nudge-words": f"/nudges/{nudge.pk}/words",
        "nudge-dry-run": f"/nudges/{nudge.pk}/dry-run",
        "broadcast": "/broadcasts/"
        + str(Nudge.objects.filter(broadcasts__isnull=False).values_list("broadcasts", flat=True)[0]),
        "outbox": "/outbox",
        "outbox-letter": f"/outbox/{NAME}",
        "settings": "/settings",
        "settings-limits": "/settings/limits",
        "settings-topics": "/settings/topics",
        "settings-keys": "/settings/keys",
        "settings-embedding": "/settings/embedding",
        "settings-members": "/settings/members",
        "settings-audit": "/settings/audit",
        "account-two-factor": "/accounts/2fa/",
        "account-password": "/accounts/password/change/",
        "account-sessions": "/accounts/sessions/",
    }


def pages_of_files_and_surveys() -> dict[str, str]:
    """Pages whose things the demo lacks: a file that was checked, a survey, and programs that are told of changes."""
    workspace = Workspace.objects.get()
    batch = upload_reviews(
        workspace=workspace,
        file=io.BytesIO(import_files.JUDGEME.encode()),
        file_name="r.csv",
        user=None,
        now=timezone.now(),
    )
    told = {"missing_products": "refuse", "unstated": "publish", "day_first": None}
    check_import(batch=batch, mapping=batch.mapping, now=timezone.now(), **told)
    while work_on_imports(now=timezone.now()).done:
        pass
    survey = make_surveys.survey(workspace).pk
    guide = Guide.objects.order_by("id").first()
    assert guide
    program = make_webhooks.told(workspace).pk
    return {
        "webhooks": "/settings/webhooks",
        "webhook": f"/settings/webhooks/{program}",
        "imports": "/reviews/imports",
        "import": f"/reviews/imports/{batch.pk}",
        "exports": "/reviews/exports",
        "surveys": "/surveys",
        "survey": f"/surveys/{survey}",
        "survey-edit": f"/surveys/{survey}/edit",
        "shortlists": "/needs/alternatives",
        "guide-version": f"/guides/{guide.pk}/versions/1",
    }


def test_pages_of_files_and_surveys_hold(
    enter: Callable[..., Page], check: Callable[..., None], server: Server
) -> None:
    page = enter("/settings")
    for name, path in pages_of_files_and_surveys().items():
        page.goto(server.url + path)
        page.wait_for_load_state("networkidle")
        check(page, f"dashboard-{name}", looks=[Look(1440), Look(390, dark=True)])


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_holds(
    enter: Callable[..., Page], check: Callable[..., None], part: int, server: Server
) -> None:
    page = enter("/settings")
    wrong: dict[str, str] = {}
    for name, path in list(pages().items())[part::PARTS]:
        page.goto(server.url + path)
        if name == "outbox-letter":  # that its script was stopped is what must be said here, and nothing else
            assert [said for said in page.troubles if "Blocked script execution" not in said] == []  # type: ignore[attr-defined]
            page.troubles.clear()  # type: ignore[attr-defined]
        try:
            check(page, f"dashboard-{name}", looks=[*LOOKS, Look(1024)])
        except AssertionError as error:
            wrong[name] = str(error)[:900]
            page.troubles.clear()  # type: ignore[attr-defined]
    assert not wrong, "\n\n".join(f"{name}: {what}" for name, what in wrong.items())


def test_the_doors_to_it_hold(visit: Callable[..., Page], check: Callable[..., None], server: Server) -> None:
    page = visit()
    for name, path in {
        "login": "/accounts/login/",
        "signup-closed": "/accounts/signup/",
        "reset": "/accounts/password/reset/",
    }.items():
        page.goto(server.url + path)
        check(page, f"dashboard-door-{name}", looks=LOOKS)


def test_one_signs_in_with_the_keyboard_alone(visit: Callable[..., Page], server: Server) -> None:
    password = "a long passphrase of the test"
    user = get_user_model().objects.get(email="lena.hartl@larkfell.example")
    user.set_password(password)
    user.save()
    page = visit()
    page.goto(server.url + "/nudges")
    page.get_by_label("Email").focus()
    page.keyboard.type(user.email)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url(server.url + "/nudges")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nudges")
    expect(page.get_by_role("link", name="New nudge")).to_have_count(0)


def test_pages_change_without_a_reload_and_the_back_button_works(
    enter: Callable[..., Page], server: Server
) -> None:
    page = enter("/")
    page.evaluate("window.kept = true")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Customers").click()
    expect(page).to_have_title("Customers · Touchstone")
    expect(page.locator(".ts-nav-link[aria-current]")).to_have_text("Customers")
    expect(page.locator("#main")).to_be_focused()
    assert page.evaluate("window.kept"), "the page was exchanged, not loaded"
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Larkfell")
    assert page.troubles == []  # type: ignore[attr-defined]


def test_keys_lead_through_the_dashboard(enter: Callable[..., Page]) -> None:
    page = enter("/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page).to_have_title("Customers · Touchstone")
    page.keyboard.press("/")
    page.keyboard.type("example.org")
    expect(page.get_by_label("Search customers")).to_have_value("example.org")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=example"))
    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_a_new_page_takes_no_focus_from_who_types_at_once(enter: Callable[..., Page]) -> None:
    """Regression: the focus came a moment after the page, and the first keys went nowhere."""
    page = enter("/")
    page.evaluate(
        """() => {
            const search = () => document.querySelector('[data-search]')?.focus();
            new MutationObserver(search).observe(document.querySelector('title'), {childList: true});
            document.addEventListener('htmx:afterSettle', () => { document.documentElement.dataset.settled = 'yes'; });
        }"""
    )
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Customers").click()
    expect(page.locator("html")).to_have_attribute("data-settled", "yes")
    expect(page.get_by_label("Search customers")).to_be_focused()


def test_colours_are_chosen_and_kept(enter: Callable[..., Page]) -> None:
    page = enter("/settings")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="As the system").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_nothing_irreversible_happens_before_it_was_said_what_it_does(enter: Callable[..., Page]) -> None:
    nudge = Nudge.objects.filter(status="active").order_by("-id").first()
    assert nudge
    page = enter(f"/nudges/{nudge.pk}")
    page.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog", name="Pause this nudge?")
    expect(dialog).to_contain_text("What is put forward from now on is held back")
    dialog.get_by_role("button", name="Cancel").click()
    nudge.refresh_from_db()
    assert nudge.status == "active"
    page.get_by_role("button", name="Pause").click()
    dialog.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-toast]")).to_contain_text("silent")
    nudge.refresh_from_db()
    assert nudge.status == "paused"
    assert page.troubles == []  # type: ignore[attr-defined]


def test_a_condition_is_built_by_hand_and_read_back(enter: Callable[..., Page]) -> None:
    nudge = Nudge.objects.filter(conditions={}).order_by("id").first()
    need = Need.objects.order_by("position", "id").first()
    assert nudge
    assert need
    page = enter(f"/nudges/{nudge.pk}/edit")
    expect(page.locator("[data-conditions-says]")).to_contain_text("Everyone.")
    page.get_by_role("button", name="+ Add a condition").click()
    page.locator(".ts-leaf").get_by_label("Shortlist").uncheck()
    page.locator(".ts-leaf").get_by_label("Purchase", exact=True).check()
    expect(page.locator("[data-conditions-says]")).to_contain_text("fit")
    conditions = page.locator("textarea[name=conditions]")
    expect(conditions).to_have_value(re.compile("purchase"))
    assert json.loads(conditions.input_value()) == {"need": need.slug, "stage": "purchase"}
    page.get_by_role("button", name="+ Add a condition").click()
    page.locator(".ts-leaf").nth(1).get_by_label("Add a condition").select_option("event")
    expect(conditions).to_have_value(re.compile("Product Viewed"))
    written = json.loads(conditions.input_value())
    assert written["all"][1] == {"event": "Product Viewed", "at_least": 1, "within": "30d"}
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(nudge.name)
    nudge.refresh_from_db()
    assert nudge.conditions == written
    assert page.troubles == []  # type: ignore[attr-defined]


def test_a_condition_with_lists_opens_in_the_builder_and_is_written_back_as_it_was(
    enter: Callable[..., Page],
) -> None:
    need = Need.objects.order_by("position", "id").first()
    nudge = Nudge.objects.order_by("id").last()
    assert need
    assert nudge
    parts: list[dict[str, Any]] = [
        {"need": need.slug, "stage": ["shortlist", "purchase"], "for_at_least": "2d"},
        {"event": ["Cart Viewed", "Checkout Started"], "at_least": 1},
        {"trait": "plan", "in": ["gold", 3]},
        {"locale": ["de", "fr"]},
        {"trait": "born", "before": "1990-01-01"},
    ]
    Nudge.objects.filter(pk=nudge.pk).update(conditions={"all": parts})
    page = enter(f"/nudges/{nudge.pk}/edit")
    # What the fields can't show stays as it was written, and only that.
    expect(page.locator(".ts-leaf code")).to_have_text('{"trait":"born","before":"1990-01-01"}')
    stages = page.locator(".ts-leaf").first
    expect(stages.get_by_label("Shortlist")).to_be_checked()
    expect(stages.get_by_label("Purchase", exact=True)).to_be_checked()
    stages.get_by_label("Post-purchase").check()
    parts[0]["stage"] = ["shortlist", "purchase", "post_purchase"]
    conditions = page.locator("textarea[name=conditions]")
    expect(conditions).to_have_value(re.compile("post_purchase"))
    assert json.loads(conditions.input_value()) == {"all": parts}
    page.locator(".ts-leaf").nth(2).get_by_label("values, with commas between").fill("gold, silver")
    expect(conditions).to_have_value(re.compile('"gold",\\s+"silver"\\s+]'))
    assert page.troubles == []  # type: ignore[attr-defined]


def test_a_condition_is_written_without_scripts_too(enter: Callable[..., Page]) -> None:
    nudge = Nudge.objects.order_by("-id")[1]
    page = enter(f"/nudges/{nudge.pk}/edit", javascript=False)
    page.locator("textarea[name=conditions]").fill('{"trait": "plan", "is": "gold"}')
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(nudge.name)
    nudge.refresh_from_db()
    assert nudge.conditions == {"trait": "plan", "is": "gold"}


def test_blocks_of_a_guide_are_added_and_moved_by_keyboard_and_previewed(enter: Callable[..., Page]) -> None:
    need = Need.objects.order_by("id").first()
    assert need
    page = enter(f"/guides/new?need={need.slug}&stage=purchase")
    page.get_by_label("Title").first.fill("A guide by hand")
    page.get_by_label("Language").fill("fr")
    page.get_by_role("button", name="+ Add", exact=True).click()
    page.get_by_label("Text (Markdown)").fill("Read **this**.")
    page.locator("[data-blocks-editor] > div > select").select_option("question")
    page.get_by_role("button", name="+ Add", exact=True).click()
    page.get_by_label("Question", exact=True).fill("Why?")
    page.get_by_label("Answer", exact=True).fill("Because.")
    page.locator("[data-block]").nth(1).focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("textarea[name=blocks]")).to_have_value(re.compile('"question".*"text"', re.DOTALL))
    page.locator('[data-place="blocks.1"] .ts-drag').drag_to(page.locator('[data-place="blocks.0"] .ts-drag'))
    expect(page.locator("textarea[name=blocks]")).to_have_value(re.compile('"text".*"question"', re.DOTALL))
    page.locator('[data-place="blocks.0"]').get_by_role("button", name="Move down").first.click()
    expect(page.locator("textarea[name=blocks]")).to_have_value(re.compile('"question".*"text"', re.DOTALL))
    expect(page.frame_locator("#guide-preview").locator("strong")).to_have_text("this")
    page.get_by_role("button", name="Save a version").click()
    expect(page.locator("[data-toast]")).to_contain_text("Saved as version 1")
    guide = Guide.objects.get(title="A guide by hand")
    assert [block["kind"] for block in guide.blocks] == ["question", "text"]
    assert page.troubles == []  # type: ignore[attr-defined]


def test_reviews_are_moderated_by_keyboard_one_by_one_and_together(enter: Callable[..., Page]) -> None:
    oldest = Review.objects.filter(waiting_since__isnull=False).order_by("waiting_since", "id")
    waiting = oldest.count()
    first, second, *others = oldest[:5]
    page = enter("/reviews")
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("[data-decided]")).to_contain_text("Published.")
    expect(page.locator(f"#item-review-{second.pk}")).to_be_focused()
    expect(page.locator("#n-pending")).to_have_text(str(waiting - 1))
    page.keyboard.press("r")
    page.keyboard.press("1")
    expect(page.locator("[data-decided]")).to_have_count(2)
    states = list(Review.objects.filter(pk__in=[first.pk, second.pk]).order_by("waiting_since", "pk"))
    assert {one.status for one in states} == {"published", "rejected"}
    assert Review.objects.get(pk=second.pk).rejection_reason == "spam"
    expect(page.locator(f"#item-review-{others[0].pk}")).to_be_focused()
    # Of three at once, two are held by a step and have to be looked at one by one.
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("3 chosen")
    page.get_by_role("button", name="Publish those chosen").click()
    expect(page.locator("#confirm")).to_contain_text("Readers will see 3 texts at once")
    page.locator("#confirm [data-confirm-yes]").click()
    expect(page.locator("[data-toast]", has_text="2 × Held by an automatic step")).to_be_visible()
    chosen = Review.objects.filter(pk__in=[one.pk for one in others[:3]])
    assert sorted(one.status for one in chosen) == ["pending", "pending", "published"]
    page.locator("[data-shortcut=u]").focus()
    page.keyboard.press("u")
    expect(page.locator("[data-toast]", has_text="Taken back")).to_be_visible()
    assert {one.status for one in chosen.all()} == {"pending"}
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("[data-decided]")).to_contain_text("Published.")
    expect(page.locator("[data-queue-item]:not([data-decided])").first).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator("[data-toast]", has_text="Taken back")).to_be_visible()
    assert page.troubles == []  # type: ignore[attr-defined]


def test_an_event_appears_while_one_looks(enter: Callable[..., Page]) -> None:
    page = enter("/events")
    now = timezone.now()
    made = IncomingEvent(type="track", name="Seen Live", message_id="live-1", occurred_at=now, user_id="live")
    ingest_events(workspace_id=Workspace.objects.get().pk, events=[made], received_at=now, source="tracking")
    expect(page.get_by_text("Seen Live")).to_be_visible(timeout=15_000)


def test_the_timeline_goes_on_while_one_scrolls(enter: Callable[..., Page]) -> None:
    busiest = Customer.objects.annotate(n=Count("decisions")).order_by("-n").first()
    assert busiest
    now = timezone.now()
    looks = [
        IncomingEvent(
            type="track",
            name="Product Viewed",
            message_id=f"look-{n}",
            occurred_at=now - timedelta(minutes=n),
            user_id=busiest.external_id,
        )
        for n in range(120)
    ]
    ingest_events(workspace_id=busiest.workspace_id, events=looks, received_at=now, source="tracking")
    page = enter(f"/customers/{busiest.pk}")
    rows = page.locator(".ts-timeline > li:not(.ts-day)")
    before = rows.count()
    page.keyboard.press("End")
    expect(rows.nth(before)).to_be_attached()
    assert page.troubles == []  # type: ignore[attr-defined]


def test_a_mail_is_shown_and_its_scripts_do_not_run(enter: Callable[..., Page]) -> None:
    page = enter(f"/outbox/{NAME}")
    letter = page.frame_locator("#letter")
    expect(letter.locator("h1")).to_have_text("Measure one thing")
    page.get_by_role("button", name="Phone").click()
    expect(page.locator("#letter")).to_have_css("max-width", "390px")
