"""Nudges, caps, and the ledger: candidates, decisions, messages, replies."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Category, Channel, Customer, Workspace
from journeys.models import CustomerNeed, Need, Stage, StageChange


class Promise(models.TextChoices):
    """The reason a message has to exist."""

    CHOOSE_WELL = "choose_well", _("Choose well")
    CHOOSE_US = "choose_us", _("Choose us")
    FEEL_GOOD = "feel_good", _("Feel good")
    ADAPT = "adapt", _("Adapt")
    SERVICE = "service", _("Service")


class Interest(models.TextChoices):
    """Whom a message serves. Mandatory, no default."""

    CUSTOMER = "customer", _("Customer-centric")
    BUSINESS = "business", _("Business-centric")


class OnCap(models.TextChoices):
    DROP = "drop", _("Drop it")
    DEFER = "defer", _("Wait until it is allowed")


class Trigger(models.TextChoices):
    STAGE_CHANGE = "stage_change", _("A need reaches a stage")
    BROADCAST = "broadcast", _("Sent to everyone a condition fits")
    API = "api", _("Put forward by the API")


class NudgeStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ARCHIVED = "archived", _("Archived")


class Nudge(models.Model):
    """What a marketer defines. Editing one changes no history: what was decided froze what it was decided on."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="nudges")
    name = models.CharField(max_length=120)
    promise = models.CharField(max_length=12, choices=Promise.choices)
    interest = models.CharField(max_length=8, choices=Interest.choices)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="nudges")
    channels = ArrayField(
        models.CharField(max_length=12, choices=Channel.choices), help_text="In order of preference."
    )
    priority = models.PositiveSmallIntegerField(default=50)
    trigger = models.CharField(max_length=12, choices=Trigger.choices)
    trigger_need = models.ForeignKey(
        Need, on_delete=models.PROTECT, null=True, blank=True, related_name="nudges"
    )
    trigger_stage = models.CharField(max_length=16, choices=Stage.choices, blank=True)
    conditions = models.JSONField(default=dict, blank=True)
    on_cap = models.CharField(max_length=5, choices=OnCap.choices, default=OnCap.DROP)
    expires_after_hours = models.PositiveIntegerField(default=72, help_text="not_after = put forward + this.")
    respects_caps = models.BooleanField(default=True)
    counts = models.BooleanField(default=True)
    exempt_allowed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=8, choices=NudgeStatus.choices, default=NudgeStatus.DRAFT)
    expected_value = models.FloatField(
        default=0,
        help_text="For the customer, from -1 to 1: weighed from replies now and then, shrunk to the mean.",
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(promise__in=Promise.values), name="nudge_promise_known"),
            models.CheckConstraint(condition=Q(interest__in=Interest.values), name="nudge_interest_declared"),
            models.CheckConstraint(
                condition=~Q(promise="service") | Q(interest="customer"), name="service_serves_the_customer"
            ),
            models.CheckConstraint(
                condition=Q(respects_caps=True) | Q(promise="service"), name="only_service_may_pass_caps"
            ),
            models.CheckConstraint(condition=Q(priority__lte=100), name="nudge_priority_0_to_100"),
            models.CheckConstraint(condition=Q(channels__len__gte=1), name="nudge_has_a_channel"),
            models.CheckConstraint(
                condition=~Q(trigger="stage_change") | ~Q(trigger_stage=""),
                name="stage_trigger_names_a_stage",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "status"], name="nudges_by_status")]

    def __str__(self) -> str:
        return self.name


class NudgeContent(models.Model):
    """The words of a nudge for one channel in one language. Placeholders: {{ customer.name }} and the like."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, related_name="contents")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    language = models.CharField(max_length=16, default="en")
    subject = models.CharField(max_length=200)
    body = models.TextField(max_length=20000, help_text="Markdown.")
    link_url = models.URLField(max_length=1000, blank=True)
    link_label = models.CharField(max_length=80, blank=True)
    extras = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="The channel's own fields, by name, such as the template of a WhatsApp message.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["nudge", "channel", "language"], name="content_once")]


class ChannelAccount(models.Model):
    """A workspace's own account with a channel's provider; its fields are told by `nudges.channels.accounts`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="channel_accounts")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    settings = models.JSONField(default=dict, help_text="What may be read, by field.")
    sealed = models.TextField(blank=True, help_text="What may not: see engagement.sealing.")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel"], name="channel_account_once"),
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="channel_account_channel_known"
            ),
        ]


