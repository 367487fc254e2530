"""What came back: replies, texts, and what is learnt from them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Channel, Customer, Workspace
from nudges.models.messages import Message
from nudges.models.nudges import Nudge


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
