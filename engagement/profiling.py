"""What a shop's own system tells about its customers, outside of any visit: identify calls that nobody clicked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from engagement.events import IncomingEvent, SystemEvent
from engagement.ingesting import ingest_events, record_events
from engagement.learning import Told, keep_told
from engagement.models import Customer, Identity, IdentityKind

COLUMNS = ("name", "email", "timezone", "locale")


class SavedCustomer(NamedTuple):
    """A customer's id now, and whether this call made them."""

    id: int
    is_new: bool


@transaction.atomic
def save_customers(
    *, workspace_id: int, profiles: Sequence[Mapping[str, Any]], now: datetime
) -> list[SavedCustomer]:
    """Make or describe customers by their `external_id`, in the order given, in a constant number of statements.

    Each profile holds `external_id` and any of COLUMNS, `traits` and `anonymous_id`, checked before. It is taken as an
    identify event, so it goes the way of everything else that is told about a person: what is left out stays, a trait
    of None goes, and an anonymous id brings what its visitor did before. External ids must differ.
    """
    external_ids = [profile["external_id"] for profile in profiles]
    if len(set(external_ids)) < len(external_ids):
        raise ValueError("An external id may come only once in a call.")
    before = _find(workspace_id, external_ids)
    events = [_identify(profile, now) for profile in profiles]
    ingest_events(workspace_id=workspace_id, events=events, received_at=now, source="api")
    after = _find(workspace_id, external_ids)
    return [SavedCustomer(after[external_id], external_id not in before) for external_id in external_ids]


@transaction.atomic
def tell_facts(
    *,
    customer: Customer,
    topic: str,
    facts: Mapping[str, Any],
    now: datetime,
    source: str = "api",
    consent: str = "",
) -> None:
    """Note facts about the customer's situation: known at once, and on their timeline with who told them.

    `topic` is a need's slug, or empty for the person as such; None makes a fact unknown again. `consent` is the wording
    that the customer agreed to, where they were asked.
    """
    event = SystemEvent(
        customer_id=customer.pk,
        name="Context Told",
        message_id=f"context-{uuid.uuid4()}",
        occurred_at=now,
        properties={"topic": topic, "facts": dict(facts), "source": source}
        | ({"consent": consent} if consent else {}),
    )
    record_events(workspace_id=customer.workspace_id, events=[event], now=now)
    # Learning reads the same event later and finds nothing new in it.
    told = {(customer.pk, topic, key): Told(value, None, now) for key, value in facts.items()}
    keep_told(told, {customer.pk: customer.workspace_id})


def _find(workspace_id: int, external_ids: Sequence[str]) -> dict[str, int]:
    found = Identity.objects.filter(
        workspace_id=workspace_id, kind=IdentityKind.EXTERNAL, value__in=external_ids
    )
    return dict(found.values_list("value", "customer_id"))


def _identify(profile: Mapping[str, Any], now: datetime) -> IncomingEvent:
    told = {name: profile[name] for name in COLUMNS if name in profile}
    return IncomingEvent(
        type="identify",
        name="",
        message_id=f"api-{uuid.uuid4()}",
        occurred_at=now,
        user_id=profile["external_id"],
        anonymous_id=profile.get("anonymous_id"),
        traits=dict(profile.get("traits", {})) | told,
    )
