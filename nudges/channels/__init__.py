"""Channels: each one small module behind one protocol, named in `settings.CHANNELS`.

A channel turns an envelope into a call of a provider and says what became of it. It never touches our own rows, never
retries, and never decides: whether to try again follows from its answer and from what its provider can do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Literal, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Capability:
    """What a provider does with a message that it may have got before.

    - idempotent: takes our dispatch id as its key for `ttl`, so a message may be handed over again within it;
    - queryable: can be asked by our dispatch id whether it has it (`Queryable.look_up`);
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
    now: datetime  # when it is handed over
    not_after: datetime  # it helps nobody later
    customer: str = ""  # the shop's own id of them
    link: str = ""
    link_label: str = ""
    answer_url: str = ""  # the page of the four replies; one of them is given at answer_url + its kind + "/"
    extras: Mapping[str, str] = field(default_factory=dict)  # the content's fields of this channel alone
    device: Mapping[str, str] = field(default_factory=dict)  # what a device told with its address
    account: Mapping[str, str] = field(
        default_factory=dict
    )  # the workspace's own with the provider; empty: none


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
    """The call ended so that nobody can say whether the provider has taken it.

    `is_provider`: it may be the provider that fails, whoever asks it; not so where each workspace has its own endpoint.
    """

    error: str
    is_provider: bool = True


Outcome = Sent | Refused | Unknown
# Hands over what it is given and answers for each, in that order. What it has not asked for has certainly not been
# handed over, so whoever gives may stop at any time; for all that it asked for it answers, and it never raises for what
# a provider does.
Send = Callable[[Iterable[Envelope]], Iterator[Outcome]]


class Channel(Protocol):
    """One way to customers, by one provider. Instances hold no connection: `session` does, for the length of a chunk.

    `provider` names the account that may fail, be slow or be limited apart from others; with several for one channel
    the settings name them in the order in which they are tried.
    """

    provider: str
    capability: Capability
    is_pull: bool

    def session(self) -> AbstractContextManager[Send]:
        """A function that hands envelopes over, on one connection where there is one: see `Send`, `one_by_one`."""
        ...


class Queryable(Channel, Protocol):
    """A channel whose capability is to be queryable."""

    def look_up(self, dispatch_id: UUID) -> Sent | None:
        """What the provider knows of a message; None: it never got it."""
        ...


def one_by_one(send: Callable[[Envelope], Outcome]) -> Send:
    """The `Send` of a provider that takes one message after the other."""
    return lambda envelopes: (guarded(send, envelope) for envelope in envelopes)


def guarded(send: Callable[[Envelope], Outcome], envelope: Envelope) -> Outcome:
    """What became of one message, also where the channel's module is at fault: nobody can say how far it got then."""
    try:
        return send(envelope)
    except Exception as error:
        logger.exception("message %s broke its channel", envelope.message_id)
        return Unknown(f"{type(error).__name__}: {error}"[:500])


def channels_named(name: str) -> list[Channel]:
    """The providers that the settings name for a channel, first choice first; none when this installation has none."""
    paths: str | list[str] = settings.CHANNELS.get(name) or []
    return [_load(path) for path in ([paths] if isinstance(paths, str) else paths)]


@cache
def _load(path: str) -> Channel:
    """`package.module.Class`, or `package.module.Class:argument` for one of several alike."""
    dotted, _, argument = path.partition(":")
    channel: Channel = import_string(dotted)(*([argument] if argument else []))
    return channel
