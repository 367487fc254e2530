"""The estimator's rules, without rows: what must hold for any reviews, and how it does where the truth is known."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from math import comb
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.fit import coverage, excess
from bench.fitting.estimators import ours, shrunk_mean
from bench.fitting.worlds import numeric_world
from reviews.likeness import learning
from reviews.likeness.attributes import (
    Attribute,
    Codes,
    Scale,
    check_attributes,
    distance,
    encode,
    learn_scale,
)
from reviews.likeness.blocks import Block, Space
from reviews.likeness.cells import Opinion, add_up, add_up_category, few
from reviews.likeness.estimates import Cell, Learned, Posterior, Width, estimate, likeness_to
from reviews.likeness.expecting import expect
from reviews.likeness.intervals import beta_below, beta_interval, beta_quantile
from reviews.likeness.ordering import Candidate, similar_order
from reviews.likeness.sampling import Answer, whole_products

ATTRIBUTES = (
    Attribute("size", "Size", "ordinal", ("S", "M", "L", "XL")),
    Attribute("use", "Use", "nominal", ("road", "trail")),
    Attribute("terrain", "Terrain", "set", ("mud", "sand", "rock")),
    Attribute("weight", "Weight", "numeric"),
)
SCALES = (
    Scale(places=(0.0, 0.3, 0.8, 1.0)),
    Scale(),
    Scale(),
    Scale(cuts=tuple(float(n) for n in range(31))),
)
LEARNED = Learned(
    bandwidths=(0.3, 0.7, None, 0.2),
    blanks=(0.4, 0.6, 1.0, 0.3),
    widths=(Width(6.0, 1.0, 0.01),) * 3,
)
EVERYWHERE = (0.2, 0.5, 0.3)

codes = st.tuples(
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 1),
    st.none() | st.integers(1, 7),
    st.none() | st.integers(0, 31),
)
opinions = st.lists(
    st.tuples(codes, st.integers(0, 2), st.sampled_from([0.5, 1.0])), min_size=1, max_size=25
).map(lambda rows: [Opinion(n, code, option, mass, 0.5) for n, (code, option, mass) in enumerate(rows)])


def weigh(reader: Codes, own: list[Opinion], others: list[Opinion], learned: Learned = LEARNED) -> Posterior:
    """As a page does, from opinions of the product and of the rest of its category."""
    options = len(EVERYWHERE)
    shape: dict[str, Any] = {"attributes": ATTRIBUTES, "learned": learned, "options": options}
    mine = [cell for cell, _ in add_up(own, **shape)]
    theirs = [cell for cell, _ in add_up(others, **shape)]
    category = add_up_category([*mine, *theirs], attributes=ATTRIBUTES)
    (filled,) = expect(
        [mine],
        category=category,
        everywhere=EVERYWHERE,
        attributes=ATTRIBUTES,
        scales=SCALES,
        learned=learned,
    )
    likeness = likeness_to(reader, ATTRIBUTES, SCALES, learned)
    return estimate(likeness, product=filled, category=category, everywhere=EVERYWHERE, learned=learned)


@given(reader=codes, own=opinions, others=opinions)
def test_shares_add_up_to_one_and_lie_in_their_intervals(
    reader: Codes, own: list[Opinion], others: list[Opinion]
) -> None:
    posterior = weigh(reader, own, others)
    assert sum(posterior.shares) == pytest.approx(1)
    assert min(posterior.alphas) > 0
    for option, share in enumerate(posterior.shares):
        low, high = posterior.interval(option)
        assert 0 <= low <= high <= 1
        assert share > 0.9 or share < 0.1 or low < share < high


@given(reader=codes, own=opinions, others=opinions, seed=st.integers(0, 99))
def test_the_order_of_reviews_does_not_matter(
    reader: Codes, own: list[Opinion], others: list[Opinion], seed: int
) -> None:
    mixed = Random(seed).sample(own, len(own)), Random(seed).sample(others, len(others))
    assert weigh(reader, *mixed).shares == pytest.approx(weigh(reader, own, others).shares, rel=1e-9)


@given(reader=codes, own=opinions, others=opinions)
def test_names_of_options_do_not_matter(reader: Codes, own: list[Opinion], others: list[Opinion]) -> None:
    def turned(rows: list[Opinion]) -> list[Opinion]:
        return [Opinion(one.review_id, one.codes, (one.option + 1) % 3, one.mass, 0.5) for one in rows]

    flat = Learned(LEARNED.bandwidths, LEARNED.blanks, LEARNED.widths, m_all=1e-9)  # EVERYWHERE stays
    usual, other = (
        weigh(reader, own, own + others, flat),
        weigh(reader, turned(own), turned(own + others), flat),
    )
    assert usual.n_like == pytest.approx(other.n_like)
    for option, share in enumerate(usual.shares):
        assert other.shares[(option + 1) % 3] == pytest.approx(share, abs=1e-6)


@given(reader=codes, own=opinions, more=opinions)
def test_more_reviews_are_never_less_evidence(reader: Codes, own: list[Opinion], more: list[Opinion]) -> None:
    before, after = weigh(reader, own, []), weigh(reader, own + more, [])
    assert after.n_like >= before.n_like - 1e-9
    assert all(one <= other + 1e-9 for one, other in zip(before.precisions, after.precisions, strict=True))


@given(reader=codes, own=opinions)
def test_the_same_reviews_again_double_what_stands_behind_the_figure(
    reader: Codes, own: list[Opinion]
) -> None:
    once, twice = weigh(reader, own, []), weigh(reader, own + own, [])
    assert twice.n_eff == pytest.approx(2 * once.n_eff)
    assert twice.n_like == pytest.approx(2 * once.n_like)
    assert once.n_eff >= once.n_like - 1e-9, "effective reviews are never fewer than likeness alone says"
    assert once.n_eff <= len(own) + 1e-9


@given(reader=codes, own=opinions, others=opinions)
def test_where_nothing_matters_it_is_the_shrunk_mean(
    reader: Codes, own: list[Opinion], others: list[Opinion]
) -> None:
    nothing = Learned((None,) * 4, (1.0,) * 4, LEARNED.widths, m_product=8)
    posterior = weigh(reader, own, others, nothing)

    def counts(rows: list[Opinion]) -> np.ndarray[Any, Any]:
        return np.array([sum(one.mass for one in rows if one.option == option) for option in range(3)])

    base = counts(others) + 8 * np.array(EVERYWHERE)
    base = counts(others) + 8 * base / base.sum()
    wanted = counts(own) + 8 * base / base.sum()
    assert posterior.shares == pytest.approx(tuple(wanted / wanted.sum()))
    assert posterior.n_like == pytest.approx(sum(one.mass for one in own))


def test_people_alike_count_more() -> None:
    own = [Opinion(n, (0, 0, None, 3), 0, 1.0, 0.5) for n in range(9)]
    own += [Opinion(9 + n, (3, 0, None, 3), 2, 1.0, 0.5) for n in range(9)]
    small, large = weigh((0, 0, None, 3), own, []), weigh((3, 0, None, 3), own, [])
    assert small.shares[0] > 0.5 > large.shares[0] + 0.2
    assert large.shares[2] > 0.5 > small.shares[2] + 0.15
    unknown = weigh((None, 0, None, 3), own, [])
    assert unknown.n_like == pytest.approx(18 * 0.4), "an unknown size is half-way, not like everyone"


def test_learning_and_pages_compute_the_same() -> None:
    """One is numpy over all reviews at once, the other plain Python over cells: left-out shares agree."""
    chance = Random(5)
    answers = [
        Answer(
            product=chance.randrange(4),
            category="shoes",
            codes=(chance.choice([0, 1, 2, None]), chance.choice([0, 1]), None, chance.randrange(32)),
            option=chance.randrange(3),
            mass=chance.choice([0.5, 1.0]),
        )
        for _ in range(40)
    ]
    space = Space(ATTRIBUTES, SCALES, answers)
    blanks = tuple(space.blank(place, bandwidth) for place, bandwidth in enumerate(LEARNED.bandwidths))
    learned = Learned(LEARNED.bandwidths, blanks, LEARNED.widths)
    block = Block(space, answers, np.array(EVERYWHERE))
    sums = block.sums(block.likeness(learned.bandwidths), learned.m_all)
    losses = block.losses(sums, learned.m_category, learned.m_product)
    for number, answer in enumerate(answers):
        left = [
            (one, Opinion(n, one.codes, one.option, one.mass, 0.5))
            for n, one in enumerate(answers)
            if n != number
        ]
        own = [opinion for one, opinion in left if one.product == answer.product]
        others = [opinion for one, opinion in left if one.product != answer.product]
        share = weigh(answer.codes, own, others, learned).shares[answer.option]
        assert -np.log(share) == pytest.approx(losses[number], rel=1e-4)


def test_learning_does_not_depend_on_the_order_of_reviews() -> None:
    world = numeric_world(seed=3, each=6, matters=True, products=30)
    scales = [learn_scale(one, [told[one.key] for told in world.situations]) for one in world.attributes]
    answers = [
        Answer(product, "c", encode(world.attributes, scales, told), int(option), 1.0)
        for product, told, option in zip(world.products, world.situations, world.chosen, strict=True)
    ]
    shape: dict[str, Any] = {"attributes": world.attributes, "scales": scales, "options": 3}
    usual, mixed = (
        learning.learn(rows, **shape).overall for rows in (answers, Random(1).sample(answers, len(answers)))
    )
    assert usual.bandwidths == mixed.bandwidths
    assert (usual.m_category, usual.m_product) == (mixed.m_category, mixed.m_product)


def test_what_is_learned_from_is_a_fair_part_of_very_many_reviews() -> None:
    """Cut after sorting by what they say, a large product's part would say one thing only."""
    answers = [Answer(1, "c", (n % 4, 0, None, n % 32), n % 3, 1.0) for n in range(5000)]
    part = whole_products(answers, 600)
    assert len(part) == 600
    for option in range(3):
        assert 0.25 < sum(answer.option == option for answer in part) / 600 < 0.42
    assert {answer.codes[0] for answer in part} == {0, 1, 2, 3}