class Policy(models.Model):
    """A workspace's rules on pressure, apart from its caps. `version` is raised by every change, of caps too."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="policy")
    quiet_start = models.TimeField(null=True, blank=True)
    quiet_end = models.TimeField(null=True, blank=True)
    min_gap_seconds = models.PositiveIntegerField(null=True, blank=True)
    business_limit = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Per customer; empty: no limit."
    )
    business_window_seconds = models.PositiveIntegerField(default=7 * 86400)
    business_share_percent = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of the workspace's push messages of the last 30 days."
    )
    collect_seconds = models.PositiveSmallIntegerField(default=60)
    look_ahead_seconds = models.PositiveIntegerField(
        default=86400,
        db_default=86400,
        help_text="What is scheduled within this time keeps its slot from lower ones. 0: off.",
    )
    is_adaptive = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Caps with a floor follow how each customer responds; see docs/adaptive-cap.md.",
    )
    allow_service_exempt = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="Null: it has stood from the beginning."
    )

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_start=None, quiet_end=None)
                | (
                    Q(quiet_start__isnull=False, quiet_end__isnull=False)
                    & ~Q(quiet_start=models.F("quiet_end"))
                ),
                name="quiet_hours_both_or_none",
            ),
            models.CheckConstraint(
                condition=Q(business_share_percent=None) | Q(business_share_percent__lte=100),
                name="share_is_percent",
            ),
        ]


class CapScope(models.TextChoices):
    ANY = "any", _("Any push message")
    CHANNEL = "channel", _("One channel")
    CATEGORY = "category", _("One category")
    INTEREST = "interest", _("One interest")
    PROMISE = "promise", _("One promise")
    FLOW = "flow", _("One flow")
    NEED = "need", _("One need")


class WindowKind(models.TextChoices):
    ROLLING = "rolling", _("Rolling")
    CALENDAR = "calendar", _("Calendar")


class Cap(models.Model):
    """At most `limit` messages of a scope to one customer in a window. 0 means never; no row means no limit."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="caps")
    scope = models.CharField(max_length=8, choices=CapScope.choices)
    scope_value = models.CharField(
        max_length=60,
        blank=True,
        help_text="Channel, category slug, interest, promise, flow or need slug; empty: each.",
    )
    window = models.CharField(max_length=8, choices=WindowKind.choices)
    seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of a rolling window: 60 to 7,776,000."
    )
    unit = models.CharField(max_length=5, blank=True, help_text="Of a calendar window: day, week, month.")
    limit = models.PositiveSmallIntegerField()
    floor = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The adaptive cap goes no lower; empty: this one does not adapt."
    )
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="In force as it is now since then; null: from the beginning."
    )
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "scope", "scope_value", "window", "seconds", "unit"],
                condition=Q(archived_at=None),
                nulls_distinct=False,
                name="cap_once",
            ),
            models.CheckConstraint(
                condition=Q(window="rolling", seconds__isnull=False, seconds__range=(60, 7_776_000), unit="")
                | Q(window="calendar", seconds=None, unit__in=["day", "week", "month"]),
                name="cap_window_whole",
            ),
            models.CheckConstraint(condition=Q(scope__in=CapScope.values), name="cap_scope_known"),
            models.CheckConstraint(
                condition=Q(floor=None) | Q(floor__lte=models.F("limit")), name="cap_floor_below_its_limit"
            ),
        ]


