"""The step: channel by channel, route by route, chunk by chunk, window by window."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from django.db import transaction

from engagement.counts import Counts
from nudges.channels import Channel, Envelope, Outcome, Refused, Send, Unknown
from nudges.models import Message, Promise
from nudges.sending.circuits import allowance, note_failure, note_success
from nudges.sending.claiming import (
    claim_messages,
    forget_reach,
    give_back,
    note_reach,
)
from nudges.sending.enveloping import Letter, envelope_of, write_letters
from nudges.sending.outlets import return_tokens
from nudges.sending.quotas import return_quota, take_quota
from nudges.sending.reading import read_claimed
from nudges.sending.rechecking import find_obstacles
from nudges.sending.recording import begin, cancel, note_variants, postpone, record, result_of
from nudges.sending.routes import Route, waiting_routes
from nudges.sending.supplying import Supplies, read_supplies

# Claimed at once: what is read and asked again together.
CHUNK = 400
# Begun and recorded together: as many as are in doubt at most when a worker dies at a provider that cannot be asked.
WINDOW = 100
# Of these so many may not have gone out; see `Reach`.
STRIDE = 10
# A service message may go twice rather than not at all, so no more than one of them is in doubt.
SERVICE_WINDOW = 1


def send_messages(*, now: datetime, limit: int = 800) -> Counts:
    """Send what is due: up to `limit` messages by the installation's providers of each channel, and as many by the
    accounts that workspaces have of their own. Counts `taken` and each resulting state.

    Must run outside a transaction: a claim that is not committed is none.
    """
    counts = Counts()
    for routes in waiting_routes(limit=limit, now=now):
        counts += _send_by(routes, limit=limit, now=now)
    return counts


def _send_by(routes: Sequence[Route], *, limit: int, now: datetime) -> Counts:
    """By the first provider that may be asked; by the next where that one is down or has had its share."""
    counts = Counts()
    for channel, together in groupby(routes, key=attrgetter("channel")):
        with channel.session() as send:
            for route in together:
                most = limit - counts["taken"] if route.most is None else route.most
                counts += _send_route(route, send, most=most, now=now)
    return counts


def _send_route(route: Route, send: Send, *, most: int, now: datetime) -> Counts:
    counts = Counts()
    while counts["taken"] < most:
        sent = _send_chunk(route, send, size=min(CHUNK, most - counts["taken"]), now=now)
        if not sent["taken"]:
            break
        counts += sent
    return counts


def _send_chunk(route: Route, send: Send, *, size: int, now: datetime) -> Counts:
    asked = allowance(route.key, limit=size, now=now)
    allowed = take_quota(route.key, asked, limits=route.limits, now=now)
    chunk = _Chunk(route, uuid.uuid4(), now)
    ids = chunk.claim(allowed) if allowed else []
    if ids:
        chunk.counts["taken"] += len(ids)
        chunk.send(ids, send)
    return_quota(route.key, allowed - chunk.counts["begun"], limits=route.limits)
    return chunk.counts


@dataclass
class _Chunk:
    """The messages of one claim."""

    route: Route
    token: uuid.UUID
    now: datetime
    supplies: Supplies = field(default_factory=Supplies)
    counts: Counts = field(default_factory=Counts)
    is_known_to_work: bool = False
    is_down: bool = False
    begun: set[int] = field(default_factory=set)

    def claim(self, limit: int) -> list[int]:
        return claim_messages(
            channel=self.route.name,
            workspaces=self.route.workspaces,
            limit=limit,
            token=self.token,
            now=self.now,
        )

    def send(self, ids: Sequence[int], send: Send) -> None:
        left: Collection[int] = ids
        try:
            written = write_letters(self._still_wanted(read_claimed(ids)), now=self.now)
            self.supplies = read_supplies(self.route.name, [letter.message for letter in written.letters])
            note_variants([message for message, _why in (*written.failed, *written.ended)], token=self.token)
            self._record(written.failed)
            if written.ended:
                self.counts += cancel(written.ended, token=self.token, now=self.now)
            self._send_windows(windows(written.letters, self.route.channel), send)
            left = set(ids) - self.begun
        finally:
            # What was not begun, whatever stopped us, is due for others.
            if left:
                self.counts["given_back"] += give_back(left, token=self.token)
            if unused := set(ids) - self.begun:
                return_tokens(self.route.name, unused)
        forget_reach(self.token)

    def _send_windows(self, windows: list[list[Letter]], send: Send) -> None:
        ours = self._begin(windows[0]) if windows else []
        for following in [*windows[1:], []]:
            hand_over = _HandOver(ours, self, send)
            try:
                hand_over.run()
            except BaseException:
                self._record(hand_over.known())
                raise
            with transaction.atomic():
                self._record(hand_over.known())
                ours = [] if self.is_down else self._begin(following)

    def _begin(self, window: Sequence[Letter]) -> list[Letter]:
        if not window:
            return []
        self._note_reach(0)
        ours = begin(window, provider=self.route.channel.provider, token=self.token, now=self.now)
        for message, _words in window:
            message.attempts += message.pk in ours
        self.begun |= ours
        self.counts["begun"] += len(ours)
        self.counts["stale"] += len(window) - len(ours)
        return [letter for letter in window if letter.message.pk in ours]

    def reach(self, letters: Sequence[Letter]) -> None:
        """Say that these are next."""
        self._note_reach(letters[-1].message.pk)

    def _note_reach(self, message_id: int) -> None:
        """Only where a provider cannot be asked which it has."""
        if self.route.channel.capability.kind == "none":
            note_reach(message_id, token=self.token, now=self.now)

    def note(self, outcome: Outcome) -> None:
        """Tell the provider's circuit."""
        if isinstance(outcome, Unknown | Refused) and outcome.is_provider:
            self.is_known_to_work = False
            self.is_down |= note_failure(self.route.key, outcome.error, now=self.now)
        elif not self.is_known_to_work:
            note_success(self.route.key, now=self.now)
            self.is_known_to_work = True

    def _record(self, outcomes: Sequence[tuple[Message, Outcome | None]]) -> None:
        results = [
            (message, result_of(message, outcome, now=self.now, has_other=self.route.has_other))
            for message, outcome in outcomes
        ]
        self.counts += record(results, token=self.token, now=self.now)

    def _still_wanted(self, messages: Sequence[Message]) -> list[Message]:
        obstacles = find_obstacles(messages, now=self.now)
        stopped = [(message, obstacles[message.pk]) for message in messages if message.pk in obstacles]
        if waiting := [(message, obstacle) for message, obstacle in stopped if obstacle.until]:
            self.counts += postpone(waiting, token=self.token)
        if ended := [(message, obstacle) for message, obstacle in stopped if not obstacle.until]:
            self.counts += cancel(ended, token=self.token, now=self.now)
        return [message for message in messages if message.pk not in obstacles]


