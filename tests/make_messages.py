"""Factories for what deciding leaves behind: a nudge with words, and messages decided to be sent."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from engagement.models import Category, Customer, Workspace
from journeys.models import CustomerNeed, Need
from nudges.models import Candidate, Decision, Message, Nudge, NudgeContent, Pressure
from nudges.sending.claiming import claim_messages
from tests import make


def nudge(
    workspace: Workspace, *, category: Category | None = None, words: Any = "Hello", **fields: Any
) -> Nudge:
    """An active broadcast nudge by e-mail; `words` is its body, or None for none."""
    made = Nudge.objects.create(
        workspace=workspace,
        category=category or Category.objects.filter(workspace=workspace).first() or make.category(workspace),
        **{
            "name": "How to compare",
            "interest": "customer",
            "promise": "choose_well",
            "channels": ["email"],
            "trigger": "broadcast",
            "status": "active",
        }
        | fields,
    )
    if words is not None:
        content(made, body=words)
    return made


def content(nudge: Nudge, *, channel: str = "email", language: str = "en", **fields: Any) -> NudgeContent:
    return NudgeContent.objects.create(
        workspace=nudge.workspace,
        nudge=nudge,
        channel=channel,
        language=language,
        **{"subject": "A subject", "body": "Hello"} | fields,
    )


def need(
    customer: Customer, *, slug: str = "running-shoes", stage: str = "shortlist", **fields: Any
) -> CustomerNeed:
    kind, _ = Need.objects.get_or_create(
        workspace=customer.workspace, slug=slug, defaults={"name": slug.replace("-", " ").capitalize()}
    )
    return CustomerNeed.objects.create(
        workspace=customer.workspace,
        customer=customer,
        need=kind,
        stage=stage,
        **{
            "stage_since": make.NOW,
            "opened_at": make.NOW,
            "as_of": make.NOW,
            "beliefs": [0.1, 0.1, 0.6, 0.1, 0.1],
            "probability": 0.6,
        }
        | fields,
    )


def message(
    nudge: Nudge,
    customer: Customer,
    *,
    channel: str = "email",
    customer_need: CustomerNeed | None = None,
    at: datetime = make.NOW,
    **fields: Any,
) -> Message:
    """A message as deciding inserts it: decided, without words, due now, with its slot in the pressure row."""
    common = {
        "workspace": nudge.workspace,
        "customer": customer,
        "nudge": nudge,
        "customer_need": customer_need,
    }
    not_after = fields.setdefault("not_after", at + timedelta(days=3))
    candidate = Candidate.objects.create(
        **common,
        occasion=f"test:{Candidate.objects.count()}",
        put_forward_at=at,
        not_after=not_after,
    )
    stage = customer_need.stage if customer_need else ""
    Decision.objects.create(
        **common,
        candidate=candidate,
        nudge_version=1,
        outcome="send",
        reason="sent",
        stage=stage,
        channel=channel,
        decided_at=at,
    )
    counts = channel != "inbox"
    made = Message.objects.create(
        **common,
        candidate=candidate,
        channel=channel,
        address=fields.pop("address", customer.email if channel == "email" else ""),
        category=nudge.category,
        interest=nudge.interest,
        promise=nudge.promise,
        need_slug=customer_need.need.slug if customer_need else "",
        counts=counts,
        decided_at=at,
        **{"next_attempt_at": at} | fields,
    )
    if counts:
        take_slot(made)
    return made


def take_slot(message: Message) -> None:
    """Write the message into its customer's pressure, newest first."""
    pressure, _ = Pressure.objects.get_or_create(
        customer=message.customer, defaults={"workspace": message.workspace}
    )
    pressure.sent_at.insert(0, message.decided_at)
    pressure.message_ids.insert(0, message.pk)
    pressure.channels.insert(0, message.channel)
    pressure.categories.insert(0, message.category.slug)
    pressure.interests.insert(0, message.interest)
    pressure.promises.insert(0, message.promise)
    pressure.flows.insert(0, message.flow)
    pressure.needs.insert(0, message.need_slug)
    pressure.zones.insert(0, message.zone)
    pressure.save()


def claim(
    *, limit: int, channel: str = "email", token: uuid.UUID | None = None, now: datetime = make.NOW
) -> list[int]:
    """What a worker claims that sends for all workspaces by one provider."""
    everybody = list(Workspace.objects.order_by("pk").values_list("pk", flat=True))
    return claim_messages(
        channel=channel, workspaces=everybody, limit=limit, token=token or uuid.uuid4(), now=now
    )
