"""Flows: programs of steps that put nudges forward over time, their versions, and who is where in them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Customer, Workspace
from journeys.models import CustomerNeed, Need, Stage


class FlowState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    LIVE = "live", _("Live")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


class FlowTrigger(models.TextChoices):
    """What lets customers in."""

    EVENT = "event", _("An event happens")
    STAGE = "stage", _("A need reaches a stage")
    CONDITION = "condition", _("A customer fits a condition")
    API = "api", _("Your own program, by the API")


class ReEntry(models.TextChoices):
    """Whether somebody who was inside may come in again."""

    NEVER = "never", _("Once only")
    AFTER_END = "after_end", _("Again, once they are out")
    AFTER_DAYS = "after_days", _("Again, so many days after they came in")


class RunState(models.TextChoices):
    ENTERING = "entering", _("Asking to come in")
    RUNNING = "running", _("Inside")
    FINISHED = "finished", _("Finished")
    EXITED = "exited", _("Left early")
    REFUSED = "refused", _("Not let in")


OVER = (RunState.FINISHED, RunState.EXITED, RunState.REFUSED)


class EndedBy(models.TextChoices):
    """Why somebody left early. Of a refused run it is the ledger's reason instead (`nudges.reasons.Reason`)."""

    GOAL = "goal", _("The goal was reached")
    CONDITIONS = "conditions", _("The condition for leaving fitted")
    FLOW_ENDED = "flow_ended", _("The flow was ended")
    TAKEN_OUT = "taken_out", _("Taken out by hand")
    MERGED = "merged", _("Found to be a customer who is inside already")


