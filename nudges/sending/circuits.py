"""A circuit for each provider: after some failures in a row its messages wait instead of burning their attempts.

While it is open nothing is claimed for the provider. When its time is over one worker tries with one message; success
closes it, another failure opens it again for twice as long.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Coalesce

from nudges.models import Circuit

FAILURES = 3
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=10)
ONE_TRY = 1


def allowance(provider: str, *, limit: int, now: datetime) -> int:
    """How many messages may be claimed for the provider now: `limit`, none while open, one for who may try again."""
    circuit = Circuit.objects.filter(provider=provider).first()
    if circuit is None or circuit.open_until is None:
        return limit
    if circuit.open_until > now:
        return 0
    # Whoever moves the end on is the one who tries; the others see the new end.
    tried = Circuit.objects.filter(provider=provider, open_until=circuit.open_until).update(
        open_until=now + FIRST_WAIT, changed_at=now
    )
    return ONE_TRY if tried else 0


def note_success(provider: str, *, now: datetime) -> None:
    """The provider works. Writes only when it had failed before."""
    Circuit.objects.filter(provider=provider, failures__gt=0).update(
        failures=0, opened_at=None, open_until=None, last_error="", changed_at=now
    )


def note_failure(provider: str, error: str, *, now: datetime) -> bool:
    """The provider failed; true when its circuit is open now, and the worker should stop."""
    Circuit.objects.get_or_create(provider=provider, defaults={"changed_at": now})
    Circuit.objects.filter(provider=provider).update(
        failures=F("failures") + 1, last_error=error[:500], changed_at=now
    )
    failures = Circuit.objects.values_list("failures", flat=True).get(provider=provider)
    if failures < FAILURES:
        return False
    wait = min(FIRST_WAIT * 2 ** min(failures - FAILURES, 16), LONGEST_WAIT)
    Circuit.objects.filter(provider=provider).update(
        opened_at=Coalesce("opened_at", now), open_until=now + wait
    )
    return True


def try_now(provider: str, *, now: datetime) -> bool:
    """Let one worker try an open provider at once; false when it was not open."""
    waiting = Circuit.objects.filter(provider=provider, open_until__gt=now)
    return bool(waiting.update(open_until=now, changed_at=now))
