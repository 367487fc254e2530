"""The per-recipient pattern: one unit of work for each recipient, as most systems do it with a task queue.

Each unit reads the customer, checks preference, hours, consent and address, counts what was sent for each cap and
budget, and writes decision and message: what a careful person writes by the ORM, with everything that does not change
for a minute kept in memory. Nothing is locked: what the queries counted may have changed by the time at which the
message is written. `bench.deciding.tasks` makes it a task of a queue.

Run as a program it works through one nudge for a range of customers, to be one of several broadcasts at once.
"""

from __future__ import annotations

import sys
import time
import zoneinfo
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import django

from bench.deciding.shop import DECIDED_AT

MONTH = timedelta(days=30)


def decide_for(nudge_id: int, first: int, last: int) -> float:
    """Decide the nudge's candidates for the customers from `first` to `last` one by one; returns seconds."""
    began = time.perf_counter()
    for candidate_id in candidates_of(nudge_id, first, last):
        decide_one(candidate_id)
    return time.perf_counter() - began


def candidates_of(nudge_id: int, first: int, last: int) -> list[int]:
    """The candidates of one nudge that wait, of the customers from `first` to `last`."""
    from nudges.models import Waiting

    waiting = Waiting.objects.filter(
        candidate__nudge_id=nudge_id, customer_id__gte=first, customer_id__lte=last
    )
    return list(waiting.order_by("customer_id").values_list("pk", flat=True))


def decide_one(candidate_id: int) -> None:
    """The task: what becomes of one candidate."""
    from django.db import transaction

    from nudges.models import Candidate, Decision, Message, Waiting

    candidate = Candidate.objects.select_related("customer", "nudge__category").get(pk=candidate_id)
    reason, channel, address = judge(candidate)
    nudge, customer = candidate.nudge, candidate.customer
    with transaction.atomic():
        Decision.objects.create(
            workspace_id=candidate.workspace_id,
            candidate=candidate,
            customer=customer,
            nudge=nudge,
            nudge_version=nudge.version,
            outcome="send" if reason == "sent" else "suppress",
            reason=reason,
            channel=channel,
            decided_at=DECIDED_AT,
        )
        if reason == "sent":
            Message.objects.create(
                workspace_id=candidate.workspace_id,
                candidate=candidate,
                customer=customer,
                nudge=nudge,
                channel=channel,
                address=address,
                category=nudge.category,
                interest=nudge.interest,
                promise=nudge.promise,
                zone=customer.timezone,
                counts=True,
                decided_at=DECIDED_AT,
                not_after=candidate.not_after,
                next_attempt_at=DECIDED_AT,
            )
        Waiting.objects.filter(pk=candidate.pk).delete()


def judge(candidate: Any) -> tuple[str, str, str]:
    """(reason, channel, address): the same rules as ours, each by a query of its own."""
    from engagement.models import Address, Consent
    from nudges.models import Preference

    nudge, customer = candidate.nudge, candidate.customer
    policy, caps = rules(candidate.workspace_id)
    preference = Preference.objects.filter(pk=customer.pk).first()
    local = DECIDED_AT.astimezone(zoneinfo.ZoneInfo(customer.timezone))
    if local.time() >= policy.quiet_start or local.time() < policy.quiet_end:
        return "quiet_hours", "", ""
    denied = set(
        Consent.objects.filter(customer=customer, category=nudge.category, state="denied").values_list(
            "channel", flat=True
        )
    )
    addresses = dict(
        Address.objects.filter(customer=customer, suppressed_at=None).values_list("channel", "value")
    )
    ways = [way for way in nudge.channels if way in addresses and way not in denied]
    if not ways:
        return "unreachable", "", ""
    if is_capped(candidate, ways[0], caps, policy, preference):
        return "capped", ways[0], ""
    if nudge.interest == "business" and share(candidate.workspace_id) > policy.business_share_percent:
        return "workspace_budget", ways[0], ""
    return "sent", ways[0], addresses[ways[0]]


def is_capped(candidate: Any, channel: str, caps: list[Any], policy: Any, preference: Any) -> bool:
    from nudges.models import Message

    nudge = candidate.nudge
    sent = Message.objects.filter(customer=candidate.customer, counts=True)
    own = {
        "channel": channel,
        "category": nudge.category,
        "interest": nudge.interest,
        "promise": nudge.promise,
    }
    for cap in caps:
        if cap.scope_value and cap.scope_value != own[cap.scope]:
            continue
        scope = {} if cap.scope == "any" else {cap.scope: own[cap.scope]}
        since = window_start(cap, candidate.customer.timezone)
        if sent.filter(decided_at__gt=since, **scope).count() >= cap.limit:
            return True
    if nudge.interest == "business":
        since = DECIDED_AT - timedelta(seconds=policy.business_window_seconds)
        if sent.filter(interest="business", decided_at__gt=since).count() >= policy.business_limit:
            return True
    if preference is not None and preference.max_per_week is not None:
        return sent.filter(decided_at__gt=DECIDED_AT - timedelta(days=7)).count() >= preference.max_per_week
    return False


def window_start(cap: Any, zone: str) -> datetime:
    if cap.seconds:
        return DECIDED_AT - timedelta(seconds=cap.seconds)
    midnight = DECIDED_AT.astimezone(zoneinfo.ZoneInfo(zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return midnight - timedelta(days=midnight.weekday() if cap.unit == "week" else 0)


@cache
def rules(workspace_id: int) -> tuple[Any, list[Any]]:
    from nudges.models import Cap, Policy

    return Policy.objects.get(workspace_id=workspace_id), list(Cap.objects.filter(workspace_id=workspace_id))


@cache
def share(workspace_id: int) -> float:
    """Read once a process, as with a cache of a minute: else each unit would count a month of messages."""
    from nudges.models import Message

    month = Message.objects.filter(workspace_id=workspace_id, counts=True, decided_at__gt=DECIDED_AT - MONTH)
    return month.filter(interest="business").count() * 100 / max(month.count(), 1)


if __name__ == "__main__":
    django.setup()
    print(decide_for(*map(int, sys.argv[1:4])))
