"""A step: what was fetched of messages → who did it, with hindsight; the customer's own opens and clicks are told.

Hindsight is a minute, because a scanner that passes itself off as a browser shows only by its company: it follows the
link that no person sees, several links within two seconds, or any within seconds of the sending. The bounds are ours;
vendors name from two seconds to a minute. In doubt a hit is a scanner's: a click too few is shown rather than one that
nobody made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from engagement.counts import Counts
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.people.locks import taken_again
from nudges.models import Hit, HitKind, Message, SeenAs, Watch
from nudges.noting import note_signs
from nudges.watching.choosing import allows
from nudges.watching.noticing import said_by

HINDSIGHT = timedelta(seconds=60)
# After the sending; nobody reads that fast.
AT_ONCE = timedelta(seconds=15)
# Between two different links of one message.
IN_ONE_GO = timedelta(seconds=2)
KEPT = timedelta(days=90)
CHUNK = 10_000
# What counts as the customer's own doing: a provider's proxy fetches a picture when its reader opens the mail.
OWN = {HitKind.OPEN: {SeenAs.PERSON, SeenAs.PROXY}, HitKind.CLICK: {SeenAs.PERSON}, HitKind.TRAP: set()}
EVENTS = {HitKind.OPEN: "Message Opened", HitKind.CLICK: "Message Clicked"}


def judge(hit: Hit, company: Iterable[Hit], *, sent_at: datetime | None) -> SeenAs:
    """Who it was, by what it said of itself and by all other hits of its message (itself among them). Pure."""
    said = SeenAs(hit.seen_as)
    if hit.kind == HitKind.TRAP:
        return SeenAs.SCANNER
    is_at_once = sent_at is None or hit.at - sent_at < AT_ONCE
    if said == SeenAs.PROXY:
        return SeenAs.AHEAD if is_at_once else said
    if said != SeenAs.PERSON:
        return said
    is_trapped = any(other.kind == HitKind.TRAP and abs(other.at - hit.at) <= HINDSIGHT for other in company)
    is_in_one_go = hit.kind == HitKind.CLICK and any(
        other.kind == HitKind.CLICK and other.link != hit.link and abs(other.at - hit.at) <= IN_ONE_GO
        for other in company
    )
    return SeenAs.SCANNER if is_at_once or is_trapped or is_in_one_go else said


def judge_hits(*, now: datetime, limit: int = 1000) -> Counts:
    """Judge what is older than the hindsight, workspace by workspace. Counts `taken` hits, and how many were whose."""
    due = Hit.objects.filter(is_judged=False, at__lt=now - HINDSIGHT)
    counts = Counts()
    for workspace_id in due.order_by("workspace_id").values_list("workspace_id", flat=True).distinct():
        counts += _judge_some(workspace_id, now=now, limit=limit)
    return counts


def forget_hits(*, now: datetime, limit: int = 1_000_000) -> Counts:
    """Delete hits after 90 days, in chunks with a commit each. Counts `taken`."""
    counts = Counts()
    while counts["taken"] < limit:
        old = Hit.objects.filter(at__lt=now - KEPT).order_by("at").values("pk")[:CHUNK]
        gone, _kinds = Hit.objects.filter(pk__in=old).delete()
        counts["taken"] += gone
        if gone < CHUNK:
            break
    return counts


@taken_again
def _judge_some(workspace_id: int, *, now: datetime, limit: int) -> Counts:
    due = Hit.objects.filter(workspace_id=workspace_id, is_judged=False, at__lt=now - HINDSIGHT)
    hits = list(due.order_by("at", "id").select_for_update(skip_locked=True)[:limit])
    messages = {
        message.pk: message
        for message in Message.objects.select_for_update(of=("self",))
        .select_related("nudge", "category", "customer")
        .filter(pk__in={hit.message_id for hit in hits})
        .order_by("id")
    }
    counts = Counts({"taken": len(hits)})
    hits = _still_wanted(hits, messages, workspace_id)
    company: dict[int, list[Hit]] = {}
    for other in Hit.objects.filter(message__in=messages):
        company.setdefault(other.message_id, []).append(other)
    for hit in hits:
        hit.seen_as = judge(hit, company[hit.message_id], sent_at=messages[hit.message_id].sent_at)
        hit.is_judged = True
        counts[str(hit.seen_as)] += 1
    Hit.objects.bulk_update(hits, ["seen_as", "is_judged"])
    _tell([hit for hit in hits if hit.seen_as in OWN[HitKind(hit.kind)]], messages, workspace_id, now)
    return counts


def _still_wanted(hits: Sequence[Hit], messages: dict[int, Message], workspace_id: int) -> list[Hit]:
    """Those that may still be noted; the others are gone, because somebody has refused since."""
    watch = Watch.objects.filter(pk=workspace_id).first()
    refused = {pk for pk, said in said_by(messages.values()).items() if not allows(watch, said)}
    Hit.objects.filter(pk__in=[hit.pk for hit in hits if hit.message_id in refused]).delete()
    return [hit for hit in hits if hit.message_id not in refused]


def _tell(hits: Sequence[Hit], messages: dict[int, Message], workspace_id: int, now: datetime) -> None:
    """The first open and click stand on the message, every link once on the timeline; limits that adapt hear of it."""
    if not hits:
        return
    touched = {hit.message_id: messages[hit.message_id] for hit in hits}
    for hit in hits:
        message = touched[hit.message_id]
        if hit.kind == HitKind.OPEN:
            message.opened_at = message.opened_at or hit.at
        else:
            message.clicked_at = message.clicked_at or hit.at
    Message.objects.bulk_update(touched.values(), ["opened_at", "clicked_at"])
    customers = [message.customer for message in touched.values()]
    note_signs(
        workspace_id=workspace_id,
        customer_ids=[customer.merged_into_id or customer.pk for customer in customers],
        now=now,
    )
    events = {(event := _event(hit, messages[hit.message_id])).message_id: event for hit in reversed(hits)}
    record_events(workspace_id=workspace_id, events=list(events.values()), now=now)


def _event(hit: Hit, message: Message) -> SystemEvent:
    name = EVENTS[HitKind(hit.kind)]
    link = f":{sha256(hit.link.encode()).hexdigest()[:16]}" if hit.link else ""
    return SystemEvent(
        customer_id=message.customer_id,
        name=name,
        message_id=f"{name.lower().replace(' ', '-')}:{message.pk}{link}",
        occurred_at=hit.at,
        properties={
            "message_id": message.pk,
            "nudge_id": message.nudge_id,
            "nudge": message.nudge.name,
            "channel": message.channel,
            "category": message.category.slug,
            **({"link": hit.link} if hit.link else {}),
            **({"by": str(hit.seen_as)} if hit.kind == HitKind.OPEN else {}),
        },
    )
