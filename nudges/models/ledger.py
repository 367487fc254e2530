"""Who was put forward for what, what was decided and why, and the rollups of both."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Customer, Workspace
from journeys.models import CustomerNeed, StageChange
from nudges.models.flows import FlowRun
from nudges.models.nudges import Broadcast, Nudge


class Candidate(models.Model):
    """One (customer, nudge, need) put forward; nothing is promised yet. While it is undecided, a `Waiting` row stands.

    `occasion` names what put it forward ("stage:<id>", "broadcast:<id>", "event:<id>", "flow:<run>:<step>",
    "api:<key>"), so that a doubled task puts it forward once.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="candidates", db_index=False, db_constraint=False
    )  # held by candidate_customer_in_workspace
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, db_index=False)
    customer_need = models.ForeignKey(
        CustomerNeed, on_delete=models.CASCADE, null=True, blank=True, db_index=False
    )
    stage_change = models.ForeignKey(
        StageChange, on_delete=models.SET_NULL, null=True, blank=True, db_index=False
    )
    broadcast = models.ForeignKey(Broadcast, on_delete=models.SET_NULL, null=True, blank=True, db_index=False)
    flow_run = models.ForeignKey(FlowRun, on_delete=models.SET_NULL, null=True, blank=True, db_index=False)
    occasion = models.CharField(max_length=80)
    put_forward_at = models.DateTimeField()
    not_after = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "nudge", "occasion"], name="candidate_once"),
        ]
        indexes = [
            models.Index(
                fields=["customer_need"], condition=Q(customer_need__isnull=False), name="candidates_of_need"
            ),
            models.Index(
                fields=["stage_change"], condition=Q(stage_change__isnull=False), name="candidates_of_change"
            ),
            models.Index(
                fields=["flow_run"], condition=Q(flow_run__isnull=False), name="candidates_of_flow_run"
            ),
        ]


class Waiting(models.Model):
    """A candidate that is still to be decided: deciding takes it from here, and deletes it when that is final.

    Deferred, it stays, due later. Apart from the candidate, which is never written again: to end it would mean to write
    it, and each of its indexes, a second time. Customer, workspace and broadcast are the candidate's.
    """

    candidate = models.OneToOneField(
        Candidate, on_delete=models.CASCADE, primary_key=True, related_name="waiting"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )  # held by waiting_customer_in_workspace
    broadcast = models.ForeignKey(
        Broadcast,
        on_delete=models.CASCADE,
        null=True,
        related_name="waiting",
        db_index=False,
        db_constraint=False,
    )
    is_urgent = models.BooleanField(default=False, help_text="Service: decided before any backlog.")
    due_at = models.DateTimeField()

    class Meta:
        indexes = [
            # Deciding goes round the workspaces, and within one takes what is urgent first, then the oldest.
            models.Index(fields=["workspace", "-is_urgent", "due_at", "customer"], name="waiting_due"),
            models.Index(fields=["customer"], name="waiting_of_customer"),
            models.Index(
                fields=["broadcast"], condition=Q(broadcast__isnull=False), name="waiting_of_broadcast"
            ),
        ]


class Outcome(models.TextChoices):
    SEND = "send", _("Sent")
    DEFER = "defer", _("Waiting")
    SUPPRESS = "suppress", _("Held back")


class Decision(models.Model):
    """The ledger: what became of a candidate and why. One row a candidate; a deferral is overwritten by its end.

    `earlier` keeps the deferrals before: [{at, outcome, reason, until}]. The table is in parts by candidate, whose
    number is its key in the database; `id` only names a line. See docs/decisions/0005-the-ledger-in-parts.md.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    candidate = models.OneToOneField(Candidate, on_delete=models.CASCADE, related_name="decision")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    nudge_version = models.PositiveIntegerField()
    customer_need = models.ForeignKey(CustomerNeed, on_delete=models.SET_NULL, null=True, db_index=False)
    broadcast = models.ForeignKey(
        Broadcast,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    reason = models.CharField(max_length=24, help_text="A code of nudges.reasons.Reason.")
    rule = models.CharField(max_length=80, blank=True, help_text="Such as cap:12, quiet_hours, consent:email")
    policy_version = models.PositiveIntegerField(default=0)
    limit = models.PositiveSmallIntegerField(null=True)
    count = models.PositiveSmallIntegerField(null=True)
    used_by = ArrayField(
        models.BigIntegerField(), default=list, help_text="Ids of the messages that used the slots."
    )
    allowed_at = models.DateTimeField(null=True, help_text="The earliest time at which it would be allowed.")
    winner = models.ForeignKey(  # named only: it may be forgotten before
        Candidate,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    stage = models.CharField(max_length=16, blank=True, help_text="Of the need, then.")
    channel = models.CharField(max_length=12, blank=True)
    in_holdout = models.BooleanField(default=False)
    context = models.JSONField(
        default=dict, help_text="State of conditions and choices then: eligible set, chances."
    )
    earlier = models.JSONField(default=list)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="decision_outcome_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="decision_says_why"),
        ]
        indexes = [
            models.Index(fields=["customer", "-decided_at"], name="decisions_of_customer"),
            models.Index(fields=["workspace", "-decided_at", "-id"], name="decisions_recent"),
            models.Index(fields=["nudge", "-decided_at"], name="decisions_of_nudge"),
            models.Index(
                fields=["customer_need"], condition=Q(customer_need__isnull=False), name="decisions_of_need"
            ),
        ]


class DecisionTally(models.Model):
    """How many decisions of a nudge stand with an outcome and a reason, by the day on which they were made.

    And by the stage at which the customer's need stood then.

    Several rows may say it together: the database adds one for each statement that writes decisions (below zero where a
    later decision took the place of one), so that nobody waits for anybody, and `fold_tallies` makes one of them.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, db_index=False)
    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, null=True, db_index=False)
    day = models.DateField(help_text="The workspace's, by its zone then.")
    outcome = models.CharField(max_length=8)
    reason = models.CharField(max_length=24)
    stage = models.CharField(max_length=16, blank=True, default="")
    n = models.IntegerField()

    class Meta:
        verbose_name_plural = "decision tallies"
        indexes = [
            models.Index(fields=["workspace", "day"], name="tally_of_day"),
            models.Index(fields=["nudge", "day"], name="tally_of_nudge"),
            models.Index(
                fields=["broadcast"], condition=Q(broadcast__isnull=False), name="tally_of_broadcast"
            ),
        ]


class PushTally(models.Model):
    """How many messages that count were decided in an hour (UTC), by interest; added up as DecisionTally is."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    hour = models.DateTimeField()
    interest = models.CharField(max_length=8)
    n = models.IntegerField()

    class Meta:
        verbose_name_plural = "push tallies"
        indexes = [
            models.Index(fields=["workspace", "hour"], include=["interest", "n"], name="push_tally"),
        ]
