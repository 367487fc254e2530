"""Reads: the ways out. Each is an account with a provider, which fails, is limited and warms up apart from all others.

Workspaces without an account of their own leave by the installation's providers, in their order; each of the others by
its own. Circuits and quotas are kept by a route's `key`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from math import ceil
from typing import Any

from django.conf import settings

from engagement.models import Workspace
from engagement.statements import run_prepared
from nudges.channels import Channel, channels_named
from nudges.channels.accounts import is_used, key_of
from nudges.models import ChannelAccount
from nudges.sending.quotas import Limits, limits_of


@dataclass(frozen=True, slots=True)
class Route:
    """One way out by a channel, for some workspaces.

    `most`: how many messages it takes in one run; None: what others of the channel have left of the run's. `provider`:
    with whom an own account is, where it may be with one of several.
    """

    name: str
    channel: Channel
    key: str
    workspaces: Sequence[int]
    limits: Limits
    has_other: bool = False
    most: int | None = None
    is_own: bool = False
    provider: str = ""


def waiting_routes(*, limit: int, now: datetime, urgent_only: bool = False) -> list[list[Route]]:
    """For each channel of this installation that has anything due its routes, in the order in which they are used.

    `urgent_only`: only workspaces that have a service message due.
    """
    asked = {"channels": list(settings.CHANNELS), "urgent_only": urgent_only, "now": now}
    rows = run_prepared("nudges.find_waiting", asked)
    for row in rows:
        row["settings"] = json.loads(row["settings"] or "{}")
    return [
        routes_by(name, list(waiting), limit=limit, now=now)
        for name, waiting in groupby(rows, key=lambda row: row["channel"])
    ]


def routes_by(name: str, waiting: Sequence[Mapping[str, Any]], *, limit: int, now: datetime) -> list[Route]:
    """The installation's providers, then the accounts, each with its share of the limit and its turn to be first."""
    if not (providers := channels_named(name)):
        return []
    own = [row for row in waiting if row["account_id"] and is_used(name, row["settings"])]
    theirs = {row["workspace_id"] for row in own}
    others = [row["workspace_id"] for row in waiting if row["workspace_id"] not in theirs]
    shared = [
        Route(name, one, one.provider, others, limits_of(one.provider), has_other=one is not providers[-1])
        for one in providers
        if others
    ]
    own.sort(key=lambda row: sha256(f"{row['workspace_id']} {now.timestamp()}".encode()).digest())
    return shared + [
        Route(
            name,
            providers[0],
            key_of(name, row["account_id"]),
            [row["workspace_id"]],
            limits_of(providers[0].provider, row["settings"]),
            most=ceil(limit / len(own)),
            is_own=True,
            provider=row["settings"].get("provider", ""),
        )
        for row in own
    ]


def routes_of(workspace: Workspace, *, now: datetime) -> list[Route]:
    """By which a workspace's own messages leave, by every channel of this installation. One query."""
    kept = {one.channel: one for one in ChannelAccount.objects.filter(workspace=workspace)}
    found: list[Route] = []
    for name in settings.CHANNELS:
        account = kept.get(name)
        row = {
            "workspace_id": workspace.pk,
            "account_id": account and account.pk,
            "settings": account.settings if account else {},
        }
        found += routes_by(name, [row], limit=1, now=now)
    return found