class Preference(models.Model):
    """A customer's own limits, told on the preference page; they can only make the workspace's stricter."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    max_per_week = models.PositiveSmallIntegerField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    quiet_start = models.TimeField(null=True, blank=True)
    quiet_end = models.TimeField(null=True, blank=True)
    paused_categories = models.JSONField(
        default=dict, blank=True, help_text='{"<category id>": "<ISO time it ends>"}'
    )
    updated_at = models.DateTimeField()


class BroadcastState(models.TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")


class Broadcast(models.Model):
    """One putting-forward of a nudge to everyone whom its conditions fit, resumable by `last_customer_id`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    nudge = models.ForeignKey(Nudge, on_delete=models.PROTECT, related_name="broadcasts")
    state = models.CharField(max_length=8, choices=BroadcastState.choices, default=BroadcastState.RUNNING)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    not_after = models.DateTimeField()
    audience = models.PositiveIntegerField(default=0, help_text="Counted when it was started.")
    put_forward = models.PositiveIntegerField(default=0)
    last_customer_id = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(state="running"), name="broadcast_running")]


class CandidateState(models.TextChoices):
    DUE = "due", _("Due")
    DECIDED = "decided", _("Decided")


class Candidate(models.Model):
    """One (customer, nudge, need) put forward; nothing is promised yet.

    `occasion` names what put it forward ("stage:<id>", "broadcast:<id>", "api:<key>"), so that a doubled task puts it
    forward once. A deferred candidate stays due with a later `due_at`.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="candidates", db_index=False
    )
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, db_index=False)
    customer_need = models.ForeignKey(
        CustomerNeed, on_delete=models.CASCADE, null=True, blank=True, db_index=False
    )
    stage_change = models.ForeignKey(
        StageChange, on_delete=models.SET_NULL, null=True, blank=True, db_index=False
    )
    broadcast = models.ForeignKey(Broadcast, on_delete=models.SET_NULL, null=True, blank=True, db_index=False)
    occasion = models.CharField(max_length=80)
    is_urgent = models.BooleanField(default=False, help_text="Service: decided before any backlog.")
    state = models.CharField(max_length=8, choices=CandidateState.choices, default=CandidateState.DUE)
    put_forward_at = models.DateTimeField()
    due_at = models.DateTimeField()
    not_after = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "nudge", "occasion"], name="candidate_once"),
            models.CheckConstraint(
                condition=Q(state__in=CandidateState.values), name="candidate_state_known"
            ),
        ]
        indexes = [
            # Deciding goes round the workspaces, and within one takes what is urgent first, then the oldest.
            models.Index(
                fields=["workspace", "-is_urgent", "due_at", "customer"],
                condition=Q(state="due"),
                name="candidates_due",
            ),
            models.Index(fields=["customer"], condition=Q(state="due"), name="candidates_of_customer"),
            # Each index is written again when a candidate ends, so there are only those that something reads.
            models.Index(
                fields=["customer_need"], condition=Q(customer_need__isnull=False), name="candidates_of_need"
            ),
            models.Index(
                fields=["stage_change"], condition=Q(stage_change__isnull=False), name="candidates_of_change"
            ),
            models.Index(
                fields=["broadcast"],
                condition=Q(state="due", broadcast__isnull=False),
                name="candidates_of_broadcast",
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

    Several rows may say it together: the database adds one for each statement that writes decisions (below zero where a
    later decision took the place of one), so that nobody waits for anybody, and `fold_tallies` makes one of them.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, db_index=False)
    broadcast = models.ForeignKey(Broadcast, on_delete=models.CASCADE, null=True, db_index=False)
    day = models.DateField(help_text="The workspace's, by its zone then.")
    outcome = models.CharField(max_length=8)
    reason = models.CharField(max_length=24)
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


class MessageState(models.TextChoices):
    DECIDED = "decided", _("Decided")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Bounced")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Not known")
    CANCELLED = "cancelled", _("Cancelled before sending")


class Message(models.Model):
    """A candidate that was decided `send`, on one channel. Classification is frozen here."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    candidate = models.OneToOneField(Candidate, on_delete=models.PROTECT, related_name="message")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="messages")
    nudge = models.ForeignKey(Nudge, on_delete=models.PROTECT, related_name="messages")
    customer_need = models.ForeignKey(CustomerNeed, on_delete=models.SET_NULL, null=True)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    address = models.CharField(max_length=500, blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT)
    interest = models.CharField(max_length=8, choices=Interest.choices)
    promise = models.CharField(max_length=12, choices=Promise.choices)
    flow = models.CharField(max_length=60, blank=True)
    need_slug = models.CharField(max_length=60, blank=True)
    zone = models.CharField(
        max_length=64, blank=True, help_text="The customer's time zone then, for calendar caps."
    )
    counts = models.BooleanField(
        help_text="Counts against caps now; cleared when nothing reached the customer."
    )
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    state = models.CharField(max_length=9, choices=MessageState.choices, default=MessageState.DECIDED)
    dispatch_id = models.UUIDField(default=uuid.uuid4, unique=True)
    decided_at = models.DateTimeField()
    not_after = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, help_text="Null once nothing more is to be done.")
    claim_token = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(
        null=True,
        help_text="When this claim's hand-over to the provider began; null: nothing can have gone out.",
    )
    sent_at = models.DateTimeField(null=True)
    provider = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="By whom its latest hand-over began; empty: it has not.",
    )
    provider_id = models.CharField(max_length=200, blank=True)
    error = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    replied_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True, help_text="On-site inbox.")
    archived_at = models.DateTimeField(null=True, help_text="On-site inbox.")
    snoozed_until = models.DateTimeField(null=True, help_text="On-site inbox: put away until then.")
    moved_from = models.BigIntegerField(
        null=True, help_text="The customer it was decided for, when merged since."
    )
    moved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="message_state_known"),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(claim_token__isnull=False), name="claim_has_a_token"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-decided_at"], name="messages_of_customer"),
            models.Index(fields=["workspace", "-decided_at", "-id"], name="messages_recent"),
            # Claims are for one channel, go round the workspaces, and within one take service messages first, then the
            # oldest.
            models.Index(
                models.F("channel"),
                models.F("workspace"),
                models.ExpressionWrapper(Q(promise="service"), models.BooleanField()).desc(),
                models.F("next_attempt_at"),
                condition=Q(state="decided"),
                name="messages_due",
            ),
            models.Index(fields=["claimed_at"], condition=Q(state="claimed"), name="messages_claimed"),
            # What a provider tells us later names the message by its own id. A mail server has none to tell.
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="messages_of_provider"),
            models.Index(
                fields=["workspace", "decided_at"],
                condition=Q(counts=True),
                include=["interest"],
                name="messages_counting",
            ),
            models.Index(
                fields=["workspace", "not_after", "id"],
                condition=Q(channel="staff_task", state="sent"),
                name="staff_queue",
            ),
        ]