class _HandOver:
    """One window on its way: how many the channel has asked for, and what became of each."""

    def __init__(self, letters: Sequence[Letter], chunk: _Chunk, send: Send) -> None:
        self._letters, self._chunk, self._send = letters, chunk, send
        self._asked_for = 0
        self._outcomes: list[Outcome] = []

    def run(self) -> None:
        for outcome in self._send(self._given()):
            self._outcomes.append(outcome)
            self._chunk.note(outcome)

    def known(self) -> list[tuple[Message, Outcome | None]]:
        """What is known of each: its outcome, or None where it was certainly not handed over.

        Left out is what the channel had asked for when something broke it: that is in doubt.
        """
        messages = [letter.message for letter in self._letters]
        answered = list(zip(messages, self._outcomes, strict=False))
        return [*answered, *((message, None) for message in messages[self._asked_for :])]

    def _given(self) -> Iterator[Envelope]:
        for letter in self._letters:
            if self._chunk.is_down:
                return
            if self._asked_for % STRIDE == 0:
                self._chunk.reach(self._letters[self._asked_for : self._asked_for + STRIDE])
            self._asked_for += 1
            yield envelope_of(letter, supplies=self._chunk.supplies, now=self._chunk.now)


def windows(letters: Sequence[Letter], channel: Channel) -> list[list[Letter]]:
    """As many at a time as may be in doubt at once; service messages first, as they were claimed."""
    if channel.capability.kind != "none":
        return _cut(letters, WINDOW)
    service = [letter for letter in letters if letter.message.promise == Promise.SERVICE]
    others = [letter for letter in letters if letter.message.promise != Promise.SERVICE]
    return _cut(service, SERVICE_WINDOW) + _cut(others, WINDOW)


def _cut(letters: Sequence[Letter], size: int) -> list[list[Letter]]:
    return [list(letters[start : start + size]) for start in range(0, len(letters), size)]
