"""Reads of one customer's pressure: what used the slots of each limit, and when the next message is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from engagement.models import Customer
from engagement.statements import run_statement
from nudges.limiting import caps_in_force, describe_business, describe_cap, describe_gap, policy_of
from nudges.models import Cap, Message
from nudges.receptions import Felt, is_adaptive, reception_of


@dataclass(frozen=True)
class Use:
    """One limit (for one subject, such as a channel) and how much of it this customer has used.

    `limit` is the customer's now, `most` the workspace's: the adaptive cap may have lowered it. `cap` is None for the
    minimum gap, the budget for what serves the business, and the customer's own limit.
    """

    rule: str
    cap: Cap | None
    sentence: str
    subject: str
    limit: int
    most: int
    count: int
    used_by: Sequence[int]
    allowed_at: datetime | None

    @property
    def is_full(self) -> bool:
        return self.count >= self.limit

    @property
    def share(self) -> int:
        """In per cent, at most 100."""
        return 100 if self.is_full else round(self.count * 100 / self.limit)


@dataclass(frozen=True)
class Hearing:
    """How much a customer hears: their limits, and what the adaptive cap goes by. `is_adaptive`: it is on for them."""

    uses: list[Use]
    felt: Felt
    is_adaptive: bool

    @property
    def adapts(self) -> bool:
        """Whether there is a limit that follows the customer, or would if it were switched on."""
        return any(use.cap is not None and use.cap.floor is not None for use in self.uses)


def hearing_of(customer: Customer, *, zone: str, now: datetime) -> Hearing:
    """Every limit in force with its use by this customer; the number of queries does not depend on them."""
    felt, is_on = reception_of(customer, now=now), is_adaptive(customer)
    uses = pressure_of(customer, zone=zone, now=now, level=felt.level if is_on else None)
    return Hearing(uses, felt, is_on)


def pressure_of(customer: Customer, *, zone: str, now: datetime, level: float | None = None) -> list[Use]:
    """The limits and their use; `allowed_at` only where one is full and not "never". `level` is the adaptive cap's."""
    caps: dict[str, Cap] = {f"cap:{cap.pk}": cap for cap in caps_in_force(customer.workspace)}
    sentences = {rule: describe_cap(cap) for rule, cap in caps.items()} | _other_sentences(customer)
    rows = run_statement(
        "nudges.read_pressure",
        {
            "customer": customer.pk,
            "workspace": customer.workspace_id,
            "zone": zone,
            "level": level,
            "now": now,
        },
    )
    order = list(sentences)
    return [
        Use(
            rule=row["rule"],
            cap=caps.get(row["rule"]),
            sentence=sentences[row["rule"]],
            subject=row["subject"],
            limit=row["limit"],
            most=row["most"],
            count=row["count"],
            used_by=row["used_by"] or [],
            allowed_at=row["frees_at"] if row["count"] >= row["limit"] else None,
        )
        for row in sorted(rows, key=lambda row: order.index(row["rule"]))
    ]


def _other_sentences(customer: Customer) -> dict[str, str]:
    policy = policy_of(customer.workspace)
    return {
        "min_gap": describe_gap(policy),
        "business_limit": describe_business(policy),
        "preference:max_per_week": _("Their own choice for any 7 days."),
    }


def counting_messages(customer: Customer, *, since: datetime) -> list[Message]:
    """The customer's messages since then that count against caps, newest first."""
    return list(
        Message.objects.filter(customer=customer, counts=True, decided_at__gte=since)
        .select_related("nudge")
        .order_by("-decided_at", "-id")[:20]
    )
