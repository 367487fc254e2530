"""Dry runs: what would become of a nudge if it were put forward to everybody it is for, counted and kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Workspace
from nudges.models.nudges import Nudge


class DryRunState(models.TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", _("Failed")


class DryRun(models.Model):
    """One count by reason over a nudge's audience, resumable by `last_customer_id`; nothing of any customer."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, related_name="dry_runs")
    nudge_version = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=DryRunState.choices, default=DryRunState.RUNNING)
    at = models.DateTimeField(help_text="The moment that is tried: everybody is asked as of it.")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    finished_at = models.DateTimeField(null=True)
    audience = models.PositiveIntegerField(help_text="Counted when it was started.")
    looked_at = models.PositiveIntegerField(default=0)
    last_customer_id = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text='{"<outcome>": {"<reason>": customers}}')
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DryRunState.values), name="dry_run_state_known"),
            models.UniqueConstraint(
                fields=["nudge"], condition=Q(state="running"), name="one_dry_run_of_a_nudge_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["nudge", "-id"], name="dry_runs_of_nudge")]

    @property
    def by_reason(self) -> dict[tuple[str, str], int]:
        """{(outcome, reason): customers}, as the ledger's counts are."""
        return {(outcome, reason): n for outcome, some in self.counts.items() for reason, n in some.items()}

    @property
    def listed(self) -> list[dict[str, str | int]]:
        """The counts as a list, the commonest first."""
        ordered = sorted(self.by_reason.items(), key=lambda item: (-item[1], item[0]))
        return [{"outcome": outcome, "reason": reason, "count": n} for (outcome, reason), n in ordered]
