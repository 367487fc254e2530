"""Who is meant by the ids in a batch: pure rules, no rows.

A user id is strong: it always means the same person. An anonymous id belongs to one person at a time: when a visitor
signs in, what they did before becomes the signed-in person's; when another person signs in on the same device, the
device's next anonymous events are theirs, and the two people stay apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engagement.events import IncomingEvent

EXTERNAL, ANONYMOUS = "external", "anonymous"
Ref = tuple[str, str]  # (kind of identity, value)


@dataclass(frozen=True)
class Known:
    """The customer who has an identity now."""

    customer_id: int
    is_identified: bool


@dataclass(eq=False)
class Person:
    """A customer of the batch: one that exists (`id`) or one to be made."""

    id: int | None
    is_identified: bool
    external_id: str | None = None  # to be set, on a new person or on an anonymous one who signed in
    joined: Person | None = None

    @property
    def root(self) -> Person:
        person = self
        while person.joined is not None:
            person = person.joined
        return person


@dataclass
class Links:
    """What has to change so that every id of a batch leads to its person."""

    persons: list[Person] = field(default_factory=list)  # of each event, in the order of the events
    given: dict[Ref, Person] = field(default_factory=dict)  # identities that nobody has yet
    moved: dict[Ref, Person] = field(default_factory=dict)  # anonymous ids that go to another person
    merged: list[tuple[Person, Person, str]] = field(default_factory=list)  # existing: source, target, cause
    refused: list[int] = field(default_factory=list)  # places of aliases between two known people

    @property
    def new(self) -> list[Person]:
        """Persons to be made a customer."""
        roots = {id(person.root): person.root for person in (*self.persons, *self.given.values())}
        return [person for person in roots.values() if person.id is None]

    @property
    def promoted(self) -> list[Person]:
        """Anonymous customers who get their external id."""
        roots = {id(person.root): person.root for person in (*self.persons, *self.given.values())}
        return [person for person in roots.values() if person.id is not None and person.external_id]

    @property
    def are_settled(self) -> bool:
        return not (self.given or self.moved or self.merged)


def refs_of(events: Iterable[IncomingEvent]) -> set[Ref]:
    """All identities that may matter to these events; a previous id may be of either kind."""
    refs: set[Ref] = set()
    for event in events:
        if event.user_id:
            refs.add((EXTERNAL, event.user_id))
        if event.anonymous_id:
            refs.add((ANONYMOUS, event.anonymous_id))
        if event.previous_id:
            refs.add((EXTERNAL, event.previous_id))
            refs.add((ANONYMOUS, event.previous_id))
    return refs


def link_people(
    events: list[IncomingEvent], known: Mapping[Ref, Known], *, may_join_known: bool = False
) -> Links:
    """Decide who each event belongs to.

    `known` are the identities that exist. Events are taken in the order of the list. `may_join_known`: whether an
    alias may join two people who both have user ids; never for a public key, by which anybody could do so.
    """
    linker = _Linker(known, may_join_known=may_join_known)
    for place, event in enumerate(events):
        linker.take(place, event)
    return linker.links


class _Linker:
    def __init__(self, known: Mapping[Ref, Known], *, may_join_known: bool) -> None:
        by_id: dict[int, Person] = {}
        self.holders: dict[Ref, Person] = {}
        for ref, found in known.items():
            person = by_id.setdefault(found.customer_id, Person(found.customer_id, found.is_identified))
            self.holders[ref] = person
        self.may_join_known = may_join_known
        self.links = Links()

    def take(self, place: int, event: IncomingEvent) -> None:
        if event.previous_id and event.user_id:
            person = self.alias(place, event.previous_id, event.user_id)
        elif event.user_id:
            person = self.user(event.user_id, event.anonymous_id)
        else:
            assert event.anonymous_id, "a door lets no event through without an id"
            person = self.holder((ANONYMOUS, event.anonymous_id)) or self.make(
                (ANONYMOUS, event.anonymous_id)
            )
        self.links.persons.append(person)

    def user(self, user_id: str, anonymous_id: str | None, cause: str = "identify") -> Person:
        visitor = self.holder((ANONYMOUS, anonymous_id)) if anonymous_id else None
        person = self.holder((EXTERNAL, user_id))
        if person is None and visitor and not visitor.is_identified:
            person = self.identify(visitor, user_id)
        elif person is None:
            person = self.make((EXTERNAL, user_id))
        if anonymous_id and visitor is not person:
            person = self.attach((ANONYMOUS, anonymous_id), visitor, person, cause)
        return person

    def attach(self, ref: Ref, visitor: Person | None, person: Person, cause: str) -> Person:
        """Make an anonymous id the person's, with its history unless that is somebody else's."""
        if visitor is None:
            self.give(ref, person)
        elif visitor.is_identified:
            self.holders[ref] = person
            changes = self.links.given if ref in self.links.given else self.links.moved
            changes[ref] = person
        else:
            return self.join(visitor, person, cause)
        return person

    def alias(self, place: int, previous_id: str, user_id: str) -> Person:
        """Join two ids. A previous id that is no user's is a visitor's, perhaps one whose events are still to come."""
        previous = self.holder((EXTERNAL, previous_id))
        if previous is None:
            return self.user(user_id, previous_id, "alias")
        person = self.holder((EXTERNAL, user_id))
        if person is None:
            person = self.identify(previous, user_id)
        elif previous is not person and self.may_join_known:
            person = self.join(previous, person, "alias")
        elif previous is not person:
            self.links.refused.append(place)
        return person

    def holder(self, ref: Ref) -> Person | None:
        person = self.holders.get(ref)
        return person and person.root

    def make(self, ref: Ref) -> Person:
        person = Person(None, ref[0] == EXTERNAL, ref[1] if ref[0] == EXTERNAL else None)
        self.give(ref, person)
        return person

    def give(self, ref: Ref, person: Person) -> None:
        self.holders[ref] = self.links.given[ref] = person

    def identify(self, person: Person, user_id: str) -> Person:
        """Give a person a user id. The first one stays the one they are shown by."""
        if not person.is_identified:
            person.is_identified, person.external_id = True, user_id
        self.give((EXTERNAL, user_id), person)
        return person

    def join(self, source: Person, target: Person, cause: str) -> Person:
        """Make two persons one and return that one: the existing one, where one of them is new."""
        if target.id is None and source.id is not None:
            source, target = target, source
            if source.is_identified and not target.is_identified:
                target.is_identified, target.external_id = True, source.external_id
        source.joined = target
        if source.id is not None:
            self.links.merged.append((source, target, cause))
        return target
