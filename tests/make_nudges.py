"""Factories for nudges, caps and what has been sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from engagement.models import Category, Customer, Workspace
from journeys.models import CustomerNeed, Need, StageChange
from nudges.considering import put_forward
from nudges.models import (
    Candidate,
    Cap,
    Decision,
    DryRun,
    Message,
    Nudge,
    Policy,
    Pressure,
    Throughput,
    Waiting,
)
from tests.make import NOW

_serial = count(1)
HALVES = [{"key": "a", "name": "A", "share": 50}, {"key": "b", "name": "B", "share": 50}]


def nudge(workspace: Workspace, **fields: Any) -> Nudge:
    """An active customer-centric e-mail nudge, put forward by the API."""
    category = (
        fields.pop("category", None)
        or Category.objects.get_or_create(
            workspace=workspace, slug="tips", defaults={"name": "Tips", "opt_in": False}
        )[0]
    )
    return Nudge.objects.create(
        workspace=workspace,
        category=category,
        **{
            "name": f"Nudge {next(_serial)}",
            "promise": "choose_well",
            "interest": "customer",
            "channels": ["email"],
            "trigger": "api",
            "status": "active",
        }
        | fields,
    )


def policy(workspace: Workspace, **fields: Any) -> Policy:
    return Policy.objects.create(workspace=workspace, **fields)


def cap(
    workspace: Workspace, limit: int, *, per: str | int = 86400, scope: str = "any", value: str = ""
) -> Cap:
    """A rolling cap when `per` is a number of seconds, a calendar one when it is day, week or month."""
    window = (
        {"window": "calendar", "unit": per} if isinstance(per, str) else {"window": "rolling", "seconds": per}
    )
    return Cap.objects.create(workspace=workspace, scope=scope, scope_value=value, limit=limit, **window)


def throughput(
    workspace: Workspace, messages: int, *, channel: str = "email", seconds: int = 60
) -> Throughput:
    """So many messages a minute, from a full bucket."""
    row = Throughput(workspace=workspace, channel=channel, messages=messages, seconds=seconds, filled_at=NOW)
    row.tokens = row.burst
    row.save()
    return row


def dry_run(nudge: Nudge, **fields: Any) -> DryRun:
    """One that is over, unless `state` says otherwise."""
    return DryRun.objects.create(
        workspace=nudge.workspace,
        nudge=nudge,
        nudge_version=nudge.version,
        **{"state": "done", "at": NOW, "started_at": NOW, "audience": 0} | fields,
    )


def need(workspace: Workspace, slug: str = "espresso", **fields: Any) -> Need:
    return Need.objects.create(workspace=workspace, slug=slug, **{"name": slug.title()} | fields)


def customer_need(customer: Customer, need: Need, stage: str = "shortlist", **fields: Any) -> CustomerNeed:
    return CustomerNeed.objects.create(
        workspace=customer.workspace,
        customer=customer,
        need=need,
        stage=stage,
        **{
            "stage_since": NOW,
            "beliefs": [0.1, 0.1, 0.6, 0.1, 0.1],
            "probability": 0.6,
            "as_of": NOW,
            "opened_at": NOW,
        }
        | fields,
    )


def stage_change(customer_need: CustomerNeed, *, at: datetime = NOW, **fields: Any) -> StageChange:
    return StageChange.objects.create(
        workspace=customer_need.workspace,
        customer_need=customer_need,
        customer=customer_need.customer,
        **{
            "from_stage": "awareness",
            "to_stage": customer_need.stage,
            "probability": 0.6,
            "at": at,
            "recorded_at": at,
        }
        | fields,
    )


def candidate(nudge: Nudge, customer: Customer, *, at: datetime = NOW, **fields: Any) -> Candidate:
    """A candidate that is due at `at`, put forward then."""
    occasion = fields.pop("occasion", f"test:{next(_serial)}")
    assert put_forward(nudge=nudge, customer_ids=[customer.pk], occasion=occasion, now=at) == 1
    made = Candidate.objects.get(customer=customer, nudge=nudge, occasion=occasion)
    Waiting.objects.filter(candidate=made).update(due_at=fields.pop("due_at", at))
    Candidate.objects.filter(pk=made.pk).update(**{"occasion": occasion} | fields)
    made.refresh_from_db()
    return made


def sent(nudge: Nudge, customer: Customer, *, at: datetime, **fields: Any) -> Message:
    """A message as deciding left it at `at`: candidate, decision, message and pressure."""
    done = Candidate.objects.create(
        workspace=nudge.workspace,
        customer=customer,
        nudge=nudge,
        occasion=f"sent:{next(_serial)}",
        put_forward_at=at,
        not_after=at + timedelta(days=3),
    )
    Decision.objects.create(
        workspace=nudge.workspace,
        candidate=done,
        customer=customer,
        nudge=nudge,
        nudge_version=1,
        outcome="send",
        reason="sent",
        decided_at=at,
    )
    message = Message.objects.create(
        workspace=nudge.workspace,
        candidate=done,
        customer=customer,
        nudge=nudge,
        not_after=done.not_after,
        decided_at=at,
        **{
            "category": nudge.category,
            "channel": nudge.channels[0],
            "interest": nudge.interest,
            "promise": nudge.promise,
            "counts": True,
            "zone": "UTC",
            "state": "sent",
        }
        | fields,
    )
    if message.counts:
        _press(message)
    return message


def _press(message: Message) -> None:
    pressure, _made = Pressure.objects.get_or_create(
        customer=message.customer, defaults={"workspace": message.workspace}
    )
    told = {
        "sent_at": message.decided_at,
        "message_ids": message.pk,
        "channels": message.channel,
        "categories": message.category.slug,
        "interests": message.interest,
        "promises": message.promise,
        "flows": message.flow,
        "needs": message.need_slug,
        "zones": message.zone,
    }
    place = sum(at > message.decided_at for at in pressure.sent_at)
    for name, value in told.items():
        getattr(pressure, name).insert(place, value)
    pressure.save()
