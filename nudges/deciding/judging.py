"""The rules, applied to the candidates in the run's temporary tables; shared by deciding and simulating.

The order is NUDGES.md's: nudge and time, need, conditions; consent and a way to the customer; pause and quiet hours;
arbitration; caps and budgets in rounds; and the holdout last, so that whoever is in it went through every other check.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from engagement.conditions import ConditionError, customers_matching
from engagement.statements import run_prepared, run_statement
from journeys.models import Stage
from nudges.models import Nudge, Policy

logger = logging.getLogger(__name__)

NO_NUDGE = 0


def judge(
    asked: dict[int, list[int]],
    *,
    zones: list[str],
    now: datetime,
    as_if_active: int = NO_NUDGE,
    dry: bool = False,
) -> None:
    """Judge every candidate in `considered`; the verdicts are in `deciding` afterwards.

    `asked` holds the customers of each nudge that has conditions; `as_if_active` names a nudge that may still be a
    draft. A dry run locks nothing and draws no ids. The number of statements depends on the number of nudges and of
    rounds, not of customers.
    """
    run_statement("nudges.join_whole", {})
    run_prepared("nudges.choose_channels", {"now": now})
    run_statement("nudges.join_by_lookup", {})
    run_prepared("nudges.gather_facts", {"zones": zones, "stages": list(Stage.values), "now": now})
    unfit = _unfit(asked, now)
    run_prepared(
        "nudges.close_gates",
        {
            "now": now,
            "as_if_active": as_if_active,
            "unfit_nudges": [nudge_id for nudge_id, _customer_id in unfit],
            "unfit_customers": [customer_id for _nudge_id, customer_id in unfit],
        },
    )
    run_statement("nudges.join_whole", {})
    run_prepared("nudges.hold_quiet", {"now": now})
    [ranked] = run_prepared("nudges.rank_candidates", {"now": now, "dry": dry})
    if ranked["last"] > 0:
        _play_rounds(ranked, now, dry=dry)
    if ranked["looks_ahead"]:
        run_statement("nudges.forget_scheduled", {})
    run_prepared("nudges.settle", {"now": now})
    run_statement("nudges.join_by_lookup", {})


def make_tables() -> None:
    """The run's temporary tables, empty: also after an earlier run in the same transaction."""
    run_statement("nudges.make_tables", {})
    run_statement("nudges.empty_tables", {})


def known_zones(wanted: Iterable[object]) -> list[str]:
    """Those of the wanted time zones that the database knows; it would stumble over any other."""
    return sorted({str(zone) for zone in wanted} & _database_zones())


@cache
def _database_zones() -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        return frozenset(name for (name,) in cursor.fetchall())


def _unfit(asked: dict[int, list[int]], now: datetime) -> list[tuple[int, int]]:
    """The (nudge, customer) pairs whose conditions do not hold now: one query a nudge that has any."""
    unfit: list[tuple[int, int]] = []
    for nudge in (
        Nudge.objects.filter(pk__in=list(asked))
        .exclude(conditions={})
        .select_related("workspace")
        .order_by("pk")
    ):
        try:
            matching = customers_matching(nudge.conditions, workspace=nudge.workspace, now=now)
        except ConditionError as error:
            # A condition that no longer makes sense (its category was deleted, say) fits nobody.
            logger.warning("nudge %s: its conditions cannot be checked: %s", nudge.pk, error)
            fit: set[int] = set()
        else:
            fit = set(matching.filter(pk__in=asked[nudge.pk]).values_list("pk", flat=True))
        unfit += [(nudge.pk, customer_id) for customer_id in asked[nudge.pk] if customer_id not in fit]
    return unfit


def _play_rounds(ranked: dict[str, Any], now: datetime, *, dry: bool) -> None:
    """Round k decides the k-th candidate of every customer, so that what it uses counts in round k + 1.

    What a round leaves without a reason is sent.
    """
    run_prepared("nudges.gather_rules", {"workspaces": ranked["workspaces"], "now": now})
    run_prepared("nudges.count_past", {"now": now})
    shares = _business_shares(ranked["selling"], now, dry)
    for place in range(1, ranked["last"] + 1):
        run_prepared("nudges.judge_round", {"round": place})
        if ranked["looks_ahead"]:
            run_prepared("nudges.yield_round", {"round": place, "now": now})
        if shares:
            run_prepared("nudges.budget_round", {"round": place, **_columns(shares)})


def _business_shares(selling: list[int], now: datetime, dry: bool) -> list[dict[str, int]]:
    """The workspaces that bound their share of business messages, locked so that one worker at a time adds to it.

    Of those `selling`. Each with its `percent`, and how many messages of the last 30 days there are: `total`, of them
    `business`.
    """
    if not selling:
        return []
    policies = Policy.objects.filter(workspace_id__in=selling, business_share_percent__isnull=False)
    if not dry:
        policies = policies.select_for_update()
    bounded = list(policies.order_by("workspace_id").values_list("workspace_id", flat=True))
    return run_prepared("nudges.read_shares", {"workspaces": bounded, "now": now}) if bounded else []


def _columns(shares: list[dict[str, int]]) -> dict[str, list[int]]:
    return {
        "workspaces": [share["workspace_id"] for share in shares],
        "percents": [share["percent"] for share in shares],
        "totals": [share["total"] for share in shares],
        "businesses": [share["business"] for share in shares],
    }
