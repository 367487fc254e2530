"""The trail of moderation, what a workspace sets about it, and drafts. None of it holds a figure."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from engagement.models import Customer, Product, Workspace


class ReviewDraft(models.Model):
    """What a known author has typed so far; read by nobody else, and deleted when the review is sent."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="review_drafts")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+", db_index=False)
    fields = models.JSONField()
    saved_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "product"], name="one_draft_a_review")]


class ModerationEntry(models.Model):
    """What was done with a review and why. Append-only: a trigger refuses update and delete."""

    workspace = models.ForeignKey(Workspace, on_delete=models.DO_NOTHING, db_constraint=False)
    review_id = models.BigIntegerField(null=True, db_index=True)
    post_id = models.BigIntegerField(null=True, db_index=True, help_text="A question or an answer instead.")
    batch = models.CharField(max_length=32, blank=True, help_text="Decisions made, and taken back, together.")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
    )
    action = models.CharField(
        max_length=20,
        help_text="submit, hold, publish, reject, undo, resubmit, respond, appeal, withdraw, share, unshare",
    )
    reason = models.CharField(max_length=60, blank=True)
    version = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(review_id=None, post_id__isnull=False) | Q(review_id__isnull=False, post_id=None),
                name="moderation_of_one_thing",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "actor", "-id"], name="moderation_by_actor"),
            models.Index(fields=["workspace", "at"], name="moderation_recent"),
        ]


class ReviewPolicy(models.Model):
    """What a workspace adds to the pipeline. No row: nothing."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, primary_key=True, related_name="review_policy"
    )
    blocked_words = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    incentives = models.CharField(
        max_length=500,
        blank=True,
        help_text="What authors get for writing, whatever they write; shown to readers.",
    )
    asks_owners = models.BooleanField(
        default=True, help_text="Owners who agreed are asked readers' questions."
    )
    screening_url = models.CharField(
        max_length=500,
        blank=True,
        db_default="",
        help_text="Where the company's own program is asked about reviews that wait.",
    )
    screening_secret = models.TextField(
        blank=True, db_default="", help_text="Sealed; signs what it is asked."
    )
    gives_to_feeds = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Published reviews whose authors agree may be fetched by Google and Meta.",
    )
