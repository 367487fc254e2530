"""Two customers found to be one: everything of the source becomes the target's, once, and a tombstone remains."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from engagement.models import Customer
from engagement.people.describing import read_profiles, write_profiles
from engagement.people.locks import lock_customers
from engagement.people.traits import join_profiles
from engagement.statements import run_statement
from engagement.webhooks.announcing import News, announce

# What a customer has at most one of for each thing: doubles are dropped before the rest is moved.
MOVED = ("address", "consent", "fact")


class Pair(NamedTuple):
    """A customer who is to be joined into another, and why: "identify", "alias" or "api"."""

    source_id: int
    target_id: int
    cause: str


@transaction.atomic
def merge_customers(*, workspace_id: int, source_id: int, target_id: int, cause: str, now: datetime) -> bool:
    """Join `source` into `target`; `cause` is "identify", "alias" or "api".

    False when there was nothing to do: the source was merged before, the target is merged away, one of them does not
    exist in this workspace, or they are the same. Upper floors move their own rows when they meet the Merge row.
    """
    if source_id == target_id:
        return False
    lock_customers(
        workspace_id=workspace_id, customer_ids=_present(workspace_id, source_id, target_id), now=now
    )
    pair = Pair(source_id, target_id, cause)
    return bool(merge_pairs(workspace_id=workspace_id, pairs=[pair], known_too=True, now=now))


def merge_pairs(*, workspace_id: int, pairs: list[Pair], known_too: bool, now: datetime) -> int:
    """Join each source into its target and return how many were; the caller holds the locks of all of them.

    A number of statements that does not grow with the pairs. A source with an external id is joined only when
    `known_too`. When fewer were joined than asked for, the caller rolls back.
    """
    if not pairs:
        return 0
    ends = _ends(pairs)
    both = {"workspace_id": workspace_id, "sources": list(ends), "targets": list(ends.values())}
    causes = {pair.source_id: pair.cause for pair in pairs}
    buried = run_statement(
        "engagement.merge_customers",
        both | {"causes": [causes[source] for source in ends], "known_too": known_too, "now": now},
    )
    if len(buried) == len(ends):
        run_statement("engagement.move_history", both)
        for kind in MOVED:
            run_statement(f"engagement.drop_double_{kind}", both)
            run_statement(f"engagement.move_{kind}", both)
        _join_profiles(workspace_id, ends)
        news = [_news(workspace_id, source, target, causes[source], now) for source, target in ends.items()]
        announce(news, now=now)
    return len(buried)


def _news(workspace_id: int, source: int, target: int, cause: str, now: datetime) -> News:
    return News(
        workspace_id=workspace_id,
        type="customer.merged",
        once=str(source),
        at=now,
        data={"merged_customer_id": source, "cause": cause},
        customer_id=target,
    )


def _ends(pairs: list[Pair]) -> dict[int, int]:
    """Where each source ends up, when a target of one pair is the source of another."""
    next_of = {pair.source_id: pair.target_id for pair in pairs}
    ends = {}
    for source in next_of:
        end = next_of[source]
        while end in next_of:
            end = next_of[end]
        ends[source] = end
    return dict(sorted(ends.items()))


def _join_profiles(workspace_id: int, ends: dict[int, int]) -> None:
    profiles = read_profiles(workspace_id=workspace_id, customer_ids={*ends, *ends.values()})
    for source, target in ends.items():
        join_profiles(profiles[target], profiles[source])
    write_profiles(
        workspace_id=workspace_id, profiles={target: profiles[target] for target in set(ends.values())}
    )


def _present(workspace_id: int, *customer_ids: int) -> list[int]:
    found = Customer.objects.filter(workspace_id=workspace_id, id__in=customer_ids)
    return list(found.values_list("id", flat=True))
