"""A channel whose provider answers as a test says, and messages to send by it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar

from engagement.models import Customer, Workspace
from nudges.channels import Capability, Envelope, Outcome, Send, Sent, one_by_one
from nudges.models import Message, Nudge
from tests import make, make_messages

MINUTE = timedelta(minutes=1)


class Scripted:
    """A channel whose provider answers as a test says, and remembers what it was given."""

    provider = "scripted"
    capability = Capability("none")
    is_pull = False
    answers: ClassVar[dict[str, list[Outcome]]] = {}
    given: ClassVar[list[Envelope]] = []
    known: ClassVar[dict[uuid.UUID, Sent]] = {}
    before: ClassVar[Callable[[Envelope], None] | None] = None

    @contextmanager
    def session(self) -> Iterator[Send]:
        yield one_by_one(self._send)

    def look_up(self, dispatch_id: uuid.UUID) -> Sent | None:
        return self.known.get(dispatch_id)

    def _send(self, envelope: Envelope) -> Outcome:
        if Scripted.before:
            Scripted.before(envelope)
        self.given.append(envelope)
        answers = self.answers.get(envelope.address)
        return answers.pop(0) if answers else Sent("p-1")


class ScriptedIdempotent(Scripted):
    capability = Capability("idempotent", ttl=timedelta(hours=1))


class ScriptedQueryable(Scripted):
    capability = Capability("queryable")


class ScriptedSecond(Scripted):
    provider = "second"


def use(settings: Any, channel: type[Scripted]) -> None:
    settings.CHANNELS = {
        "email": f"{__name__}.{channel.__name__}",
        "inbox": "nudges.channels.inbox.InboxChannel",
    }


def message(nudge: Nudge, name: str = "ana", **fields: Any) -> Message:
    return make_messages.message(nudge, person(nudge.workspace, name), **fields)


def person(workspace: Workspace, name: str) -> Customer:
    return make.customer(workspace, email=f"{name}@example.org", name=name.capitalize())


def names(given: list[Envelope]) -> list[str]:
    return [envelope.address.partition("@")[0] for envelope in given]
