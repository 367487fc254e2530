"""Reads of one customer's pressure: what used the slots of each cap, and when the next message is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engagement.models import Customer
from engagement.statements import run_statement
from nudges.limiting import caps_in_force, describe_cap
from nudges.models import Cap, Message


@dataclass(frozen=True)
class Use:
    """One cap (for one subject, such as a channel) and how much of it this customer has used."""

    cap: Cap
    sentence: str
    subject: str
    count: int
    used_by: Sequence[int]
    allowed_at: datetime | None

    @property
    def is_full(self) -> bool:
        return self.count >= self.cap.limit

    @property
    def share(self) -> int:
        """In per cent, at most 100."""
        return 100 if self.is_full else round(self.count * 100 / self.cap.limit)


def pressure_of(customer: Customer, *, zone: str, now: datetime) -> list[Use]:
    """Every cap in force with its use by this customer; `allowed_at` only where a cap is full and not "never"."""
    caps: dict[int, Cap] = {cap.pk: cap for cap in caps_in_force(customer.workspace)}
    rows = run_statement(
        "nudges.read_pressure",
        {"customer": customer.pk, "workspace": customer.workspace_id, "zone": zone, "now": now},
    )
    return [
        Use(
            cap=caps[row["cap_id"]],
            sentence=describe_cap(caps[row["cap_id"]]),
            subject=row["subject"],
            count=row["count"],
            used_by=row["used_by"] or [],
            allowed_at=row["frees_at"] if row["count"] >= caps[row["cap_id"]].limit else None,
        )
        for row in rows
        if row["cap_id"] in caps
    ]


def counting_messages(customer: Customer, *, since: datetime) -> list[Message]:
    """The customer's messages since then that count against caps, newest first."""
    return list(
        Message.objects.filter(customer=customer, counts=True, decided_at__gte=since)
        .select_related("nudge")
        .order_by("-decided_at", "-id")[:20]
    )
