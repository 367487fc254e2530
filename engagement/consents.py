"""Consent: which categories a customer takes by which channel, and how that is changed.

An opt-in category needs a granted row; any other is allowed until it is denied. The table keeps the latest word; every
change is also a `Consent Changed` event, so that the history can be proven.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Category, Channel, Consent, ConsentState, Customer
from engagement.people.locks import lock_customers


class ConsentChange(NamedTuple):
    """One category × channel whose word changed: `before` is None where there was none."""

    category_id: int
    channel: str
    before: str | None
    after: str | None


@transaction.atomic
def set_consent(
    *,
    workspace_id: int,
    customer_id: int,
    category_id: int,
    channels: Iterable[str],
    state: str | None,
    source: str,
    proof: str = "",
    now: datetime,
) -> list[ConsentChange]:
    """Write a customer's word on one category by some channels; returns what changed, nothing when nothing did.

    `state` is a `ConsentState`, or None to take the word back as if it had never been given (undo). `source` says
    where it was given: preference_page, one_click, api, import, form, reply. Raises ValueError on an unknown channel
    or state, Customer.DoesNotExist and Category.DoesNotExist for another workspace's.
    """
    wanted = sorted(set(channels))
    _check(wanted, state)
    category = Category.objects.get(workspace_id=workspace_id, pk=category_id)
    Customer.objects.only("pk").get(workspace_id=workspace_id, pk=customer_id)
    # Two answers at once are written one after the other.
    lock_customers(workspace_id=workspace_id, customer_ids={customer_id}, now=now)
    rows = Consent.objects.filter(customer_id=customer_id, category=category, channel__in=wanted)
    before: dict[str, str] = dict(rows.values_list("channel", "state"))
    changes = [
        ConsentChange(category.pk, channel, before.get(channel), state)
        for channel in wanted
        if before.get(channel) != state
    ]
    if not changes:
        return []
    _write(changes, workspace_id, customer_id, source, proof, now)
    record_events(
        workspace_id=workspace_id,
        events=[_event(change, category, customer_id, source, now) for change in changes],
        now=now,
    )
    return changes


def allowed_channels(
    customer_ids: Collection[int], *, workspace_id: int, category_id: int
) -> dict[int, set[str]]:
    """The channels by which each customer may get the category, by customer id, in two queries."""
    opt_in = Category.objects.values_list("opt_in", flat=True).get(workspace_id=workspace_id, pk=category_id)
    default: set[str] = set() if opt_in else set(Channel.values)
    allowed = {customer_id: set(default) for customer_id in customer_ids}
    rows = Consent.objects.filter(
        workspace_id=workspace_id, customer_id__in=customer_ids, category_id=category_id
    )
    for customer_id, channel, state in rows.values_list("customer_id", "channel", "state"):
        if state == ConsentState.GRANTED:
            allowed[customer_id].add(channel)
        else:
            allowed[customer_id].discard(channel)
    return allowed


def _check(channels: list[str], state: str | None) -> None:
    if unknown := [channel for channel in channels if channel not in Channel.values]:
        raise ValueError(f"Unknown channels: {', '.join(unknown)}. Known are: {', '.join(Channel.values)}.")
    if state is not None and state not in ConsentState.values:
        raise ValueError(f"Unknown state {state!r}: write granted or denied.")


def _write(
    changes: list[ConsentChange], workspace_id: int, customer_id: int, source: str, proof: str, now: datetime
) -> None:
    state = changes[0].after
    if state is None:
        Consent.objects.filter(
            customer_id=customer_id,
            category_id=changes[0].category_id,
            channel__in=[change.channel for change in changes],
        ).delete()
        return
    rows = [
        Consent(
            workspace_id=workspace_id,
            customer_id=customer_id,
            category_id=change.category_id,
            channel=change.channel,
            state=state,
            source=source,
            proof=proof,
            at=now,
        )
        for change in changes
    ]
    Consent.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["customer", "category", "channel"],
        update_fields=["state", "source", "proof", "at"],
    )


def _event(
    change: ConsentChange, category: Category, customer_id: int, source: str, now: datetime
) -> SystemEvent:
    return SystemEvent(
        customer_id=customer_id,
        name="Consent Changed",
        properties={
            "category": category.slug,
            "category_id": category.pk,
            "channel": change.channel,
            "before": change.before,
            "after": change.after,
            "source": source,
        },
        message_id=f"consent-{uuid.uuid4()}",
        occurred_at=now,
    )
