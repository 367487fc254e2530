"""How many events a key may send: a token bucket in Redis, spent in leases so that most requests need no round trip.

A process takes tokens for a while ahead and spends them from memory. When Redis is away everything is let through:
a limit protects the service from a few senders, and must not become the reason why events of all are lost.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings

from engagement.api.tracking_answers import Refused

logger = logging.getLogger(__name__)

LEASE = 500  # tokens taken ahead by a process
LEASE_SECONDS = 1.0  # after which unspent ones are forfeit, so that idle processes hold none back
REDIS_PAUSE = 5.0  # seconds without a limit after Redis failed
# Refills by the server's clock. Gives what was asked for, or as much as the request needs, or says how long to wait.
TAKE = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local rate, burst, need, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(burst, (tonumber(kept[1]) or burst) + math.max(0, at - (tonumber(kept[2]) or at)) * rate)
local given, wait = 0, 0
if tokens >= need then
  given = math.min(math.max(need, want), tokens)
else
  wait = (need - tokens) / rate
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - given), 'at', tostring(at))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return {tostring(given), tostring(wait)}
"""


@dataclass
class _Purse:
    tokens: float = 0.0
    until: float = 0.0
    blocked_until: float = 0.0


_purses: dict[int, _Purse] = {}
_lock = threading.Lock()
_redis_back_at = 0.0


def still_blocked(key_id: int) -> None:
    """Refuse at once while a key that was refused just now has to wait. Raises Refused."""
    purse = _purses.get(key_id)
    if purse and (wait := purse.blocked_until - time.monotonic()) > 0:
        raise _too_many(wait)


def spend(key_id: int, events: int) -> None:
    """Take tokens for these events from the key's bucket. Raises Refused with the time until there are enough."""
    rate, burst = settings.TRACKING_EVENTS_PER_SECOND, settings.TRACKING_BURST
    need = min(max(events, 1), burst)
    now = time.monotonic()
    with _lock:
        purse = _purses.setdefault(key_id, _Purse())
        if purse.until < now:
            purse.tokens = 0.0
        if purse.tokens >= need:
            purse.tokens -= need
            return
    given, wait = _take(key_id, rate, burst, need)
    with _lock:
        if wait > 0:
            purse.blocked_until = now + wait
            raise _too_many(wait)
        if purse.until < now:
            purse.tokens = 0.0
        purse.tokens += given - need
        purse.until = now + LEASE_SECONDS


def forget_purses() -> None:
    """Spend nothing that was leased before, and ask Redis again."""
    global _redis_back_at
    _redis_back_at = 0.0
    _purses.clear()


def _take(key_id: int, rate: int, burst: int, need: int) -> tuple[float, float]:
    """(tokens given, seconds to wait); everything asked for when Redis cannot say."""
    global _redis_back_at
    if time.monotonic() < _redis_back_at:
        return need, 0.0
    try:
        given, wait = _script()(
            keys=[f"touchstone:tracking:{key_id}"], args=[rate, burst, need, min(LEASE, burst // 10)]
        )
    except redis.RedisError as error:
        _redis_back_at = time.monotonic() + REDIS_PAUSE
        logger.warning("Redis does not answer, tracking is not limited for %.0f s: %s", REDIS_PAUSE, error)
        return need, 0.0
    return float(given), float(wait)


@cache
def _script() -> Any:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
    return client.register_script(TAKE)


def _too_many(wait: float) -> Refused:
    return Refused(
        429, "too_many_events", "This key sends too many events. Wait and send again.", retry_after=wait
    )
