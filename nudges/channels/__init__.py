"""Channels: each one small module behind one protocol, named in `settings.CHANNELS`.

A channel turns an envelope into a call of a provider and says what became of it. It never touches our own rows, never
retries, and never decides: whether to try again follows from its answer and from what its provider can do.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Literal, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Capability:
    """What a provider does with a message that it may have got before.

    - idempotent: takes our dispatch id as its key for `ttl`, so a message may be handed over again within it;
    - queryable: can be asked by our dispatch id whether it has it (`Channel.look_up`);
    - none: nobody can tell. At most once for nudges (a lost one is harmless, a doubled one is fatigue), at least once
      for service messages.
    """

    kind: Literal["idempotent", "queryable", "none"]
    ttl: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Everything a channel needs to hand one message over."""

    dispatch_id: UUID
    workspace_id: int
    message_id: int
    nudge_id: int
    category: str  # its slug
    address: str
    sender: str  # "Name <address>"; empty: the installation's
    subject: str
    text: str
    html: str
    language: str
    is_service: bool
    unsubscribe_url: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has taken it; `is_delivered` when it also reached the customer, as an inbox message does."""

    provider_id: str = ""
    is_delivered: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider has certainly not taken it.

    `permanent`: this message will never be taken. `is_bounce`: because of the address, which `suppresses` (with this
    reason) when nobody is there. `is_provider`: the provider itself fails, whoever the recipient is.
    """

    error: str
    permanent: bool
    is_bounce: bool = False
    suppresses: str = ""
    is_provider: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The call ended so that nobody can say whether the provider has taken it."""

    error: str


Outcome = Sent | Refused | Unknown
Send = Callable[[Envelope], Outcome]


class Channel(Protocol):
    """One way to customers. Instances hold no connection: `session` does, for the length of a chunk."""

    provider: str
    capability: Capability
    is_pull: bool

    def session(self) -> AbstractContextManager[Send]:
        """A function that hands envelopes over one after the other, on one connection where there is one.

        It answers for every envelope and never raises for what a provider does.
        """
        ...

    def look_up(self, dispatch_id: UUID) -> Sent | None:
        """What a queryable provider knows of a message; None: it never got it."""
        ...


@cache
def _load(path: str) -> Channel:
    channel: Channel = import_string(path)()
    return channel


def channel_named(name: str) -> Channel | None:
    """The channel that the settings name, or None when this installation has none of the kind."""
    path = settings.CHANNELS.get(name)
    return _load(path) if path else None
