"""The flow, run through the past: each day's events come in, then the steps, at that day's evening.

Mail goes to the demo's outbox folder, as the demo's mailbox would have kept it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from engagement.consents import set_consent
from engagement.counts import Counts
from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.learning import learn_facts
from engagement.models import Category, Customer, Workspace
from journeys.inferring import infer_needs, lapse_needs
from journeys.models import StageChange
from nudges.considering import consider_broadcasts, consider_stage_changes, start_broadcast
from nudges.deciding import absorb_merges, decide_nudges
from nudges.flowing import advance_flows
from nudges.hearing import BadReply, hear_reply
from nudges.management.seeding.ground import COLLEAGUES, read_data
from nudges.management.seeding.people import SEED
from nudges.models import Message, MessageState, Nudge, ReplyKind
from nudges.sending import send_messages
from reviews.absorbing import absorb_merges as absorb_reviews
from reviews.tallying import tally_ratings

BACKEND = "nudges.management.seeding.days.OutboxBackend"
SOURCE = "import"
SPOKEN_DAYS = 14  # nudges were switched on this long ago
CHUNK = 500
EVENING = 16  # UTC
COLLECTED = timedelta(minutes=2)  # in which competing candidates meet before they are decided
# How often which answer comes; mostly none.
ANSWERS = {ReplyKind.HELPFUL: 24, ReplyKind.NOT_NOW: 7, ReplyKind.NOT_RELEVANT: 4, "": 65}


class OutboxBackend(BaseEmailBackend):
    """Puts messages where the demo's mailbox keeps those that it receives: the mailbox runs only later."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.OUTBOX_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for number, message in enumerate(email_messages):
            name = f"{timezone.now():%Y%m%dT%H%M%S.%f}-{number:06d}-{secrets.token_hex(4)}.eml"
            draft = folder / f".{name}.part"
            draft.write_bytes(message.message().as_bytes().replace(b"\n", b"\r\n"))
            draft.replace(folder / name)
        return len(email_messages)


def live_through(
    workspace: Workspace, events: list[IncomingEvent], offers: Category, *, now: datetime
) -> None:
    """Everything up to `now`: first the weeks before the nudges were switched on, then day by day."""
    evenings = evenings_before(now)
    broadcasts = [row for row in read_data("nudges")["nudges"] if "sent_days_ago" in row]
    first_spoken = evenings[0]
    take(workspace, [event for event in events if event.occurred_at < first_spoken])
    infer(first_spoken)
    give_consents(workspace, offers, now=first_spoken)
    skip_nudges_of_the_past(workspace, first_spoken)
    rng = Random(SEED + 2)  # noqa: S311 - stories, not secrets
    for before, end in pairwise([*evenings, now - COLLECTED]):
        take(workspace, [event for event in events if before <= event.occurred_at < end])
        for row in broadcasts:
            if before <= now - timedelta(days=row["sent_days_ago"]) < end:
                start(workspace, row["name"], end)
        run_day(workspace, rng, before, end)


def start(workspace: Workspace, name: str, now: datetime) -> None:
    nudge = Nudge.objects.get(workspace=workspace, name=name)
    starter = User.objects.get(username=COLLEAGUES[0][0])
    start_broadcast(nudge=nudge, started_by=starter, now=now - timedelta(minutes=2))


def evenings_before(now: datetime) -> list[datetime]:
    """The last SPOKEN_DAYS evenings, at an hour at which nobody in Europe is asleep."""
    last = now.replace(hour=EVENING, minute=0, second=0, microsecond=0)
    last -= timedelta(days=last > now - timedelta(hours=1))
    return [last - timedelta(days=n) for n in range(SPOKEN_DAYS, -1, -1)]


def settle(now: datetime) -> None:
    """What was written last is read and counted."""
    infer(now)
    drain(lambda: tally_ratings(now=now))
    drain(lambda: learn_facts(now=now))


def take(workspace: Workspace, events: list[IncomingEvent]) -> None:
    """Events as if they had come in when they happened, some hours at a time."""
    for start in range(0, len(events), CHUNK):
        chunk = events[start : start + CHUNK]
        ingest_events(
            workspace_id=workspace.pk, events=chunk, received_at=chunk[-1].occurred_at, source=SOURCE
        )


def infer(now: datetime) -> None:
    drain(lambda: infer_needs(now=now))
    lapse_needs(now=now)


def skip_nudges_of_the_past(workspace: Workspace, now: datetime) -> None:
    """What changed before the nudges were switched on puts nothing forward."""
    StageChange.objects.filter(workspace=workspace, considered_at=None).update(considered_at=now)


def run_day(workspace: Workspace, rng: Random, before: datetime, end: datetime) -> None:
    """The steps in the order of config/flow.py, once."""
    infer(end)
    drain(lambda: absorb_reviews(now=end))
    drain(lambda: tally_ratings(now=end))
    drain(lambda: learn_facts(now=end))
    drain(lambda: absorb_merges(now=end))
    drain(lambda: consider_stage_changes(now=end))
    drain(lambda: advance_flows(now=end))
    drain(lambda: consider_broadcasts(now=end))
    decided_at = end + COLLECTED
    drain(lambda: decide_nudges(now=decided_at))
    if settings.OUTBOX_DIR:
        drain(lambda: send_messages(now=decided_at))
        answer(workspace, rng, since=before, now=end)


def drain(step: Callable[[], Counts]) -> None:
    """Run a step until there is nothing to do."""
    for _ in range(200):
        if not step().done:
            return


def answer(workspace: Workspace, rng: Random, *, since: datetime, now: datetime) -> None:
    """Some answer yesterday's messages: most of those who do found them helpful."""
    sent = Message.objects.filter(
        workspace=workspace,
        state__in=[MessageState.SENT, MessageState.DELIVERED],
        sent_at__range=(since, now),
        replied_at=None,
    )
    for message in sent.order_by("id"):
        kind = rng.choices(list(ANSWERS), list(ANSWERS.values()))[0]
        if not kind:
            continue
        try:
            hear_reply(message_id=message.pk, kind=kind, detail={}, now=now)
        except BadReply:
            continue


def give_consents(workspace: Workspace, category: Category, *, now: datetime) -> None:
    """Two of five of those we can write to want offers."""
    rng = Random(SEED + 3)  # noqa: S311 - stories, not secrets
    reachable = Customer.objects.filter(workspace=workspace, merged_into=None).exclude(email="")
    for customer in reachable.order_by("external_id"):
        if rng.random() < 0.4:
            set_consent(
                workspace_id=workspace.pk,
                customer_id=customer.pk,
                category_id=category.pk,
                channels=["email"],
                state="granted",
                source="form",
                proof="Ticked at checkout: “Tell me of offers, at most twice a month.”",
                now=now,
            )
