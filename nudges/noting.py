"""Which messages got a sign from their customer: what the adaptive cap and the choice of a channel go by."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from engagement.statements import run_statement
from nudges.models import Reception


@transaction.atomic
def note_signs(*, workspace_id: int, customer_ids: Collection[int], now: datetime) -> None:
    """Bring these customers' `Reception` up to date, whole; safe to repeat.

    For whoever writes down a reply, an open, a click, a complaint or an unsubscribe: call it afterwards, in the same
    transaction. Two signs of one customer at once are noted one after the other. See docs/adaptive-cap.md.
    """
    wanted = sorted(set(customer_ids))
    rows = [Reception(customer_id=customer_id, workspace_id=workspace_id) for customer_id in wanted]
    Reception.objects.bulk_create(rows, ignore_conflicts=True)
    held = (
        Reception.objects.filter(workspace_id=workspace_id, pk__in=wanted).order_by("pk").select_for_update()
    )
    run_statement("nudges.note_signs", {"customers": list(held.values_list("pk", flat=True)), "now": now})
