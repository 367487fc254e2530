"""From published reviews to a reader's figure: learned in the background, read in one query."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from engagement.models import Product, Workspace
from reviews.fits import Fit, Lack, NotEnough, attributes_that_matter, is_held_out, read_fit
from reviews.fitting.learning import learn_fit
from reviews.fitting.overdue import find_overdue_fit
from reviews.marking import mark_fit_due
from reviews.models import FitDue, FitSheet, FitTopic, Review
from tests import make, make_fit

pytestmark = pytest.mark.django_db
WIDE = {"foot": "wide", "colour": "red"}


@pytest.fixture
def workspace() -> Workspace:
    workspace = make.workspace()
    make_fit.need(workspace)
    return workspace


def fit(product: Product, situation: dict[str, Any] = WIDE, reader_key: str = "r") -> Fit:
    found = read_fit(product=product, situation=situation, reader_key=reader_key).fit
    assert isinstance(found, Fit), found
    return found


def lacking(product: Product, situation: dict[str, Any] = WIDE, reader_key: str = "r") -> NotEnough:
    found = read_fit(product=product, situation=situation, reader_key=reader_key).fit
    assert isinstance(found, NotEnough), found
    return found


def share(found: Fit | NotEnough, option: str) -> float:
    return next(one.share for one in found.shares if one.option == option)


def test_readers_in_different_situations_get_different_figures(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    assert share(fit(product, {"foot": "wide"}), "small") > 0.7
    assert share(fit(product, {"foot": "narrow"}), "large") > 0.7
    assert share(fit(product, {"foot": "medium"}), "right") > 0.7
    assert [one.option for one in fit(product).shares] == make_fit.OPTIONS


def test_only_what_matters_is_learned_and_named(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    assert fit(product).matters == ("Foot width",)
    first, *others = attributes_that_matter(workspace_id=workspace.pk, need="running")
    assert (first.key, round(first.gain, 1) > 0) == ("foot", True)
    assert [one.gain for one in others] == [0.0, 0.0, 0.0]


def test_the_interval_holds_the_share_and_the_reviews_that_carry_it_say_why(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    found = fit(product)
    assert all(one.low < one.share < one.high for one in found.shares)
    assert found.because[0].same == ("Foot width",)
    assert found.because[0].likeness == 1.0
    named = Review.objects.filter(pk__in=[one.review_id for one in found.because])
    assert {review.product_id for review in named} == {product.pk}
    assert all(one.low >= 0 and one.high <= 1 for one in found.shares)


def test_a_page_costs_one_query_however_many_reviews(
    workspace: Workspace, django_assert_num_queries: Any
) -> None:
    few, many, *_ = make_fit.shop(workspace)
    chance = Random(3)
    told = [make_fit.situation(chance) for _ in range(500)]
    make_fit.reviews(many, [(one, make_fit.by_foot(one, chance)) for one in told])
    make_fit.learn([many])
    for product in (few, many):
        product.refresh_from_db()
        with django_assert_num_queries(1):
            assert read_fit(product=product, situation=WIDE, reader_key="r").nearest
    sheet = FitSheet.objects.get(product=many)
    assert sheet.review_count == 525
    assert len(sheet.cells) <= 3


def test_learning_costs_the_same_queries_for_one_product_and_for_many(
    workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    products = make_fit.shop(workspace, products=12, each=6)
    for number in (1, 12):
        mark_fit_due(product_ids=[product.pk for product in products[:number]])
        with django_assert_max_num_queries(24):
            assert learn_fit(now=make.NOW)["sheets"] == number


def test_nobody_is_told_of_people_like_them_when_there_are_none(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    lonely = make.product(workspace, category="shoes")
    make_fit.reviews(lonely, [({"foot": "narrow"}, "large")] * 6)
    make_fit.learn([lonely])
    assert lacking(lonely, {"foot": "wide"}).lack == Lack.FEW_ALIKE
    assert share(lacking(lonely, {"foot": "wide"}), "large") > 0.4, "all reviewers' figure is still told"
    assert lacking(make.product(workspace)).lack == Lack.NOBODY
    assert lacking(product, {}).lack == Lack.NO_SITUATION
    assert lacking(product, {"foot": "gone from the list"}).lack == Lack.NO_SITUATION


def test_where_nothing_matters_everyone_is_like_the_reader(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace, rule=make_fit.by_nothing)
    found = fit(product, {})
    assert found.matters == ()
    assert found.n_like == pytest.approx(25)
    assert found.shares == fit(product, WIDE).shares


def test_held_out_readers_stay_held_out(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    FitTopic.objects.update(holdout_percent=50)
    outcomes = {
        key: type(read_fit(product=product, situation=WIDE, reader_key=key).fit) for key in "abcdefghijklmnop"
    }
    assert set(outcomes.values()) == {Fit, NotEnough}
    again = {key: type(read_fit(product=product, situation=WIDE, reader_key=key).fit) for key in outcomes}
    assert again == outcomes
    held_out = next(key for key, kind in outcomes.items() if kind is NotEnough)
    assert lacking(product, reader_key=held_out).lack == Lack.HELD_OUT
    assert read_fit(product=product, situation=WIDE, reader_key=held_out).nearest == []
    fit(product, reader_key="")


def test_the_holdout_takes_about_its_share() -> None:
    out = [is_held_out(workspace_id=1, need="running", reader_key=f"r{n}", percent=20) for n in range(2000)]
    assert 0.17 < sum(out) / len(out) < 0.23
    assert not is_held_out(workspace_id=1, need="running", reader_key="r1", percent=0)


def test_nothing_is_read_of_another_workspace(workspace: Workspace) -> None:
    make_fit.shop(workspace)
    other = make.workspace()
    make_fit.need(other)
    mine = make.product(other, category="shoes")
    make_fit.reviews(mine, [({"foot": "wide"}, "large")] * 12)
    make_fit.learn([mine])
    topic = FitTopic.objects.get(workspace=other)
    assert topic.learned_from == 12
    assert topic.everywhere[2] > 0.8, "the other shop says that wide feet find shoes small"
    assert share(fit(mine), "large") > 0.8
    product = Product.objects.filter(workspace=workspace).first()
    assert product is not None
    product.workspace_id = other.pk
    assert lacking(product).lack == Lack.NOBODY


def test_unpublished_and_unused_and_unanswered_reviews_count_for_nothing(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    before = fit(product)
    make_fit.reviews(product, [({"foot": "wide"}, "large")] * 20, status="pending")
    make_fit.reviews(product, [({"foot": "wide"}, "large")] * 20, kind="chose_other")
    make_fit.reviews(product, [({"foot": "wide"}, "")] * 20)
    make_fit.learn([product])
    assert fit(product) == before


def test_a_review_without_an_order_counts_half(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    before = fit(product).n_like
    make_fit.reviews(product, [({"foot": "wide"}, "small")] * 2, order_event_id=None)
    make_fit.learn([product])
    assert fit(product).n_like == pytest.approx(before + 1)


def test_old_reviews_fade_only_where_a_half_life_is_set(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    later = make.NOW + timedelta(days=730)
    make_fit.learn([product], later)
    fresh = fit(product).n_like
    FitTopic.objects.update(half_life_days=365)
    make_fit.learn([product], later)
    assert fit(product).n_like == pytest.approx(fresh / 4, rel=0.01)


def test_what_is_taken_back_is_found_without_a_mark(workspace: Workspace) -> None:
    product, other, *_ = make_fit.shop(workspace)
    assert find_overdue_fit(now=make.NOW)["taken"] == 0
    Review.objects.filter(product=product).first().delete()  # type: ignore[union-attr]
    assert find_overdue_fit(now=make.NOW)["taken"] == 1
    assert find_overdue_fit(now=make.NOW)["taken"] == 0, "what is marked is not marked again"
    learn_fit(now=make.NOW)
    assert FitSheet.objects.get(product=product).review_count == 24
    assert FitSheet.objects.get(product=other).review_count == 25
    Review.objects.filter(product=product).update(status="withdrawn", published_at=None)
    find_overdue_fit(now=make.NOW)
    learn_fit(now=make.NOW)
    assert not FitSheet.objects.filter(product=product).exists()
    assert find_overdue_fit(now=make.NOW)["taken"] == 0


def test_votes_and_categories_are_noticed(workspace: Workspace) -> None:
    product, other, *_ = make_fit.shop(workspace)
    review = Review.objects.filter(product=product, situation__foot="wide").earliest("id")
    Review.objects.filter(pk=review.pk).update(helpful_count=40)
    Product.objects.filter(pk=other.pk).update(category="boots")
    assert find_overdue_fit(now=make.NOW)["taken"] == 2
    learn_fit(now=make.NOW)
    assert read_fit(product=product, situation=WIDE, reader_key="").nearest[0].review_id == review.pk
    assert FitSheet.objects.get(product=other).category.name == "boots"
    shoes = FitSheet.objects.get(product=product).category
    assert sum(sum(cell[1]) for cell in shoes.cells) == pytest.approx(7 * 25)


def test_changed_questions_are_noticed_and_learned(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    need = workspace.needs.get()  # type: ignore[attr-defined]
    need.context_attributes = make_fit.ATTRIBUTES[1:]
    need.save()
    assert find_overdue_fit(now=make.NOW)["taken"] == 1
    assert learn_fit(now=make.NOW)["learned"] == 1
    assert fit(product, {}).matters == ()


def test_it_is_learned_again_only_when_enough_changed(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    make_fit.reviews(product, [({"foot": "wide"}, "small")] * 3)
    mark_fit_due(product_ids=[product.pk])
    assert learn_fit(now=make.NOW)["learned"] == 0
    make_fit.reviews(product, [({"foot": "wide"}, "small")] * 30)
    mark_fit_due(product_ids=[product.pk])
    assert learn_fit(now=make.NOW)["learned"] == 1


def test_learning_twice_changes_nothing_and_takes_every_mark(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    before = fit(product)
    mark_fit_due(product_ids=[product.pk])
    mark_fit_due(product_ids=[product.pk])
    assert learn_fit(now=make.NOW)["taken"] == 2
    assert not FitDue.objects.exists()
    assert learn_fit(now=make.NOW).done == 0
    assert fit(product) == before


def test_criticism_and_praise_are_both_among_the_first_five(workspace: Workspace) -> None:
    product, *_ = make_fit.shop(workspace)
    told = [({"foot": "wide"}, "right")] * 30
    make_fit.reviews(product, told, helpful_count=9)
    make_fit.learn([product])
    first = [one.option for one in read_fit(product=product, situation=WIDE, reader_key="").nearest[:5]]
    assert first[:4] == ["right"] * 4
    assert first[4] != "right"


def test_a_product_of_a_need_that_asks_nothing_is_left_alone(workspace: Workspace) -> None:
    silent = make.product(workspace, category="hats")
    make_fit.reviews(silent, [({}, "right")] * 8, slug="sun")
    mark_fit_due(product_ids=[silent.pk])
    assert learn_fit(now=make.NOW)["sheets"] == 0
    assert not FitDue.objects.exists()
    assert lacking(silent).lack == Lack.NOBODY
