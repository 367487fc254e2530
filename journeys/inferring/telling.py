"""From the events of a chunk of customers to their stories. No rows are read or written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engagement.unread import LoggedEvent
from journeys.inferring.definitions import Definitions
from journeys.inferring.signs import Sign
from journeys.inferring.stories import Story

Key = tuple[int, int]  # (customer id, need id)


@dataclass
class Stories:
    """The stories of a chunk's customers, by customer and need; `late` ones have to be told again from the log."""

    by_customer: dict[int, dict[int, Story]] = field(default_factory=dict)
    late: set[Key] = field(default_factory=set)

    def of(self, customer_id: int) -> dict[int, Story]:
        return self.by_customer.setdefault(customer_id, {})

    def __iter__(self) -> Iterator[tuple[Key, Story]]:
        for customer_id, stories in sorted(self.by_customer.items()):
            for need_id, story in sorted(stories.items()):
                yield (customer_id, need_id), story


def go_on(
    stories: Stories,
    events: Iterable[LoggedEvent],
    definitions: Definitions,
    categories: Mapping[int, Mapping[str, str]],
) -> None:
    """Tell the stories on with new events; stories for which one comes too late are noted in `late` and left alone."""
    for event in sorted(events, key=lambda event: (event.customer_id, event.at, event.id)):
        for key, sign in signs_of(event, stories.of(event.customer_id), definitions, categories):
            if key in stories.late:
                continue
            story = stories.of(event.customer_id).setdefault(key[1], Story(definitions.tables[key[1]]))
            if story.is_late(sign):
                stories.late.add(key)
            else:
                story.apply(sign)


def tell_again(
    keys: Iterable[Key],
    log: Iterable[LoggedEvent],
    definitions: Definitions,
    categories: Mapping[int, Mapping[str, str]],
) -> Stories:
    """Tell stories from the start, with all events of their customers in the order in which they happened."""
    told = Stories()
    for customer_id, need_id in sorted(keys):
        told.of(customer_id)[need_id] = Story(definitions.tables[need_id])
    for event in log:
        wanted = told.of(event.customer_id)
        for key, sign in signs_of(event, wanted, definitions, categories):
            if key[1] in wanted:
                wanted[key[1]].apply(sign)
    return told


def signs_of(
    event: LoggedEvent,
    known: Mapping[int, Story],
    definitions: Definitions,
    categories: Mapping[int, Mapping[str, str]],
) -> list[tuple[Key, Sign]]:
    """What an event says to which needs: those it speaks of, and for a basket or an undoing all that are known."""
    matcher = definitions.matchers[event.workspace_id]
    signs, general = matcher.read(event, categories.get(event.workspace_id, {}))
    if general is not None:
        signs = dict.fromkeys(known, general) | signs
    return [((event.customer_id, need_id), signs[need_id]) for need_id in sorted(signs)]


def let_time_pass(stories: Stories, now: datetime) -> None:
    """What silence has changed by `now` in stories that were told in this run."""
    for _, story in stories:
        if story.is_touched:
            story.advance(now)
