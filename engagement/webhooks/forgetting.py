"""What was told long ago is forgotten, and who was erased as soon as it is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from engagement.counts import Counts
from engagement.models import Announcement, Delivery, DeliveryState
from engagement.webhooks.types import ERASED

KEPT = timedelta(days=30)


@transaction.atomic
def forget_announcements(*, now: datetime, limit: int = 5000) -> Counts:
    """Forget up to `limit` announcements with their deliveries: those 30 days old, also what never could be told.

    An erased customer's leaves earlier, when no endpoint waits for it any more. Counts: taken.
    """
    waits = Delivery.objects.filter(announcement=OuterRef("pk"), state=DeliveryState.PENDING)
    old = Announcement.objects.filter(announced_at__lt=now - KEPT).order_by("announced_at")
    told = Announcement.objects.filter(~Exists(waits), type=ERASED).order_by("pk")
    ids = {pk for rows in (old, told) for pk in rows.values_list("pk", flat=True)[:limit]}
    Announcement.objects.filter(pk__in=ids).delete()
    return Counts(taken=len(ids))
