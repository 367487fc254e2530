"""A worker that sends until nothing is due, and can be told where to die: at a point, when it comes there the nth time.

The points: claimed (before any hand-over has begun), begun (marked with others, this one about to be said), accepted
(the provider has it, nothing recorded yet), recording (a window's outcomes are about to be written, while the next
goes out).
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from engagement.counts import Counts
from nudges.channels import Channel, Envelope, Outcome, Send
from nudges.models import Message
from nudges.sending import handing_over, reading, recording, send_messages
from tests.make import NOW

passed: Counter[str] = Counter()
death: tuple[str, int] | None = None


def pass_point(point: str) -> None:
    """Die here, as by a power cut, when this is the place."""
    passed[point] += 1
    if death == (point, passed[point]):
        os.kill(os.getpid(), signal.SIGKILL)


class MortalChannel:
    """The channel that is named, to a real peer, with places to die at."""

    def __init__(self, path: str) -> None:
        self._channel: Channel = import_string(path)()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    @contextmanager
    def session(self) -> Iterator[Send]:
        with self._channel.session() as send:

            def hand_over(envelopes: Iterable[Envelope]) -> Iterator[Outcome]:
                for outcome in send(begun(envelopes)):
                    pass_point("accepted")
                    yield outcome

            yield hand_over


def begun(envelopes: Iterable[Envelope]) -> Iterator[Envelope]:
    for envelope in envelopes:
        pass_point("begun")
        yield envelope


def read_claimed(ids: Sequence[int]) -> list[Message]:
    pass_point("claimed")
    return reading.read_claimed(ids)


def record(results: Sequence[Any], **of: Any) -> Counts:
    if results:
        pass_point("recording")
    return recording.record(results, **of)


def send(*die_at: str | int, channel: str = "email", at_once: int = 30, window: int = 0) -> None:
    """In small windows where `window` says so: then some are begun and recorded while others are handed over."""
    global death
    death = die_at or None  # type: ignore[assignment]
    os.environ["REQUESTS_CA_BUNDLE"] = settings.OUTBOUND_CA_FILE  # what anymail believes a provider's API by
    settings.CHANNELS = {channel: f"{__name__}.MortalChannel:{settings.CHANNELS[channel]}"}
    handing_over.read_claimed = read_claimed  # type: ignore[attr-defined]  # to die between claim and hand-over
    handing_over.record = record  # type: ignore[attr-defined]
    handing_over.WINDOW = window or handing_over.WINDOW
    while send_messages(now=NOW, limit=at_once)["taken"]:
        pass


def send_by(channel: str, at_once: int, *die_at: str | int) -> None:
    send(*die_at, channel=channel, at_once=at_once)