def test_with_few_reviews_nothing_is_learned() -> None:
    lesson = learning.learn([], attributes=ATTRIBUTES, scales=SCALES, options=3)
    assert lesson.overall.bandwidths == (None,) * 4
    assert lesson.everywhere == pytest.approx((1 / 3,) * 3)
    one = learning.learn(
        [Answer(1, "c", (0, 0, 1, 3), 0, 1.0)], attributes=ATTRIBUTES, scales=SCALES, options=3
    )
    assert one.gains == (0.0,) * 4


def test_it_learns_which_attributes_matter() -> None:
    world = numeric_world(seed=4, each=25, matters=True, products=60)
    scales = [learn_scale(one, [told[one.key] for told in world.situations]) for one in world.attributes]
    answers = [
        Answer(product, world.categories[product], encode(world.attributes, scales, told), int(option), 1.0)
        for product, told, option in zip(world.products, world.situations, world.chosen, strict=True)
    ]
    lesson = learning.learn(answers, attributes=world.attributes, scales=scales, options=3)
    first, second, third, fourth = lesson.overall.bandwidths
    assert first is not None
    assert second is not None
    assert third is fourth is None
    assert min(lesson.gains[:2]) > 0.01


def test_where_situations_matter_it_is_much_better_than_the_shrunk_mean() -> None:
    world = numeric_world(seed=11, each=20, matters=True, products=80)
    assert excess(world, ours(world).shares) < 0.7 * excess(world, shrunk_mean(world))


