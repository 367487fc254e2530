"""One claim's messages on their way: asked again, worded, begun, handed over and recorded, window by window."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from engagement.counts import Counts
from nudges.channels import Channel, Envelope, Outcome, Refused, Send, Unknown
from nudges.models import Message, Promise
from nudges.sending.circuits import note_failure, note_success
from nudges.sending.claiming import begin_reach, claim_messages, forget_reach, give_back, note_reach
from nudges.sending.enveloping import Letter, envelope_of, write_letters
from nudges.sending.outlets import return_tokens
from nudges.sending.reading import read_claimed
from nudges.sending.rechecking import find_obstacles
from nudges.sending.recording import begin, cancel, note_variants, postpone, record, result_of
from nudges.sending.routes import Route
from nudges.sending.supplying import Supplies, read_supplies

# Begun and recorded together: as many as are in doubt at most when a worker dies at a provider that cannot be asked.
WINDOW = 200
# Of these so many may not have gone out; see `Reach`.
STRIDE = 20
# A service message may go twice rather than not at all, so no more than one of them is in doubt.
SERVICE_WINDOW = 1


@dataclass
class Chunk:
    """The messages of one claim."""

    route: Route
    hand_over: Send
    token: uuid.UUID
    now: datetime
    supplies: Supplies = field(default_factory=Supplies)
    counts: Counts = field(default_factory=Counts)
    is_known_to_work: bool = False
    is_down: bool = False
    is_taken: bool = False
    begun: set[int] = field(default_factory=set)

    def claim(self, limit: int) -> list[int]:
        return claim_messages(
            channel=self.route.name,
            workspaces=self.route.workspaces,
            limit=limit,
            token=self.token,
            now=self.now,
        )

    def send(self, ids: Sequence[int]) -> None:
        left: Collection[int] = ids
        try:
            written = write_letters(self._still_wanted(read_claimed(ids)), now=self.now)
            self.supplies = read_supplies(self.route.name, [letter.message for letter in written.letters])
            note_variants([message for message, _why in (*written.failed, *written.ended)], token=self.token)
            self._record(written.failed)
            if written.ended:
                self.counts += cancel(written.ended, token=self.token, now=self.now)
            self._send_windows(windows(written.letters, self.route.channel))
            left = set(ids) - self.begun
        finally:
            # What was not begun, whatever stopped us, is due for others.
            if left:
                self.counts["given_back"] += give_back(left, token=self.token)
            if unused := set(ids) - self.begun:
                return_tokens(self.route.name, unused)
        forget_reach(self.token)

    def _send_windows(self, windows: Sequence[Sequence[Letter]]) -> None:
        """One after the other; the mark of each is set in the transaction that records the one before."""
        ours = Window(self._begin(windows[0] if windows else []), self)
        for following in [*windows[1:], []]:
            try:
                ours.run()
            except BaseException:
                self._record(ours.known())
                raise
            with transaction.atomic():
                self._record(ours.known())
                ours = Window([] if self.is_stopped else self._begin(following), self)

    def _begin(self, letters: Sequence[Letter]) -> list[Letter]:
        if not letters:
            return []
        if self._says_reach:
            self.is_taken = not begin_reach(token=self.token, now=self.now)
        if self.is_taken:
            return []
        ours = begin(letters, provider=self.route.channel.provider, token=self.token, now=self.now)
        for message, _words in letters:
            message.attempts += message.pk in ours
        self.begun |= ours
        self.counts["begun"] += len(ours)
        self.counts["stale"] += len(letters) - len(ours)
        return [letter for letter in letters if letter.message.pk in ours]

    @property
    def is_stopped(self) -> bool:
        """Nothing more may be handed over: the provider is down, or others have what this worker had claimed."""
        return self.is_down or self.is_taken

    @property
    def _says_reach(self) -> bool:
        """Only where a provider cannot be asked which it has, and does not know our key either."""
        return self.route.channel.capability.kind == "none"

    def reach(self, letters: Sequence[Letter]) -> None:
        """Say that these are next."""
        if self._says_reach:
            self.is_taken = not note_reach(letters[-1].message.pk, token=self.token, now=self.now)

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


class Window:
    """Messages begun together: how many the channel has asked for, and what became of each."""

    def __init__(self, letters: Sequence[Letter], chunk: Chunk) -> None:
        self._letters, self._chunk = letters, chunk
        self._asked_for = 0
        self._outcomes: list[Outcome] = []

    def run(self) -> None:
        """Hand them over."""
        for outcome in self._chunk.hand_over(self._given()):
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
            if self._asked_for % STRIDE == 0 and not self._chunk.is_stopped:
                self._chunk.reach(self._letters[self._asked_for : self._asked_for + STRIDE])
            if self._chunk.is_stopped:
                return
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
