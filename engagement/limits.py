"""How often a key, an address or a device may ask: a token bucket in Redis, or one of this process while Redis is away.

Of an address or a device only a keyed hash is kept, for as long as its bucket is not full again.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import threading
import time
from collections import OrderedDict
from functools import cache
from typing import Any, NamedTuple

import redis
from django.conf import settings
from django.utils.crypto import salted_hmac

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60
ONCE_SECONDS = 24 * 3600
REDIS_PATIENCE = 0.25  # seconds: a limit must not cost more than the request
LOCAL_FOR = 5.0  # seconds without asking Redis again after it failed
LOCAL_BUCKETS = 10_000

# One step, so that no two requests spend the same token. The clock is Redis', so that all hosts share it.
# KEYS[1] the bucket; ARGV[1] its size, ARGV[2] tokens a second. Returns allowed (0 or 1) and the tokens left.
TAKE = """
local size, refill = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or size, tonumber(kept[2]) or now
tokens = math.min(size, tokens + math.max(0, now - at) * refill)
local allowed = 0
if tokens >= 1 then
    tokens = tokens - 1
    allowed = 1
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(size / refill * 1000) + 1000)
return {allowed, string.format('%.6f', tokens)}
"""


class Rate(NamedTuple):
    """What a request left in its bucket of `size` tokens."""

    allowed: bool
    tokens: float
    size: int

    @property
    def reset_seconds(self) -> int:
        """Until the bucket is full again."""
        return math.ceil((self.size - self.tokens) * WINDOW_SECONDS / self.size)

    @property
    def wait_seconds(self) -> int:
        """Until a refused request may be repeated, at least 1."""
        return max(1, math.ceil((1 - self.tokens) * WINDOW_SECONDS / self.size))

    @property
    def headers(self) -> dict[str, str]:
        """draft-ietf-httpapi-ratelimit-headers, and the older names that many clients read."""
        left = int(self.tokens)
        return {
            "RateLimit-Policy": f'"default";q={self.size};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={left};t={self.reset_seconds}',
            "X-RateLimit-Limit": str(self.size),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(self.reset_seconds),
        }


def take_token(name: str, size: int) -> Rate:
    """Take a token from the named bucket, which refills evenly to `size` in WINDOW_SECONDS."""
    if time.monotonic() >= _outage.until:
        try:
            allowed, tokens = _take_script()(
                keys=[f"touchstone:rate:{name}"], args=[size, size / WINDOW_SECONDS], client=redis_client()
            )
            return Rate(bool(allowed), float(tokens), size)
        except redis.RedisError as error:
            # Open, not shut: an API that is down because its limiter is down helps nobody.
            _outage.until = time.monotonic() + LOCAL_FOR
            logger.warning("Limiting by process, because Redis does not answer: %s", error)
    return _local.take(name, size)


def take_turn(*, who: str, what: str, limit: int) -> int:
    """0 lets somebody do `what`; otherwise the seconds to wait. `who` is an address or a device's own id."""
    rate = take_token(f"{what}:{hidden(who)}", limit)
    return 0 if rate.allowed else rate.wait_seconds


def is_first_time(*, who: str, what: str) -> bool:
    """Whether somebody does `what` for the first time within a day; also when Redis is away."""
    try:
        name = f"touchstone:once:{what}:{hidden(who)}"
        return bool(redis_client().set(name, 1, nx=True, ex=ONCE_SECONDS))
    except redis.RedisError as error:
        logger.warning("Not remembering, because Redis does not answer: %s", error)
        return True


def hidden(who: str) -> str:
    """Cannot be turned back without the installation's secret, and differs between installations.

    Of an IPv6 address the network counts (/64): a household has that many, and changes among them at will.
    """
    try:
        address = ipaddress.ip_address(who)
        if address.version == 6:
            who = str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    except ValueError:
        pass  # a device, or a mail address
    keyed = salted_hmac("touchstone.limits", who, secret=settings.SECRET_KEY, algorithm="sha256")
    return keyed.hexdigest()[:24]


class LocalBuckets:
    """The same buckets in this process's memory, the least used ones forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, size: int) -> Rate:
        now = time.monotonic()
        with self._lock:
            tokens, at = self._kept.pop(name, (float(size), now))
            tokens = min(size, tokens + (now - at) * size / WINDOW_SECONDS)
            allowed = tokens >= 1
            tokens -= allowed
            self._kept[name] = (tokens, now)
            while len(self._kept) > LOCAL_BUCKETS:
                self._kept.popitem(last=False)
        return Rate(allowed, tokens, size)


class _Outage:
    """Until when Redis is not asked, by this process's monotonic clock."""

    until = 0.0


_outage = _Outage()
_local = LocalBuckets()


@cache
def redis_client() -> redis.Redis:
    """One pool a process. No retries: the local bucket is the retry."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_PATIENCE, socket_connect_timeout=REDIS_PATIENCE, retry=None
    )


@cache
def _take_script() -> Any:
    return redis_client().register_script(TAKE)
