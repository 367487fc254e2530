"""Events that could not be taken, kept for a week so that an integrator can see why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from engagement.models import RejectedEvent


class Rejection(NamedTuple):
    """One refused event: its place in the batch from 0, a slug, a sentence that names field and remedy, and itself."""

    place: int
    code: str
    message: str
    payload: Any


def reject_events(*, workspace_id: int, rejections: Sequence[Rejection], received_at: datetime) -> None:
    """Keep what was refused, in one statement at most. Payloads are cut by the caller."""
    if not rejections:
        return
    RejectedEvent.objects.bulk_create(
        RejectedEvent(
            workspace_id=workspace_id,
            received_at=received_at,
            index=rejection.place,
            code=rejection.code[:40],
            message=rejection.message[:300],
            payload=rejection.payload,
        )
        for rejection in rejections
    )
