"""Endpoints of a company's own programs, what they are told, and how telling them went."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models.customers import Customer
from engagement.models.workspaces import Workspace


class Endpoint(models.Model):
    """Where a program of the company takes what changed.

    `free_at` is its queue: before, somebody serves it or it rests after its program could not be reached.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="endpoints")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    types = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="What it is told of; empty: all."
    )
    sealed = models.TextField(help_text="Its secret, and for a while the one before (engagement.sealing).")
    rotated_at = models.DateTimeField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True)
    disabled_because = models.CharField(max_length=12, blank=True, choices=[
        ("by_hand", _("switched off by hand")),
        ("failing", _("took nothing for five days")),
        ("gone", _("its program said that it is gone (410)")),
    ])  # fmt: skip
    disabled_at = models.DateTimeField(null=True, blank=True)
    untold = ArrayField(
        models.BigIntegerField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="Members to whom a mail shall still say that it was switched off.",
    )
    tell_at = models.DateTimeField(null=True, blank=True, help_text="When they are written to.")
    failing_since = models.DateTimeField(
        null=True, blank=True, help_text="It took nothing since; null: it did."
    )
    free_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "id"], name="endpoint_in_workspace"),
            models.CheckConstraint(
                condition=Q(is_enabled=True, disabled_because="", disabled_at=None)
                | (Q(is_enabled=False, disabled_at__isnull=False) & ~Q(disabled_because="")),
                name="endpoint_off_says_why",
            ),
            models.CheckConstraint(condition=~Q(url="") & ~Q(sealed=""), name="endpoint_can_be_told"),
            models.CheckConstraint(
                condition=Q(untold=[], tell_at=None)
                | (Q(is_enabled=False, tell_at__isnull=False) & ~Q(untold=[])),
                name="endpoint_off_tells_members",
            ),
        ]
        indexes = [
            models.Index(fields=["tell_at"], condition=Q(tell_at__isnull=False), name="endpoints_untold"),
        ]

    def __str__(self) -> str:
        return self.description or self.url


class Announcement(models.Model):
    """A change that some endpoint wanted to hear of, as it is told. Ids rise as changes of one customer happen."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, related_name="announcements")
    key = models.UUIDField(help_text="Told to receivers as webhook-id: a change is announced once.")
    type = models.CharField(max_length=40)
    at = models.DateTimeField(help_text="When it happened.")
    announced_at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="announced_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="announcement_in_workspace"),
        ]
        indexes = [
            models.Index(fields=["announced_at"], name="announcement_age"),
            models.Index(fields=["id"], condition=Q(type="customer.erased"), name="announced_erasures"),
        ]

    @property
    def webhook_id(self) -> str:
        return f"evt_{self.key.hex}"


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    DELIVERED = "delivered", _("Taken")
    FAILED = "failed", _("Given up")


class Delivery(models.Model):
    """An announcement on its way to one endpoint, with its last attempts: [{at, status, words, ms}]."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    attempts = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "announcement"], name="delivered_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False) | (~Q(state="pending") & Q(due_at=None)),
                name="delivery_waits_until",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at", "id"], condition=Q(state="pending"), name="deliveries_due"
            ),
            models.Index(fields=["endpoint", "-id"], name="deliveries_recent"),
        ]