class StaffTask(models.Model):
    """What a person did so far about a message that only a person can bring: a call or a visit.

    The message is the task: it waits in the queue while its state is `sent`. This row stands from the first claim.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, primary_key=True, related_name="task")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True, help_text="Nobody was reached: try again then.")
    tries = models.PositiveSmallIntegerField(default=0)
    note = models.TextField(blank=True, help_text="What the last who tried had to say.")
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(claimed_by=None) | Q(claimed_at__isnull=False), name="task_claim_has_a_time"
            ),
        ]


class Circuit(models.Model):
    """A provider that fails: while it is open, its messages wait and burn no attempts; one tries when it ends.

    A row stands only after a first failure. `failures` counts those in a row; a success sets it to 0.
    """

    provider = models.CharField(max_length=40, primary_key=True, help_text="Such as email.")
    failures = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, help_text="Since when it fails without a success between.")
    open_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    changed_at = models.DateTimeField()


class Reach(models.Model):
    """How far a worker has come with handing over what it has begun: messages of its claim beyond `message_id` have
    certainly not gone out. Not logged, so it costs little; a crash of the database empties it, and then nobody knows.
    """

    claim_token = models.UUIDField(primary_key=True)
    message_id = models.BigIntegerField()
    at = models.DateTimeField()


class Quota(models.Model):
    """How much a provider with a limit was given lately: tokens that come in by the second, and the day's count."""

    provider = models.CharField(max_length=40, primary_key=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()
    day = models.DateField()
    used = models.PositiveIntegerField(default=0, help_text="On that day.")


class Pressure(models.Model):
    """What has counted against one customer's caps, newest first: the row that is locked to decide.

    The arrays run in parallel, one element a counting message of the last 90 days. Written in the same transaction as
    the message, so it never drifts; `manage.py audit_caps` recounts it from the messages.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    sent_at = ArrayField(models.DateTimeField(), default=list)
    message_ids = ArrayField(models.BigIntegerField(), default=list)
    channels = ArrayField(models.TextField(), default=list)
    categories = ArrayField(models.TextField(), default=list)
    interests = ArrayField(models.TextField(), default=list)
    promises = ArrayField(models.TextField(), default=list)
    flows = ArrayField(models.TextField(), default=list)
    needs = ArrayField(models.TextField(), default=list)
    zones = ArrayField(models.TextField(), default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    message_ids__len=models.F("sent_at__len"),
                    channels__len=models.F("sent_at__len"),
                    categories__len=models.F("sent_at__len"),
                    interests__len=models.F("sent_at__len"),
                    promises__len=models.F("sent_at__len"),
                    flows__len=models.F("sent_at__len"),
                    needs__len=models.F("sent_at__len"),
                    zones__len=models.F("sent_at__len"),
                ),
                name="pressure_arrays_in_step",
            )
        ]


class Reception(models.Model):
    """Which of a customer's messages of 90 days got a sign (reply, open, click, complaint), when, what it was worth.

    The arrays run in parallel; message id 0 stands for a sign that names no message. What counted and is not here was
    ignored. Written at hearing, whole, from the messages and replies; see docs/adaptive-cap.md.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    message_ids = ArrayField(models.BigIntegerField(), default=list)
    signs_at = ArrayField(models.DateTimeField(), default=list)
    worths = ArrayField(models.FloatField(), default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    signs_at__len=models.F("message_ids__len"), worths__len=models.F("message_ids__len")
                ),
                name="reception_arrays_in_step",
            )
        ]


