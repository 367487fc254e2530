"""How much may reach a customer: the workspace's policy and caps, the customer's own, and what was felt so far."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Customer, Role, Workspace


class Policy(models.Model):
    """A workspace's rules on pressure, apart from its caps. `version` is raised by every change, of caps too."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="policy")
    quiet_start = models.TimeField(null=True, blank=True)
    quiet_end = models.TimeField(null=True, blank=True)
    send_windows = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="When push messages leave, but service; see nudges.send_windows. Empty: always.",
    )
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
    approval_above = models.PositiveIntegerField(
        null=True, blank=True, help_text="A nudge for more customers needs an approval; empty: none does."
    )
    approval_role = models.CharField(
        max_length=16,
        choices=Role.choices,
        default=Role.OWNER,
        db_default=Role.OWNER,
        help_text="The least role that may approve.",
    )
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
            models.CheckConstraint(
                condition=Q(approval_role__in=["owner", "marketer"]), name="approval_by_who_may_write"
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
    may_be_watched = models.BooleanField(
        null=True, blank=True, help_text="Opens and clicks: agreed, refused, or null, nothing said."
    )
    updated_at = models.DateTimeField()


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
