"""The step: channel by channel, route by route, chunk by chunk."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from engagement.counts import Counts
from nudges.channels import Send
from nudges.sending.circuits import allowance
from nudges.sending.handing_over import Chunk
from nudges.sending.quotas import return_quota, take_quota
from nudges.sending.routes import Route, waiting_routes


def send_messages(*, now: datetime, limit: int = 800, urgent_only: bool = False) -> Counts:
    """Send what is due: up to `limit` messages by the installation's providers of each channel, and as many by the
    accounts that workspaces have of their own. Counts `taken` and each resulting state. `urgent_only`: only where a
    service message is due, which goes first.

    Must run outside a transaction: a claim that is not committed is none.
    """
    counts = Counts()
    for routes in waiting_routes(limit=limit, now=now, urgent_only=urgent_only):
        counts += _send_by(routes, limit=limit, now=now)
    return counts


def _send_by(routes: Sequence[Route], *, limit: int, now: datetime) -> Counts:
    """By the first provider that may be asked; by the next where that one is down or has had its share."""
    counts = Counts()
    for channel, together in groupby(routes, key=attrgetter("channel")):
        with channel.session() as send:
            for route in together:
                most = limit - counts["taken"] if route.most is None else route.most
                counts += _send_route(route, send, most=most, now=now)
    return counts


def _send_route(route: Route, send: Send, *, most: int, now: datetime) -> Counts:
    counts = Counts()
    while counts["taken"] < most:
        sent = _send_chunk(route, send, size=most - counts["taken"], now=now)
        if not sent["taken"]:
            break
        counts += sent
    return counts


def _send_chunk(route: Route, send: Send, *, size: int, now: datetime) -> Counts:
    asked = allowance(route.key, limit=size, now=now)
    allowed = take_quota(route.key, asked, limits=route.limits, now=now)
    chunk = Chunk(route, send, uuid.uuid4(), now)
    ids = chunk.claim(allowed) if allowed else []
    if ids:
        chunk.counts["taken"] += len(ids)
        chunk.send(ids)
    return_quota(route.key, allowed - chunk.counts["begun"], limits=route.limits)
    return chunk.counts
