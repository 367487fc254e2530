"""Who gets which variant: a stable share of the customers, that nothing but the shares moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudges.models import Nudge, NudgeContent
from nudges.programs import share_of
from nudges.variants import compared, key_of, name_of, tried, variant_of, words_of

MANY = 4000


def nudge(
    *shares: int, pk: int = 7, names: Sequence[str] = "ABCD", keys: str = "abcd", test: int = 1
) -> Nudge:
    rows = [
        {"key": key, "name": name, "share": share, "test": test}
        for key, name, share in zip(keys, names, shares, strict=False)
    ]
    return Nudge(pk=pk, variants=rows)


def assigned(one: Nudge, number: int = MANY) -> list[str]:
    return [key_of(one, customer_id) for customer_id in range(number)]


@given(
    cuts=st.lists(st.integers(1, 99), min_size=1, max_size=3, unique=True).map(sorted),
    pk=st.integers(1, 10**9),
    first=st.integers(1, 10**12),
)
@settings(max_examples=25, deadline=None)
def test_shares_are_met(cuts: list[int], pk: int, first: int) -> None:
    """Within six standard errors: chance alone is beyond that once in 500 million looks."""
    shares = [end - start for start, end in zip([0, *cuts], [*cuts, 100], strict=True)]
    one = nudge(*shares, pk=pk)
    got = [key_of(one, first + n) for n in range(MANY)]
    for key, share in zip("abcd", shares, strict=False):
        near = 6 * (share * (100 - share) / MANY) ** 0.5
        assert abs(got.count(key) * 100 / MANY - share) < near, (key, share, got.count(key))


@given(name=st.text(min_size=1, max_size=40), customer_id=st.integers(1, 10**12))
@settings(max_examples=50, deadline=None)
def test_it_is_always_the_same_one_whatever_another_is_called(name: str, customer_id: int) -> None:
    before = key_of(nudge(50, 50), customer_id)
    assert key_of(nudge(50, 50), customer_id) == before
    assert key_of(nudge(50, 50, names=["A", name]), customer_id) == before
    assert key_of(nudge(50, 50, names=[name, "B"]), customer_id) == before


def test_it_is_the_same_byte_for_byte_on_every_machine() -> None:
    assert "".join(assigned(nudge(50, 50), 32)) == "baaaabbbaaaaaaaaababbbabaabaaaba"


def at(place: float, one: Nudge) -> int:
    """A customer who stands at this very place of a nudge's row, from 0 to under 100 in hundredths."""
    return next(n for n in count() if share_of(f"{one.pk}:words:1", n) == place)


def test_who_stands_where_a_share_ends_gets_the_next_variant() -> None:
    one = nudge(50, 30, 20)
    assert [key_of(one, at(place, one)) for place in (0, 49.99, 50, 79.99, 80, 99.99)] == list("aabbcc")


def test_another_share_moves_no_more_customers_than_it_must() -> None:
    before, after = assigned(nudge(50, 50)), assigned(nudge(70, 30))
    moved = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert set(moved) == {("b", "a")}
    assert len(moved) / MANY == pytest.approx(0.2, abs=0.03)


def test_one_that_leaves_takes_nobody_else_along() -> None:
    before, after = assigned(nudge(34, 33, 33)), assigned(nudge(50, 50, keys="bc"))
    assert {(a, b) for a, b in zip(before, after, strict=True) if a != b} == {("a", "b"), ("b", "c")}


def test_nudges_and_tests_of_one_nudge_shuffle_apart_from_each_other() -> None:
    one = assigned(nudge(50, 50))
    for other in (assigned(nudge(50, 50, pk=8)), assigned(nudge(50, 50, keys="cd", test=2))):
        same = sum((a in "ac") == (b in "ac") for a, b in zip(one, other, strict=True))
        assert same / MANY == pytest.approx(0.5, abs=0.04)


def test_without_variants_nobody_gets_one() -> None:
    assert variant_of(Nudge(pk=7), 1) is None
    assert key_of(Nudge(pk=7), 1) == ""


def test_what_is_over_is_given_to_nobody_and_keeps_its_name() -> None:
    one = nudge(50, 50)
    for row in one.variants:
        row["ended_at"] = "2026-03-04T12:00:00+00:00"
    assert variant_of(one, 1) is None
    assert [variant.key for variant in compared(one)] == ["a", "b"]
    one.variants += nudge(40, 60, keys="cd").variants
    assert [variant.key for variant in tried(one)] == ["c", "d"] == [variant.key for variant in compared(one)]
    assert (name_of(one, "b"), name_of(one, "x")) == ("B", "x")


def content(variant: str, channel: str = "email", language: str = "en") -> NudgeContent:
    return NudgeContent(channel=channel, language=language, variant=variant)


def test_a_variant_takes_the_plain_words_where_it_has_none() -> None:
    plain, german = content(""), content("", language="de")
    own, other = content("b"), content("c", language="de")
    text = content("b", channel="sms")
    every = [plain, german, own, other, text]
    assert words_of(every, "") == [plain, german]
    assert words_of(every, "b") == [own, german, text]
    assert words_of(every, "c") == [plain, other]
    assert words_of(every, "d") == [plain, german]