@pytest.mark.parametrize("seed", [12, 13, 14])
def test_where_situations_are_irrelevant_it_is_hardly_worse_than_the_shrunk_mean(seed: int) -> None:
    world = numeric_world(seed=seed, each=20, matters=False, products=80)
    assert excess(world, ours(world).shares) <= excess(world, shrunk_mean(world)) + 0.01


def test_calibrated_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    hits: list[bool] = []
    for seed, matters in ((21, True), (22, True), (23, False), (24, False)):
        world = numeric_world(seed=seed, each=20, matters=matters, products=60)
        hits += coverage(world, ours(world), every=2)[0]
    assert 0.74 <= sum(hits) / len(hits) <= 0.87, "wider than the bench's bounds: these shops are small"


def test_intervals_of_a_beta_are_exact() -> None:
    for a, b, x in ((2, 3, 0.3), (5, 1, 0.8), (12, 30, 0.25), (1, 1, 0.6)):
        exact = sum(comb(a + b - 1, k) * x**k * (1 - x) ** (a + b - 1 - k) for k in range(a, a + b))
        assert beta_below(x, a, b) == pytest.approx(exact, abs=1e-8)
        assert beta_quantile(exact, a, b) == pytest.approx(x, abs=1e-5)
    assert beta_interval(1, 1) == pytest.approx((0.1, 0.9), abs=1e-5)
    assert beta_below(0, 2, 2) == 0.0
    assert beta_below(1, 2, 2) == 1.0


