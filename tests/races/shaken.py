"""The program's Celery app under bad conditions: on a clock that the test moves, and with every wake-up sent twice.

SHAKEN_CLOCK names a file with the seconds by which the clock is ahead; SHAKEN_LAG is how far this process is behind it.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from celery.signals import after_task_publish
from django.utils import timezone

from config.celery import app

__all__ = ["app"]

CLOCK = Path(os.environ["SHAKEN_CLOCK"])
LAG = float(os.environ.get("SHAKEN_LAG", "0"))
real_now = timezone.now


def shaken_now() -> datetime:
    return real_now() + timedelta(seconds=float(CLOCK.read_text()) - LAG)


timezone.now = shaken_now
# Dead workers' claims are looked at more often: the test lets their lease run out by moving the clock.
app.conf.beat_schedule["nudges.tasks.reconcile_claims"]["schedule"] = 2


@after_task_publish.connect
def publish_again(sender: str, headers: dict[str, Any], **_more: Any) -> None:
    if not headers.get("again"):
        app.send_task(sender, headers={"again": True}, expires=5)
