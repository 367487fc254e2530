"""Figures of surveys against published values, and the grouping of open answers."""

from __future__ import annotations

import pytest

from journeys.surveys.scores import alpha, csat, mean, nps, share, t_quantile
from journeys.surveys.themes import groups_of, themed


def test_nps_is_promoters_minus_detractors_with_an_interval_that_holds_it() -> None:
    score = nps([10] * 50 + [8] * 30 + [3] * 20)
    assert score.value == 30
    # (51 − 21) ÷ 102 ± 1.96 √((72 ÷ 102 − (30 ÷ 102)²) ÷ 102)
    assert (round(score.low, 1), round(score.high, 1), score.n) == (14.1, 44.7, 100)
    assert nps([10] * 5).high == 100


def test_shares_have_wilsons_interval() -> None:
    found = share(15, 20)  # Wilson 1927, as tabled: 0.531 to 0.888
    assert (round(found.low, 3), round(found.high, 3)) == (0.531, 0.888)
    assert csat([5, 4, 3, 1]).value == 0.5


@pytest.mark.parametrize(
    ("freedom", "point"), [(4, 2.7764), (9, 2.2622), (29, 2.0452), (99, 1.9842), (999, 1.9623)]
)
def test_the_t_points_are_those_of_the_tables(freedom: int, point: float) -> None:
    assert t_quantile(freedom) == pytest.approx(point, abs=2e-4)


def test_a_mean_has_its_t_interval() -> None:
    found = mean([1, 2, 3, 4, 5])
    assert (found.value, round(found.high - found.value, 3)) == (3, 1.963)


def test_alpha_is_one_for_items_that_agree_and_low_for_those_that_do_not() -> None:
    assert alpha([[1, 1], [3, 3], [7, 7]]) == pytest.approx(1)
    assert alpha([[1, 7], [4, 4], [7, 1], [2, 2]]) < 0  # type: ignore[operator]
    assert alpha([[4, 4], [4, 4]]) is None


TEXTS = [
    "The delivery was late and the courier rude",
    "Late delivery again",
    "Deliveries come late",
    "Great soles, wide toe box",
    "I like the wide toe box",
    "A wide toe box at last",
    "ok",
]


def test_open_answers_are_grouped_by_what_they_share_the_same_each_time() -> None:
    found = groups_of(TEXTS)
    assert found == groups_of(TEXTS)
    by_name = {group.name: group.places for group in found}
    assert by_name["toe box"] == [3, 4, 5]
    assert [0, 1, 2] in by_name.values(), "delivery and deliveries are one"
    assert all(group.count >= 3 for group in found)
    assert not {"the", "was", "ok"} & by_name.keys()


def test_marketers_themes_hold_whole_words_and_quote_them() -> None:
    delivery, soles = themed(TEXTS, [{"name": "Delivery", "terms": ["courier", "late delivery"]},
                                     {"name": "Soles", "terms": ["sole"]}])  # fmt: skip
    assert (delivery.places, soles.places) == ([0, 1], [3])
    assert delivery.quotes[0] == TEXTS[0]
