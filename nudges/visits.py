"""Links of words tried: whether each leads somewhere. Through the client that reaches public hosts only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx
from django.core.cache import cache

from engagement.outbound import Client, refusal_of

MOST = 40
AT_ONCE = 8
PATIENCE = 5  # seconds for each
KEPT_FOR = 3600
# Those that answer a machine so may well answer a person.
GUARDED = {401, 403, 405, 406, 429, 501, 503}


class Visited(NamedTuple):
    """What came of a link: `is_dead` when nobody gets there, `what` in a few words for people."""

    address: str
    is_dead: bool
    what: str


def visit(addresses: Sequence[str]) -> list[Visited]:
    """Ask for each address once, following nothing, and remember what came of it for an hour."""
    asked = list(dict.fromkeys(addresses))[:MOST]
    with Client(timeout=PATIENCE) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda address: _visit(client, address), asked))
    cache.set_many({_key(one.address): (one.is_dead, one.what) for one in found}, KEPT_FOR)
    return found


def seen_before(addresses: Sequence[str]) -> dict[str, Visited]:
    """What is remembered of these."""
    keys = {_key(address): address for address in addresses}
    return {keys[key]: Visited(keys[key], *told) for key, told in cache.get_many(list(keys)).items()}


def _visit(client: Client, address: str) -> Visited:
    if reason := refusal_of(address):
        return Visited(address, True, reason)
    try:
        with client.stream("GET", address, headers={"User-Agent": "Touchstone link check"}) as response:
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return Visited(address, True, str(error)[:100] or type(error).__name__)
    return Visited(address, status >= 400 and status not in GUARDED, f"HTTP {status}")


def _key(address: str) -> str:
    return f"link:{hashlib.sha256(address.encode()).hexdigest()[:32]}"