class NudgeWorth(models.Model):
    """What a nudge is worth to those whose need stood at a stage (empty: without a need), weighed from their replies.

    Shrunk to the nudge's own `expected_value`, as that is to the workspace's mean. From -1 to 1.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, db_index=False, related_name="worths")
    stage = models.CharField(max_length=16, blank=True)
    value = models.FloatField()
    messages = models.PositiveIntegerField(help_text="Of the last 90 days, behind it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["nudge", "stage"], name="worth_once")]


class ReplyKind(models.TextChoices):
    HELPFUL = "helpful", _("Helpful")
    NOT_NOW = "not_now", _("Not now")
    NOT_RELEVANT = "not_relevant", _("Not relevant")
    CHANGED = "changed", _("My situation changed")


class Reply(models.Model):
    """A customer's typed answer to a message, what it changed, and whether it was taken back."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="replies")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="replies")
    kind = models.CharField(max_length=12, choices=ReplyKind.choices)
    detail = models.JSONField(default=dict, help_text="until, choice, facts, free text.")
    effect = models.JSONField(
        default=dict, help_text="What it changed and what stood there before, for undo."
    )
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "replies"
        constraints = [
            models.UniqueConstraint(
                fields=["message", "kind"], condition=Q(undone_at=None), name="one_standing_reply_of_a_kind"
            ),
            models.CheckConstraint(condition=Q(kind__in=ReplyKind.values), name="reply_kind_known"),
        ]
        indexes = [models.Index(fields=["workspace", "-at"], name="replies_recent")]


class InboundText(models.Model):
    """What somebody wrote to the shop's number. Kept as it was written, read by people; a command is what it did."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    provider_id = models.CharField(max_length=80)
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, related_name="texts", help_text="Null: nobody has it."
    )
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="texts")
    address = models.CharField(max_length=500)
    text = models.TextField()
    command = models.CharField(
        max_length=12, blank=True, help_text="A kind of reply, stop, start, help, undo."
    )
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, help_text="Somebody of the team has dealt with it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel", "provider_id"], name="text_heard_once"),
        ]
        indexes = [models.Index(fields=["workspace", "-at", "-id"], name="texts_recent")]
