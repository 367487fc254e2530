"""Whether praise and criticism were treated alike: figures after the fact, by a path that no moderator walks."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import sqrt
from typing import NamedTuple

from engagement.models import Workspace
from engagement.statements import run_statement

LOOKS_BACK = timedelta(days=365)
ENOUGH = 20  # decisions in a band before a share says anything


class Band(NamedTuple):
    """What became of versions that gave so many stars. `low` and `high`: Wilson's 95 % interval of the share."""

    stars: int
    decided: int
    rejected: int
    share: float
    low: float
    high: float
    median_hours: float | None


class Scrutiny(NamedTuple):
    """Five stars first. `is_alike` None: too little was decided on to say."""

    bands: list[Band]
    is_alike: bool | None


def equal_scrutiny(*, workspace: Workspace, now: datetime) -> Scrutiny:
    """Of the last year. One query."""
    rows = run_statement("reviews.scrutiny", {"workspace_id": workspace.pk, "since": now - LOOKS_BACK})
    bands = [_band(row["stars"], row["decided"], row["rejected"], row["median_seconds"]) for row in rows]
    enough = [band for band in bands if band.decided >= ENOUGH]
    if len(enough) < 2:
        return Scrutiny(bands, None)
    return Scrutiny(bands, max(band.low for band in enough) <= min(band.high for band in enough))


def _band(stars: int, decided: int, rejected: int, median_seconds: float | None) -> Band:
    low, high = wilson(rejected, decided)
    hours = None if median_seconds is None else float(median_seconds) / 3600
    return Band(stars, decided, rejected, rejected / decided, low, high, hours)


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927)."""
    share, spread = hits / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
