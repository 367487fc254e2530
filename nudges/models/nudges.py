"""What marketers write: a nudge, its content by language and channel, and its broadcasts."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Category, Channel, Workspace
from journeys.models import Need, Stage


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
    API = "api", _("A flow or the API puts it forward")
    EVENT = "event", _("An event happens")


class Purpose(models.TextChoices):
    """What the program itself asks customers for; each at most one nudge of a workspace, which goes to all or none."""

    REVIEW = "review", _("Review of an order")
    REVIEW_MONTH = "review_30", _("Review after a month of use")
    REVIEW_HALF_YEAR = "review_180", _("Review after half a year of use")
    OWNER = "owner", _("Question to an owner")


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
    trigger_event = models.CharField(max_length=200, blank=True, default="", db_default="")
    trigger_where = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="Tests on the event's properties, as the condition language writes them.",
    )
    trigger_delay_seconds = models.PositiveIntegerField(
        default=0, db_default=0, help_text="From the event until it is put forward."
    )
    trigger_unless = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text='Not when one of these happened since: [{"event": name, "same": property or absent}].',
    )
    trigger_since = models.DateTimeField(
        null=True, blank=True, help_text="Events from then on start it; null: it never listened to any."
    )
    purpose = models.CharField(
        max_length=12,
        choices=Purpose.choices,
        blank=True,
        default="",
        db_default="",
        help_text="Empty: the marketer's own.",
    )
    conditions = models.JSONField(default=dict, blank=True)
    on_cap = models.CharField(max_length=5, choices=OnCap.choices, default=OnCap.DROP)
    send_windows = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="When it leaves, beside the workspace's; see nudges.send_windows. Empty: always.",
    )
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
    audience = models.PositiveIntegerField(
        null=True,
        help_text="How many its conditions fitted when it was last activated, approved or broadcast.",
    )
    awaits_approval = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Kept by the database: its version is not approved.",
    )
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)
    variants = models.JSONField(
        default=list, db_default=[], blank=True, help_text="Of its words; see nudges.variants."
    )
    compared_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From then on its variants are what they are, or were when last tried.",
    )
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
            models.CheckConstraint(
                condition=~Q(trigger="event") | ~Q(trigger_event=""), name="event_trigger_names_an_event"
            ),
            models.CheckConstraint(
                condition=~Q(trigger="event", status="active") | Q(trigger_since__isnull=False),
                name="active_event_trigger_has_a_beginning",
            ),
            models.CheckConstraint(
                condition=Q(trigger_delay_seconds__lte=366 * 86400), name="trigger_delay_up_to_a_year"
            ),
            models.UniqueConstraint(
                fields=["workspace", "purpose"], condition=~Q(purpose=""), name="one_nudge_of_a_purpose"
            ),
            models.CheckConstraint(
                condition=Q(purpose="")
                | Q(trigger="event", trigger_need=None, conditions={}, on_cap="defer"),
                name="purpose_asks_all_or_none",
            ),
            models.CheckConstraint(
                condition=Func(
                    F("variants"), function="nudges_are_variants", output_field=models.BooleanField()
                ),
                name="nudge_variants_are_whole",
            ),
            models.CheckConstraint(
                condition=Q(variants=[]) | Q(compared_since__isnull=False), name="variants_have_a_beginning"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "status"], name="nudges_by_status")]

    def __str__(self) -> str:
        return self.name


class NudgeContent(models.Model):
    """The words of a nudge for one channel in one language. Placeholders: {{ customer.name }} and the like.

    Those of a variant take the place of the plain ones for whom that variant is.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, related_name="contents")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    language = models.CharField(max_length=16, default="en")
    variant = models.CharField(
        max_length=8,
        blank=True,
        default="",
        db_default="",
        help_text="Key of one that is tried; empty: plain.",
    )
    subject = models.CharField(max_length=200)
    body = models.TextField(max_length=20000, blank=True, help_text="Markdown; empty where there are blocks.")
    blocks = models.JSONField(
        default=list, db_default=[], blank=True, help_text="Of a letter: see nudges.wording.blocks."
    )
    link_url = models.URLField(max_length=1000, blank=True)
    link_label = models.CharField(max_length=80, blank=True)
    extras = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="The channel's own fields, by name, such as the template of a WhatsApp message.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["nudge", "channel", "language", "variant"], name="content_once"),
            models.CheckConstraint(condition=Q(body="") | Q(blocks=[]), name="content_is_words_or_blocks"),
        ]


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