@given(a=st.floats(0.01, 500), b=st.floats(0.01, 500))
def test_a_wider_share_inside_is_a_wider_interval(a: float, b: float) -> None:
    narrow, wide = beta_interval(a, b, inside=0.5), beta_interval(a, b, inside=0.9)
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


@given(one=codes, other=codes)
def test_distances_are_symmetric_and_bounded(one: Codes, other: Codes) -> None:
    for attribute, scale, mine, theirs in zip(ATTRIBUTES, SCALES, one, other, strict=True):
        if mine is None or theirs is None:
            continue
        apart = distance(attribute, scale, mine, theirs)
        assert 0 <= apart <= 1
        assert apart == distance(attribute, scale, theirs, mine)
        assert (apart == 0) == (mine == theirs)


def test_values_become_codes_and_nonsense_becomes_unknown() -> None:
    told = {"size": "L", "use": "trail", "terrain": ["mud", "rock", "lava"], "weight": "12.5"}
    assert encode(ATTRIBUTES, SCALES, told) == (2, 1, 0b101, 13)
    nonsense = {"size": "XXL", "use": ["trail"], "terrain": [], "weight": float("nan"), "more": 1}
    assert encode(ATTRIBUTES, SCALES, nonsense) == (None, None, None, None)
    assert encode(ATTRIBUTES, SCALES, {"weight": True, "terrain": "mud"}) == (None, None, 1, None)


def test_ranks_follow_the_people_seen() -> None:
    size = learn_scale(ATTRIBUTES[0], ["M"] * 90 + ["L"] * 5)
    assert [round(place, 2) for place in size.places] == sorted(round(place, 2) for place in size.places)
    assert size.places[0] == 0.0
    assert size.places[-1] == 1.0
    weight = learn_scale(ATTRIBUTES[3], [*range(100), 10_000])
    levels = [encode(ATTRIBUTES[3:], [weight], {"weight": value})[0] for value in (0, 50, 99, 10_000)]
    assert levels == sorted(levels)  # type: ignore[type-var]
    assert levels[3] - levels[2] <= 1, "an outlier is next to the last"  # type: ignore[operator]


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ("size", "attributes"),
        ([{"label": "Size"}], "attributes[0].key"),
        ([{"key": "a"}, {"key": "a"}], "attributes"),
        ([{"key": "a", "kind": "colour"}], "attributes[0].kind"),
        ([{"key": "a", "kind": "ordinal"}], "attributes[0].options"),
        ([{"key": "a", "options": ["x", "x"]}], "attributes[0].options"),
        ([{"key": "a", "options": [str(n) for n in range(61)]}], "attributes[0].options"),
    ],
)
def test_wrong_attributes_are_named(raw: Any, names: str) -> None:
    with pytest.raises(ValueError) as caught:
        check_attributes(raw)
    assert str(caught.value).startswith(names)