class Flow(models.Model):
    """A marketer's program. What it does stands in its versions; `version` is the one that people now come into."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="flows")
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, help_text="Names it in caps and messages; never changes.")
    state = models.CharField(max_length=8, choices=FlowState.choices, default=FlowState.DRAFT)
    version = models.ForeignKey(
        "FlowVersion", on_delete=models.DO_NOTHING, null=True, blank=True, related_name="+", db_index=False
    )
    listens_since = models.DateTimeField(
        null=True, blank=True, help_text="What happened before lets nobody in."
    )
    swept_to = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="The last customer looked at on this way through all; 0: none yet."
    )
    swept_at = models.DateTimeField(null=True, blank=True, help_text="When it last looked through some.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="flow_slug_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="flow_of_workspace"),
            models.CheckConstraint(condition=Q(state__in=FlowState.values), name="flow_state_known"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(version__isnull=False, listens_since__isnull=False),
                name="flow_that_runs_is_published",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FlowVersion(models.Model):
    """What a flow does, whole. One is being written; those that are published never change (a trigger holds it)."""

    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    trigger = models.CharField(max_length=12, choices=FlowTrigger.choices, default=FlowTrigger.EVENT)
    trigger_event = models.CharField(max_length=200, blank=True)
    trigger_where = models.JSONField(default=list, blank=True)
    trigger_need = models.ForeignKey(
        Need, on_delete=models.PROTECT, null=True, blank=True, related_name="flow_versions"
    )
    trigger_stage = models.CharField(max_length=16, choices=Stage.choices, blank=True)
    conditions = models.JSONField(default=dict, blank=True, help_text="Who is let in.")
    exits = models.JSONField(
        default=dict, blank=True, help_text="Who leaves early, whatever the step; {}: nobody."
    )
    goal = models.JSONField(default=dict, blank=True, help_text="What it is for; who fits it leaves.")
    re_entry = models.CharField(max_length=12, choices=ReEntry.choices, default=ReEntry.NEVER)
    re_entry_days = models.PositiveSmallIntegerField(null=True, blank=True)
    holdout_percent = models.PositiveSmallIntegerField(
        default=0, help_text="Share of those it is for who are left out, so that it can be seen what it does."
    )
    steps = models.JSONField(default=list, blank=True, help_text="See nudges.programs.")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["flow", "number"], name="flow_version_once"),
            models.UniqueConstraint(fields=["flow", "id"], name="version_of_flow"),
            models.UniqueConstraint(
                fields=["flow"], condition=Q(published_at=None), name="one_version_being_written"
            ),
            models.CheckConstraint(condition=Q(trigger__in=FlowTrigger.values), name="flow_trigger_known"),
            models.CheckConstraint(condition=Q(re_entry__in=ReEntry.values), name="re_entry_known"),
            models.CheckConstraint(
                condition=Q(re_entry="after_days", re_entry_days__isnull=False, re_entry_days__range=(1, 730))
                | ~Q(re_entry="after_days") & Q(re_entry_days=None),
                name="re_entry_after_1_to_730_days",
            ),
            models.CheckConstraint(condition=Q(holdout_percent__lte=50), name="flow_holdout_up_to_half"),
        ]


class FlowRun(models.Model):
    """One customer's way through a flow, in the version they came into; or that they were not let in, and why.

    `occasion` names what asked for it ("event:<id>", "stage:<id>", "fits:<day>", "api:<key>"), once. `due_at`:
    when it is looked at next; `until`: when the wait that it stands in ends.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="flow_runs", db_index=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="runs", db_index=False)
    version = models.ForeignKey(FlowVersion, on_delete=models.CASCADE, related_name="runs", db_index=False)
    customer_need = models.ForeignKey(
        CustomerNeed, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    occasion = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.ENTERING)
    step = models.CharField(max_length=12, blank=True, help_text="The step that it stands at.")
    asked_at = models.DateTimeField(help_text="When it was asked for; who was let in came in then.")
    due_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=24, blank=True, help_text="A code of EndedBy, or why not let in.")
    trail = models.JSONField(default=list, help_text='Steps that are behind it: [{"step", "at", "went"}].')

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["flow", "customer", "occasion"], name="run_once_an_occasion"),
            models.UniqueConstraint(
                fields=["flow", "customer"], condition=Q(state="running"), name="one_run_of_a_customer"
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=OVER, ended_at__isnull=False)
                | ~Q(state__in=OVER) & Q(ended_at=None, ended_by=""),
                name="run_over_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "exited"]) | ~Q(ended_by=""), name="run_says_why_it_ended"
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | ~Q(step=""), name="run_inside_is_at_a_step"
            ),
        ]
        indexes = [
            models.Index(fields=["flow", "due_at"], condition=Q(state="running"), name="runs_due"),
            models.Index(fields=["workspace", "id"], condition=Q(state="entering"), name="runs_entering"),
            models.Index(
                fields=["flow", "version", "step"], condition=Q(state="running"), name="runs_at_steps"
            ),
            models.Index(fields=["flow", "-id"], name="runs_of_flow"),
            models.Index(fields=["customer", "-id"], name="runs_of_customer"),
            models.Index(
                fields=["customer_need"], condition=Q(customer_need__isnull=False), name="runs_of_need"
            ),
            models.Index(
                fields=["workspace", "asked_at", "id"], condition=Q(state="refused"), name="runs_refused"
            ),
        ]

    @property
    def event_id(self) -> int | None:
        """The event that let them in; None where something else did."""
        kind, _colon, name = self.occasion.partition(":")
        number = name.partition(":")[0]  # behind it may stand that two customers were merged
        return int(number) if kind == "event" and number.isdecimal() else None


class FlowTally(models.Model):
    """How many came by a step of a version, and which way they went; or how many came in, ended, were refused.

    Several rows may say it together, as with DecisionTally: each chunk adds its own, and `fold_tallies` makes one of
    them. `what` of a step: "passed", or the branch ("yes", "no", "1" …), or "left:<ended_by>" by who left while they
    stood at it; without a step: "entered", "finished", "exited:<ended_by>", "refused:<reason>".
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, db_index=False)
    version = models.ForeignKey(FlowVersion, on_delete=models.CASCADE, db_index=False)
    step = models.CharField(max_length=12, blank=True)
    what = models.CharField(max_length=40)
    n = models.IntegerField()

    class Meta:
        verbose_name_plural = "flow tallies"
        indexes = [models.Index(fields=["flow", "version"], name="tally_of_flow")]
