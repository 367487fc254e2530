"""How often one address may send. Of the address only a keyed hash is kept, in Redis, for as long as it counts."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
WINDOW_SECONDS = 60
ONCE_SECONDS = 24 * 3600


def take_turn(*, address: str, what: str, limit: int) -> int:
    """0 lets it through; otherwise the seconds to wait. Counts in windows that begin with the first of them."""
    name = f"embed:turns:{what}:{address_hash(address)}"
    try:
        cache.add(name, 0, WINDOW_SECONDS)
        return WINDOW_SECONDS if cache.incr(name) > limit else 0
    except ValueError:
        return 0  # the window ended between the two
    except RedisError as error:
        # Open, not shut: readers should not lose what they wrote because a limiter is away.
        logger.warning("Not limiting, because Redis does not answer: %s", error)
        return 0


def is_first_time(*, address: str, what: str) -> bool:
    """Whether this address did `what` for the first time within a day."""
    try:
        return bool(cache.add(f"embed:once:{what}:{address_hash(address)}", 1, ONCE_SECONDS))
    except RedisError as error:
        logger.warning("Not remembering, because Redis does not answer: %s", error)
        return True


def address_hash(address: str) -> str:
    """Cannot be turned back without the installation's secret, and differs between installations."""
    return salted_hmac(
        "touchstone.embed.address", address, secret=settings.SECRET_KEY, algorithm="sha256"
    ).hexdigest()[:24]