def test_a_kind_need_not_be_told() -> None:
    found = check_attributes([{"key": "use", "options": ["a", {"value": "b"}]}, {"key": "weight"}])
    assert [(one.kind, one.options, one.label) for one in found] == [
        ("nominal", ("a", "b"), "use"),
        ("numeric", (), "weight"),
    ]


@settings(max_examples=30)
@given(rows=st.lists(codes, min_size=1, max_size=200), most=st.integers(2, 20))
def test_too_many_situations_are_joined_and_none_is_lost(rows: list[Codes], most: int) -> None:
    places = few(ATTRIBUTES, rows, most)
    assert set(places) == set(rows)
    assert len(set(places.values())) <= most
    if len(set(rows)) <= most:
        assert all(code == place for code, place in places.items())


def test_a_product_with_very_many_reviews_stays_small() -> None:
    chance = Random(2)
    everyone = [
        Opinion(n, (chance.randrange(4), chance.randrange(2), 1, chance.randrange(32)), n % 3, 1.0, 0.5)
        for n in range(5000)
    ]
    added = add_up(everyone, attributes=ATTRIBUTES, learned=LEARNED, options=3)
    assert len(added) <= 256
    assert sum(sum(cell.masses) for cell, _ in added) == pytest.approx(5000)
    assert sum(len(members) for _, members in added) == 5000


def test_reviews_come_by_likeness_and_helpfulness() -> None:
    rows = [Candidate(n, weight=1 - n / 10, helpful=0.5, is_good=n % 2 == 0) for n in range(8)]
    rows.append(Candidate(8, weight=0.5, helpful=0.99, is_good=True))
    order = [one.review_id for one in similar_order(rows)]
    assert order == [0, 8, 1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("good", [True, False])
def test_neither_praise_nor_criticism_stands_alone_in_the_first_five(good: bool) -> None:
    rows = [Candidate(n, weight=1.0, helpful=0.9, is_good=good) for n in range(20)]
    lone = Candidate(99, weight=0.01, helpful=0.1, is_good=not good)
    order = similar_order([*rows, lone])
    assert order[4] is lone
    assert [one.is_good for one in order[:4]] == [good] * 4
    assert sorted(one.review_id for one in order) == [*range(20), 99]
    assert [one.review_id for one in similar_order(rows)] == list(range(19, -1, -1))


def test_likeness_falls_with_distance() -> None:
    likeness = likeness_to((None, None, None, 0), ATTRIBUTES, SCALES, LEARNED)
    falling = [likeness((None, None, None, level)) for level in range(32)]
    assert all(one > other for one, other in pairwise(falling))
    assert falling[0] == pytest.approx(0.4 * 0.6), "what is unknown counts as the average, never as a match"


def test_cells_of_one_situation_add_up() -> None:
    merged = add_up_category(
        [
            Cell((1, None, None, None), (1.0, 0.0, 0.5), 1.25),
            Cell((1, None, None, None), (0.0, 2.0, 0.0), 2.0),
        ],
        attributes=ATTRIBUTES,
    )
    assert merged == [Cell((1, None, None, None), (1.0, 2.0, 0.5), 3.25)]


def test_pages_do_without_numpy() -> None:
    program = (
        "import os, sys, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings');"
        "django.setup(); import reviews.fits, reviews.marking; sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
