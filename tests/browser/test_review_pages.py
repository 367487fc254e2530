"""Pages of reviews as a reader and an author meet them, in Chromium: fit, photos, questions, in both directions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Page, expect

from engagement.keys import make_key
from engagement.models import Customer, Product, Workspace
from reviews.judging import publish_post
from reviews.links import collection_url, writing_url
from reviews.models import Review, ReviewDraft, ReviewPolicy
from reviews.moderating import publish_review
from reviews.talking import answer_as_owner, ask_question
from reviews.tallying import mark_stale, tally_ratings
from tests import make, make_fit
from tests.browser.conftest import LOOKS, shifts
from tests.committed import Server

pytestmark = pytest.mark.usefixtures("committed")
NOW = timezone.now() - timedelta(days=3)


class World(NamedTuple):
    """A product whose fit is learned, and somebody who has it."""

    app: str
    workspace: Workspace
    product: Product
    author: Customer

    def page(self, kind: str) -> str:
        return f"{self.app}/e/{kind}/{self.workspace.slug}/{self.product.sku}/"


@pytest.fixture
def world(server: Server, committed: None) -> World:
    workspace = make.workspace(name="Larkfell")
    make_key(workspace=workspace, kind="write", name="Shop")
    make_fit.need(workspace)
    product, *_ = make_fit.shop(workspace, products=3)
    mark_stale(workspace_id=workspace.pk, product_ids=[product.pk], now=NOW)
    tally_ratings(now=NOW)
    author = make.customer(workspace, name="Ada Lovelace", email="ada@example.org")
    return World(server.url, workspace, product, author)


def test_who_tells_their_situation_is_shown_what_people_like_them_found(
    world: World, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    page = visit()
    page.goto(world.page("reviews"))
    me = page.locator("[data-ts-me]")
    me.get_by_label("Foot width").select_option("wide")
    me.get_by_label("road").check()
    me.get_by_label("Weight").fill("70")
    me.get_by_role("button", name="Show").click()
    expect(page.get_by_text("How it fitted people like you")).to_be_visible()
    expect(page.get_by_text("What made a difference here: Foot width")).to_be_visible()
    expect(page.locator(".ts-review").first.locator(".ts-like")).to_contain_text("same: Foot width")
    expect(me.get_by_label("road")).to_be_checked()
    assert page.context.cookies() == []
    check(page, "reviews-fit", looks=LOOKS)
    page.evaluate("document.documentElement.dir = 'rtl'")
    check(page, "reviews-fit-rtl")


def test_an_author_goes_on_later_adds_a_photo_and_sees_it_published(
    world: World, visit: Callable[..., Page], check: Callable[..., None], tmp_path: Path
) -> None:
    Image.effect_mandelbrot((1200, 900), (-2, -1.5, 1, 1.5), 60).convert("RGB").save(tmp_path / "sole.jpg")
    link = writing_url(world.product, customer=world.author).replace(
        writing_url(world.product).partition("/e/")[0], world.app
    )
    page = visit(width=390)
    page.goto(link)
    page.get_by_label("Your experience").fill("After a month the sole still holds.")
    expect(page.get_by_text("Saved as you type.")).to_be_visible(timeout=15_000)
    assert ReviewDraft.objects.get().customer == world.author
    page.reload()
    expect(page.get_by_label("Your experience")).to_have_value("After a month the sole still holds.")
    page.get_by_role("radio", name="4 of 5 stars").first.check(force=True)
    page.get_by_text("Photos", exact=False).first.click()
    page.get_by_label("Photo 1").set_input_files(tmp_path / "sole.jpg")
    page.get_by_label("What is to be seen").first.fill("The sole after a month")
    check(page, "review-form", looks=LOOKS)
    page.get_by_role("button", name="Send the review").click()
    expect(page.get_by_text("whatever it says of the product")).to_be_visible()
    review = Review.objects.get(customer=world.author)
    publish_review(workspace=world.workspace, review_id=review.pk, actor=None, now=NOW + timedelta(hours=9))
    tally_ratings(now=NOW)
    page.goto(world.page("reviews") + "?order=recent&n=1")
    picture = page.get_by_role("img", name="The sole after a month")
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 320)
    assert shifts(page) == []
    check(page, "reviews-photo", looks=LOOKS)
    page.goto(link)
    expect(page.get_by_text("is published")).to_be_visible()
    check(page, "review-own")


def test_who_is_invited_chooses_a_product_writes_and_comes_back_to_what_is_left(
    world: World, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    ReviewPolicy.objects.create(workspace=world.workspace, gives_to_feeds=True)
    others = Product.objects.filter(workspace=world.workspace).exclude(pk=world.product.pk).order_by("pk")
    link = collection_url(world.author, [world.product, others[0]])
    link = f"{world.app}{link[link.index('/e/') :]}?lang=de"
    page = visit(width=390)
    page.goto(link)
    expect(page.get_by_role("link", name="Bewertung schreiben:")).to_have_count(2)
    check(page, "collection", looks=LOOKS)
    # What follows needs no script.
    page = visit(width=390, javascript=False)
    page.goto(link)
    page.get_by_role("link", name=f"Bewertung schreiben: {world.product}").click()
    page.get_by_role("radio", name="2 von 5 Sternen").first.check(force=True)
    page.get_by_label("Deine Erfahrung").fill("Nach zwei Wochen drückt er am kleinen Zeh.")
    expect(page.get_by_label("Auch Google und Meta")).not_to_be_checked()
    page.get_by_label("Auch Google und Meta").check()
    page.get_by_role("button", name="Bewertung abschicken").click()
    expect(page.get_by_text("was immer sie über das Produkt sagt")).to_be_visible()
    review = Review.objects.get(customer=world.author)
    assert (review.collected_by, review.shared_at is not None) == ("link", True)
    page.goto(link)
    expect(page.get_by_role("link", name="Bewertung schreiben:")).to_have_count(1)
    page.get_by_role("link", name="Deine Bewertung ändern").click()
    page.get_by_role("button", name="Nicht mehr").click()
    expect(page.get_by_text("Auch Google und Meta bekommen sie")).to_have_count(0)
    review.refresh_from_db()
    assert review.shared_at is None


def test_questions_are_asked_without_scripts_and_read(
    world: World, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    question = ask_question(
        product=world.product, customer=world.author, body="Does it run wide at the toes?", author_name="Bo",
        language="en", situation={}, need_slug="running", now=NOW,
    )  # fmt: skip
    publish_post(workspace=world.workspace, post_id=question.pk, actor=None, now=NOW)
    given = answer_as_owner(
        question=question, customer=make.customer(world.workspace), body="A thumb's breadth of room, I'd say.",
        author_name="Cleo", language="en", now=NOW,
    )  # fmt: skip
    publish_post(workspace=world.workspace, post_id=given.pk, actor=None, now=NOW)
    page = visit(javascript=False, width=390)
    page.goto(world.page("questions"))
    expect(page.get_by_text("A thumb's breadth of room")).to_be_visible()
    page.get_by_label("Your question").fill("Hm?")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("alert")).to_contain_text("Write 10 to 2000 characters")
    page.get_by_label("Your question").fill("How long do the laces last?")
    page.get_by_label("Name to show").fill("Dee")
    page.get_by_label("E-mail").fill("dee@example.org")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("look into your mail")).to_be_visible()
    assert page.context.cookies() == []
    page = visit()
    page.goto(world.page("questions") + "?lang=de")
    expect(page.get_by_role("heading", name="Fragen und Antworten")).to_be_visible()
    check(page, "questions", looks=LOOKS)
    page.get_by_role("link", name="Melden").first.click()
    expect(page.get_by_role("heading", name="Was stimmt damit nicht?")).to_be_visible()
    check(page, "report")
