"""What would happen: the rules of deciding on candidates that are only imagined. Nothing is written, sent or held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from engagement.conditions import customers_matching
from engagement.models import Customer
from engagement.statements import run_statement
from nudges.deciding.judging import judge, known_zones, make_tables
from nudges.models import Nudge
from nudges.variants import key_of

CHUNK = 2000
SHOWN = 200


@dataclass(frozen=True)
class SimulatedDecision:
    """What would be decided for one customer; the fields are those of a `Decision`, ids of the imagined are absent.

    `variant` is the key of whose words they would get; empty: nothing is tried.
    """

    customer_id: int
    outcome: str
    reason: str
    rule: str
    limit: int | None
    count: int | None
    used_by: list[int]
    allowed_at: datetime | None
    winner_id: int | None
    stage: str
    channel: str
    in_holdout: bool
    variant: str


@dataclass
class Simulation:
    """`counts` by (outcome, reason) over all customers asked; `decisions` of the first of them."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    decisions: list[SimulatedDecision] = field(default_factory=list)


def simulate(*, nudge: Nudge, customer_ids: Sequence[int] | None = None, now: datetime) -> Simulation:
    """Say what would become of a nudge, even a draft, at `now`: for some customers, or for all its conditions fit.

    It competes with what is due for them anyway. Goes through the rules of `decide_nudges`, in chunks, with no lock and
    no write but to tables of the connection's own. Customers of other workspaces are left out.
    """
    result = Simulation()
    for chunk in _chunks(nudge, customer_ids, now):
        for row in _simulate_chunk(nudge, chunk, now):
            result.counts[row.outcome, row.reason] += 1
            if len(result.decisions) < SHOWN or customer_ids is not None:
                result.decisions.append(row)
    return result


def _chunks(nudge: Nudge, customer_ids: Sequence[int] | None, now: datetime) -> Iterator[list[int]]:
    if customer_ids is None:
        audience = customers_matching(nudge.conditions, workspace=nudge.workspace, now=now)
    else:
        audience = Customer.objects.filter(workspace=nudge.workspace, merged_into=None, pk__in=customer_ids)
    last = 0
    while chunk := list(audience.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        yield chunk
        last = chunk[-1]


@transaction.atomic
def _simulate_chunk(nudge: Nudge, customer_ids: list[int], now: datetime) -> list[SimulatedDecision]:
    run_statement("nudges.steer_planner", {})
    make_tables()
    real = run_statement("nudges.take_candidates", {"customers": customer_ids, "now": now})
    run_statement(
        "nudges.imagine_candidates",
        {
            "customers": customer_ids,
            "workspace": nudge.workspace_id,
            "nudge": nudge.pk,
            "need": nudge.trigger_need_id,
            "now": now,
            "not_after": now + timedelta(hours=nudge.expires_after_hours),
        },
    )
    asked = {row["nudge_id"]: row["customer_ids"] for row in real}
    asked[nudge.pk] = customer_ids
    judge(asked, zones=_zones(nudge, customer_ids), now=now, as_if_active=nudge.pk, dry=True)
    rows = run_statement("nudges.read_imagined", {})
    return [SimulatedDecision(**row, variant=key_of(nudge, row["customer_id"])) for row in rows]


def _zones(nudge: Nudge, customer_ids: list[int]) -> list[str]:
    zones = (
        Customer.objects.filter(pk__in=customer_ids).order_by().values_list("timezone", flat=True).distinct()
    )
    return known_zones([nudge.workspace.timezone, *zones])
