"""The step: channel by channel, chunk by chunk, message by message."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from engagement.counts import Counts
from nudges.channels import Channel, Envelope, Outcome, Refused, Send, Unknown, channels_named
from nudges.channels.email import sender
from nudges.links import unsubscribe_url
from nudges.models import Message, Promise
from nudges.sending.circuits import allowance, note_failure, note_success
from nudges.sending.claiming import claim_messages, give_back, read_claimed
from nudges.sending.rechecking import find_obstacles
from nudges.sending.recording import Result, begin, cancel, postpone, record, result_of
from nudges.wording import (
    BadWording,
    Known,
    MissingData,
    Rendered,
    Subject,
    choose_content,
    languages_of,
    links_of,
    read_known,
    render,
)

CHUNK = 20
Letters = list[tuple[Message, Rendered]]

logger = logging.getLogger(__name__)


def send_messages(*, now: datetime, limit: int = 200) -> Counts:
    """Send what is due by every channel, up to `limit` messages by each. Counts `taken` and each resulting state.

    Must run outside a transaction: a claim that is not committed is none.
    """
    counts = Counts()
    for name in settings.CHANNELS:
        for channel in channels_named(name)[:1]:
            counts += _send_by(name, channel, limit=limit, now=now)
    return counts


def _send_by(name: str, channel: Channel, *, limit: int, now: datetime) -> Counts:
    counts = Counts()
    while counts["taken"] < limit:
        size = allowance(channel.provider, limit=min(CHUNK, limit - counts["taken"]), now=now)
        token = uuid.uuid4()
        ids = claim_messages(channel=name, limit=size, token=token, now=now) if size else []
        if not ids:
            break
        counts["taken"] += len(ids)
        counts += _Chunk(channel, token, now).send(read_claimed(ids))
    return counts


@dataclass
class _Chunk:
    """The messages of one claim, on one connection."""

    channel: Channel
    token: uuid.UUID
    now: datetime
    counts: Counts = field(default_factory=Counts)
    is_known_to_work: bool = False

    def send(self, messages: Sequence[Message]) -> Counts:
        try:
            windows = self._windows(self._write(self._still_wanted(messages)))
            with self.channel.session() as send:
                self._send_windows(windows, send)
        finally:
            # What was not begun, whatever stopped us, is due for others.
            left = give_back([message.pk for message in messages], token=self.token)
            self.counts["given_back"] += left
        return self.counts

    def _send_windows(self, windows: list[Letters], send: Send) -> None:
        ours = self._begin(windows[0] if windows else [])
        for place, window in enumerate(windows, start=1):
            begun = [(message, words) for message, words in window if message.pk in ours]
            envelopes = [envelope_of(message, words, now=self.now) for message, words in begun]
            outcomes = [
                (message, outcome) for (message, _words), outcome in zip(begun, send(envelopes), strict=True)
            ]
            results = [(message, result_of(message, outcome, now=self.now)) for message, outcome in outcomes]
            is_down = self._note([outcome for _message, outcome in outcomes])
            with transaction.atomic():
                self.counts += record(results, token=self.token, now=self.now)
                ours = set() if is_down else self._begin(windows[place] if place < len(windows) else [])
            if is_down:
                return

    def _begin(self, window: Letters) -> set[int]:
        if not window:
            return set()
        ours = begin({message.pk: words for message, words in window}, token=self.token, now=self.now)
        for message, _words in window:
            message.attempts += message.pk in ours
        self.counts["stale"] += len(window) - len(ours)
        return ours

    def _note(self, outcomes: Sequence[Outcome]) -> bool:
        """Tell the provider's circuit; true when the provider is down and the rest should wait."""
        for outcome in outcomes:
            if isinstance(outcome, Unknown | Refused) and outcome.is_provider:
                self.is_known_to_work = False
                if note_failure(self.channel.provider, outcome.error, now=self.now):
                    return True
            elif not self.is_known_to_work:
                note_success(self.channel.provider, now=self.now)
                self.is_known_to_work = True
        return False

    def _windows(self, letters: Letters) -> list[Letters]:
        """As many at a time as may be in doubt at once: one, where nobody can tell afterwards what went out."""
        size = 1 if self.channel.capability.kind == "none" else max(len(letters), 1)
        return [letters[start : start + size] for start in range(0, len(letters), size)]

    def _still_wanted(self, messages: Sequence[Message]) -> list[Message]:
        obstacles = find_obstacles(messages, now=self.now)
        stopped = [(message, obstacles[message.pk]) for message in messages if message.pk in obstacles]
        if waiting := [(message, obstacle) for message, obstacle in stopped if obstacle.until]:
            self.counts += postpone(waiting, token=self.token)
        if ended := [(message, obstacle) for message, obstacle in stopped if not obstacle.until]:
            self.counts += cancel(ended, token=self.token, now=self.now)
        return [message for message in messages if message.pk not in obstacles]

    def _write(self, messages: Sequence[Message]) -> Letters:
        """Each message with its words; one that cannot be worded fails alone."""
        subjects = [
            Subject(message.customer, message.customer_need, message.candidate.decision.stage)
            for message in messages
        ]
        workspaces = {message.workspace_id: message.workspace for message in messages}
        letters: Letters = []
        failed: list[tuple[Message, Result]] = []
        for message, known in zip(messages, read_known(workspaces, subjects), strict=True):
            words = _word(message, known)
            if isinstance(words, Rendered):
                letters.append((message, words))
            else:
                failed.append((message, result_of(message, words, now=self.now)))
        self.counts += record(failed, token=self.token, now=self.now)
        return letters


def envelope_of(message: Message, words: Rendered, *, now: datetime) -> Envelope:
    """What a channel gets to hand over."""
    workspace = message.workspace
    return Envelope(
        dispatch_id=message.dispatch_id,
        workspace_id=message.workspace_id,
        message_id=message.pk,
        nudge_id=message.nudge_id,
        category=message.category.slug,
        address=message.address,
        sender=sender(workspace.sender_name or workspace.name, workspace.sender_email),
        subject=words.subject,
        text=words.text,
        html=words.html,
        language=words.language,
        is_service=message.promise == Promise.SERVICE,
        now=now,
        not_after=message.not_after,
        customer=message.customer.external_id or "",
        unsubscribe_url=unsubscribe_url(message.pk),
    )


def _word(message: Message, known: Known) -> Rendered | Refused:
    try:
        content = choose_content(
            message.nudge.contents.all(), channel=message.channel, languages=languages_of(known)
        )
        return render(
            content=content,
            known=known,
            channel=message.channel,
            promise=message.promise,
            category=message.category.name,
            links=links_of(message.pk, message.customer),
        )
    except MissingData as error:
        return Refused(f"missing data: {error.what}", permanent=True)
    except BadWording as error:
        return Refused(str(error), permanent=True)
    except Exception as error:  # a fault of ours: this message waits for its repair and holds up no other
        logger.exception("message %s cannot be worded", message.pk)
        return Refused(f"cannot be worded: {type(error).__name__}", permanent=False)
