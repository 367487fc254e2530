"""From the events of a chunk of customers to their stories. No rows are read or written here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from engagement.unread import LoggedEvent
from journeys.inferring.definitions import Definitions
from journeys.inferring.instances import Instance
from journeys.inferring.signs import Sign
from journeys.inferring.stories import Story

Key = tuple[int, int]  # (customer id, need id)


BEGINNING = (datetime.min.replace(tzinfo=UTC), 0)


class Resumed(NamedTuple):
    """From where a story is told again: after these instances, with the event (time, id) that opened the next."""

    past: list[Instance]
    since: tuple[datetime, int]


@dataclass
class Stories:
    """The stories of a chunk's customers, by customer and need.

    `late` ones have to be told again from the log. `unheard_until` is the time of a customer's last sign that left no
    trace: with another past it would have, so whatever comes in before it is late.
    """

    by_customer: dict[int, dict[int, Story]] = field(default_factory=dict)
    late: dict[Key, Resumed] = field(default_factory=dict)
    unheard_until: dict[int, datetime] = field(default_factory=dict)

    def of(self, customer_id: int) -> dict[int, Story]:
        return self.by_customer.setdefault(customer_id, {})

    def is_late(self, customer_id: int, story: Story, sign: Sign) -> bool:
        unheard = self.unheard_until.get(customer_id)
        return story.is_late(sign) or (unheard is not None and sign.at < unheard and story.knows(sign))

    def note_unheard(self, customer_id: int, at: datetime) -> None:
        last = self.unheard_until.get(customer_id)
        if last is None or at > last:
            self.unheard_until[customer_id] = at

    def __iter__(self) -> Iterator[tuple[Key, Story]]:
        for customer_id, stories in sorted(self.by_customer.items()):
            for need_id, story in sorted(stories.items()):
                yield (customer_id, need_id), story


class Reader:
    """What the events of a chunk say, by the definitions of their workspaces and the catalogue."""

    def __init__(self, definitions: Definitions, categories: Mapping[int, Mapping[str, str]]) -> None:
        self.definitions = definitions
        self.categories = categories

    def read(self, event: LoggedEvent) -> tuple[dict[int, Sign], Sign | None]:
        """Signs by need, and one for every need that the customer has."""
        matcher = self.definitions.matchers[event.workspace_id]
        return matcher.read(event, self.categories.get(event.workspace_id, {}))


def go_on(stories: Stories, events: Iterable[LoggedEvent], reader: Reader) -> None:
    """Tell the stories on with new events; stories for which one comes too late are noted in `late` and left alone."""
    for event in sorted(events, key=lambda event: (event.customer_id, event.at, event.id)):
        customer_id, known = event.customer_id, stories.of(event.customer_id)
        signs, general = reader.read(event)
        for need_id, sign in signs_for(signs, general, known):
            if (customer_id, need_id) in stories.late:
                continue
            story = known.setdefault(need_id, Story(reader.definitions.tables[need_id]))
            if stories.is_late(customer_id, story, sign):
                stories.late[customer_id, need_id] = Resumed(story.up_to(sign.at), story.resumes(sign.at))
            elif not story.apply(sign):
                stories.note_unheard(customer_id, event.at)
        if general is not None:
            stories.note_unheard(customer_id, event.at)


def tell_again(keys: Mapping[Key, Resumed | None], log: Iterable[LoggedEvent], reader: Reader) -> Stories:
    """Tell stories again, from where they are resumed (None: from the start), with their customers' events in order."""
    told = Stories()
    since: dict[Key, tuple[datetime, int]] = {}
    for key, resumed in sorted(keys.items(), key=lambda pair: pair[0]):
        past = list(resumed.past) if resumed else []
        told.of(key[0])[key[1]] = Story(reader.definitions.tables[key[1]], past, settled=len(past))
        if resumed:
            since[key] = resumed.since
    for event in log:
        customer_id, wanted = event.customer_id, told.of(event.customer_id)
        signs, general = reader.read(event)
        for need_id, sign in signs_for(signs, general, wanted):
            if need_id not in wanted or (event.at, event.id) < since.get((customer_id, need_id), BEGINNING):
                continue
            if not wanted[need_id].apply(sign):
                told.note_unheard(customer_id, event.at)
        if general is not None:
            told.note_unheard(customer_id, event.at)
    return told


def signs_for(signs: dict[int, Sign], general: Sign | None, known: Collection[int]) -> list[tuple[int, Sign]]:
    """A sign for each need that an event speaks of; of a basket or an undoing it speaks to all that are known."""
    if general is not None:
        signs = dict.fromkeys(known, general) | signs
    return sorted(signs.items(), key=lambda pair: pair[0])


def let_time_pass(stories: Stories, now: datetime) -> None:
    """What silence has changed by `now` in stories that were told in this run."""
    for _, story in stories:
        if story.is_touched:
            story.advance(now)
