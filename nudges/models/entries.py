"""Who waits since an event until a nudge's time has come."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Customer, Workspace
from nudges.models.nudges import Nudge


class EntryState(models.TextChoices):
    WAITING = "waiting", _("Waiting for its time")
    DONE = "done", _("Put forward")


class Entry(models.Model):
    """One event that started a nudge for one customer: once for each event, however often the event is read.

    When its time has come it becomes a candidate. `candidate_id` names it, and outlives it: the ledger forgets its own.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="entries")
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, related_name="entries", db_index=False)
    event_id = models.BigIntegerField()
    event_name = models.CharField(max_length=200)
    event_at = models.DateTimeField()
    product_ids = ArrayField(
        models.BigIntegerField(), default=list, help_text="Products of the catalogue that the event names."
    )
    subject = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="The order that it is about, if any."
    )
    due_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=EntryState.choices, default=EntryState.WAITING)
    candidate_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["nudge", "event_id"], name="entry_once_an_event"),
            models.UniqueConstraint(
                fields=["candidate_id"], condition=Q(candidate_id__isnull=False), name="entry_of_candidate"
            ),
            models.CheckConstraint(condition=Q(state__in=EntryState.values), name="entry_state_known"),
            models.CheckConstraint(
                condition=Q(due_at__gte=models.F("event_at")), name="entry_due_after_its_event"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "due_at"], condition=Q(state="waiting"), name="entries_due"),
            models.Index(fields=["workspace", "due_at", "id"], name="entries_by_age"),
        ]
