"""Who is meant by the ids of a batch: the rules alone, without rows."""

from __future__ import annotations

from typing import Any

import pytest

from engagement.events import IncomingEvent
from engagement.people.links import ANONYMOUS, EXTERNAL, Known, Links, Ref, link_people
from tests.make import NOW


def call(user: str | None = None, anonymous: str | None = None, previous: str | None = None) -> IncomingEvent:
    kind = "alias" if previous else "track"
    fields: dict[str, Any] = {"user_id": user, "anonymous_id": anonymous, "previous_id": previous}
    return IncomingEvent(type=kind, name="Click", message_id="m", occurred_at=NOW, **fields)


def link(known: dict[Ref, Known], *calls: IncomingEvent, may_join_known: bool = False) -> Links:
    return link_people(list(calls), known, may_join_known=may_join_known)


def user(value: str, customer_id: int) -> tuple[Ref, Known]:
    return (EXTERNAL, value), Known(customer_id, is_identified=True)


def visitor(value: str, customer_id: int, *, of_user: bool = False) -> tuple[Ref, Known]:
    return (ANONYMOUS, value), Known(customer_id, is_identified=of_user)


def ids(links: Links) -> list[int | None]:
    return [person.root.id for person in links.persons]


def merges(links: Links) -> list[tuple[int | None, int | None, str]]:
    return [(source.id, target.root.id, cause) for source, target, cause in links.merged]


def test_known_ids_need_no_change() -> None:
    links = link(dict([user("ada", 1), visitor("a", 2)]), call("ada"), call(None, "a"))
    assert (ids(links), links.are_settled) == ([1, 2], True)


def test_unknown_ids_make_one_person_each() -> None:
    links = link({}, call("ada"), call("ada"), call(None, "a"), call("bob"))
    assert len(links.new) == 3
    assert links.persons[0] is links.persons[1]
    assert [person.external_id for person in links.new] == ["ada", None, "bob"]


def test_both_ids_of_a_new_person_lead_to_one() -> None:
    links = link({}, call(None, "a"), call("ada", "a"), call(None, "a"))
    assert len({person.root for person in links.persons}) == 1
    assert (len(links.new), links.new[0].external_id, links.merged) == (1, "ada", [])


def test_a_visitor_who_signs_up_stays_the_same_customer() -> None:
    links = link(dict([visitor("a", 7)]), call("ada", "a"))
    assert ids(links) == [7]
    assert [person.external_id for person in links.promoted] == ["ada"]
    assert (links.merged, links.new) == ([], [])


def test_a_visitor_who_signs_in_joins_the_known_customer() -> None:
    links = link(dict([user("ada", 1), visitor("a", 7)]), call(None, "a"), call("ada", "a"), call(None, "a"))
    assert ids(links) == [1, 1, 1]
    assert merges(links) == [(7, 1, "identify")]


def test_two_users_of_one_device_stay_apart() -> None:
    known = dict([user("ada", 1), user("bob", 2), visitor("a", 1, of_user=True)])
    links = link(known, call(None, "a"), call("bob", "a"), call(None, "a"))
    assert ids(links) == [1, 2, 2]
    assert (links.merged, {ref: person.id for ref, person in links.moved.items()}) == (
        [],
        {(ANONYMOUS, "a"): 2},
    )


def test_two_users_of_one_new_device_stay_apart() -> None:
    links = link({}, call("ada", "a"), call("bob", "a"), call(None, "a"))
    first, second, third = (person.root for person in links.persons)
    assert first is not second
    assert second is third
    assert links.given[ANONYMOUS, "a"].root is second


def test_several_devices_of_one_user_become_one_customer() -> None:
    links = link(dict([visitor("a", 7), visitor("b", 8)]), call("ada", "a"), call("ada", "b"))
    assert ids(links) == [7, 7]
    assert merges(links) == [(8, 7, "identify")]


def test_a_new_user_met_before_their_visitor_takes_the_visitors_customer() -> None:
    links = link(dict([visitor("a", 7)]), call("ada"), call("ada", "a"))
    assert ids(links) == [7, 7]
    assert ([person.external_id for person in links.promoted], links.new) == (["ada"], [])


def test_an_alias_joins_a_visitor_to_a_user() -> None:
    links = link(dict([user("ada", 1), visitor("a", 7)]), call("ada", previous="a"))
    assert merges(links) == [(7, 1, "alias")]


def test_an_alias_gives_a_user_a_second_id() -> None:
    links = link(dict([user("old", 1)]), call("new", previous="old"), call("new"))
    assert ids(links) == [1, 1]
    assert ({ref: person.id for ref, person in links.given.items()}, links.promoted) == (
        {(EXTERNAL, "new"): 1},
        [],
    )


def test_an_alias_may_come_before_what_the_visitor_did() -> None:
    links = link({}, call("ada", previous="a"), call(None, "a"))
    assert links.persons[0] is links.persons[1]
    assert [person.external_id for person in links.new] == ["ada"]


@pytest.mark.parametrize("trusted", [False, True])
def test_two_known_users_are_joined_only_on_the_word_of_who_holds_a_secret(trusted: bool) -> None:
    known = dict([user("ada", 1), user("bob", 2)])
    links = link(known, call("ada"), call("ada", previous="bob"), may_join_known=trusted)
    assert merges(links) == ([(2, 1, "alias")] if trusted else [])
    assert links.refused == ([] if trusted else [1])
    assert ids(links) == [1, 1]


def test_a_chain_of_merges_ends_at_one() -> None:
    known = dict([visitor("a", 5), visitor("b", 6), user("ada", 1)])
    links = link(known, call("ada", "a"), call("ada", "b"), call(None, "b"))
    assert merges(links) == [(5, 1, "identify"), (6, 1, "identify")]
    assert ids(links) == [1, 1, 1]
