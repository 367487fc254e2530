"""Traits: the word told last counts, whenever it arrives, and nothing grows without bound."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from engagement.people.traits import (
    MOST_BYTES,
    MOST_TRAITS,
    Profile,
    join_profiles,
    tell_traits,
    usable_email,
    usable_locale,
    usable_timezone,
)
from tests.make import NOW


def told(*traits: dict[str, Any]) -> Profile:
    profile = Profile()
    for hours, some in enumerate(traits):
        tell_traits(profile, some, NOW + timedelta(hours=hours))
    return profile


@pytest.mark.parametrize("order", itertools.permutations(range(3)))
def test_the_order_of_arrival_does_not_matter(order: tuple[int, ...]) -> None:
    calls = [{"plan": "a", "city": "Riga"}, {"plan": "b", "seats": 1}, {"seats": None, "email": "A@x.org"}]
    profile = Profile()
    for place in order:
        tell_traits(profile, calls[place], NOW + timedelta(hours=place))
    assert profile.traits == {"plan": "b", "city": "Riga", "email": "A@x.org"}
    assert profile.email == "a@x.org"


def test_reserved_traits_are_known_in_both_spellings() -> None:
    profile = told(
        {"first_name": "Ada", "lastName": "Lovelace", "time_zone": "Europe/Riga", "locale": "en_GB"}
    )
    assert (profile.name, profile.timezone, profile.locale) == ("Ada Lovelace", "Europe/Riga", "en-GB")
    assert set(profile.traits) == {"firstName", "lastName", "timezone", "locale"}


def test_a_whole_name_goes_before_its_parts() -> None:
    assert told({"firstName": "Ada"}, {"name": "Countess"}, {"lastName": "L."}).name == "Countess"


def test_nonsense_leaves_what_was_known() -> None:
    profile = told(
        {"email": "ada@x.org", "timezone": "Europe/Riga", "locale": "de", "name": "Ada"},
        {"email": "nonsense", "timezone": "GMT+0000", "locale": "?", "name": ["x"]},
    )
    assert (profile.email, profile.timezone, profile.locale, profile.name) == (
        "ada@x.org",
        "Europe/Riga",
        "de",
        "Ada",
    )


def test_a_trait_set_to_nothing_is_taken_away() -> None:
    profile = told({"email": "ada@x.org", "plan": "gold"}, {"email": None, "plan": None})
    assert (profile.traits, profile.email) == ({}, "")


def test_a_consent_is_no_trait() -> None:
    profile = told({"marketing_consent": True, "email_opt_in": True})
    assert not hasattr(profile, "consents")


def test_traits_do_not_grow_without_bound() -> None:
    many = told({f"t{n}": n for n in range(MOST_TRAITS + 50)})
    assert len(many.traits) == MOST_TRAITS
    assert told({"k" * 101: 1}).traits == {}
    assert len(told({f"t{n}": None for n in range(5 * MOST_TRAITS)}).told) == 2 * MOST_TRAITS
    big = told({"a": "x" * (MOST_BYTES - 100)}, {"b": "y" * 200, "c": 1}, {"a": "z" * MOST_BYTES})
    assert (set(big.traits), big.traits["a"][0]) == ({"a", "c"}, "x")


def test_joining_keeps_what_was_told_last_of_both() -> None:
    target, source = told({"plan": "old", "own": 1}), Profile(name="Ada", email="a@x.org")
    tell_traits(source, {"plan": "new", "theirs": 2}, NOW + timedelta(days=1))
    join_profiles(target, source)
    assert target.traits == {"plan": "new", "own": 1, "theirs": 2}
    assert (target.name, target.email) == ("Ada", "a@x.org")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (" Ada@Example.ORG ", "ada@example.org"),
        ("a@b", ""),
        ("a b@c.de", ""),
        ("a@b.de\nBcc: x@y.de", ""),
        ("a@b.de,c@d.de", ""),
        (7, ""),
        (None, ""),
        ("a" * 250 + "@b.de", ""),
    ],
)
def test_only_an_address_is_an_address(value: object, kept: str) -> None:
    assert usable_email(value) == kept


def test_only_places_are_time_zones() -> None:
    assert [usable_timezone(value) for value in ("Europe/Riga", "GMT+0000", "../etc/passwd", 1)] == [
        "Europe/Riga",
        "",
        "",
        "",
    ]
    assert [usable_locale(value) for value in ("de_AT", "en", "x", "<b>", None)] == [
        "de-AT",
        "en",
        "",
        "",
        "",
    ]
