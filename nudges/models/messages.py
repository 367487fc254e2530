"""A message on its way to one customer, and the task of a person who delivers it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Category, Channel, Customer, Workspace
from journeys.models import CustomerNeed
from nudges.models.ledger import Candidate
from nudges.models.nudges import Interest, Nudge, Promise


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

    # Sending writes each row three times, and every index with it: those below begin with these columns too.
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    candidate = models.OneToOneField(Candidate, on_delete=models.PROTECT, related_name="message")
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="messages", db_index=False, db_constraint=False
    )  # held by message_customer_in_workspace
    nudge = models.ForeignKey(Nudge, on_delete=models.PROTECT, related_name="messages")
    customer_need = models.ForeignKey(CustomerNeed, on_delete=models.SET_NULL, null=True, db_index=False)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    address = models.CharField(max_length=500, blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, db_index=False)  # none is ever deleted
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
    variant = models.CharField(
        max_length=8,
        blank=True,
        default="",
        db_default="",
        help_text="Whose words it has; empty: the plain ones.",
    )
    variant_chance = models.PositiveSmallIntegerField(
        null=True, help_text="In percent, with which it was this one."
    )
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
            models.CheckConstraint(
                condition=Q(variant="", variant_chance=None)
                | ~Q(variant="") & Q(variant_chance__isnull=False, variant_chance__range=(1, 99)),
                name="message_variant_has_a_chance",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-decided_at"], name="messages_of_customer"),
            # Read as a list, and counted without its rows for the share of business messages.
            models.Index(
                fields=["workspace", "-decided_at", "-id"],
                include=["interest", "counts"],
                name="messages_of_workspace",
            ),
            models.Index(
                fields=["customer_need"], condition=Q(customer_need__isnull=False), name="messages_of_need"
            ),
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
            # What never came to anybody, so that weighing nudges finds it among all that did.
            models.Index(
                fields=["decided_at"],
                condition=Q(state__in=["bounced", "failed"]),
                name="messages_unreached",
            ),
            # What a provider tells us later names the message by its own id. A mail server has none to tell.
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="messages_of_provider"),
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
