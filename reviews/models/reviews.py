"""Reviews: words in versions, how they stand, and what readers think of them. Their figures are in a table apart."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from engagement.models import Customer, Product, Workspace


class ReviewKind(models.TextChoices):
    """When and why it was written."""

    SHORTLISTED = "shortlisted", _("Why I shortlisted it")
    CHOSE = "chose", _("Why I chose it")
    CHOSE_OTHER = "chose_other", _("Why I chose something else")
    FIRST_IMPRESSION = "first_impression", _("First impression")
    IN_USE = "in_use", _("In use")
    OVER_TIME = "over_time", _("Over time")
    CHANGED = "changed", _("After my circumstances changed")


class ReviewStatus(models.TextChoices):
    UNCONFIRMED = "unconfirmed", _("Waiting for the author's confirmation")
    PENDING = "pending", _("Waiting for moderation")
    PUBLISHED = "published", _("Published")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn by its author")


class RejectionReason(models.TextChoices):
    """The only reasons for which a review may be turned down. None depends on what it says of the product."""

    SPAM = "spam", _("Advertising or spam")
    NOT_ABOUT_PRODUCT = "not_about_product", _("Not about this product")
    PERSONAL_DATA = "personal_data", _("Contains personal data of somebody")
    OFFENSIVE = "offensive", _("Insulting, hateful or threatening")
    ILLEGAL = "illegal", _("Unlawful content")
    DUPLICATE = "duplicate", _("The same text was posted before")
    NOT_GENUINE = "not_genuine", _("Not from a person who knows the product")


# The words of a version: what is moderated. Figures are no part of them.
WORDS = (
    "kind", "title", "body", "pros", "cons", "author_name", "language", "situation", "need_slug", "collected_by",
    "incentive", "submitted_at",
)  # fmt: skip


class Review(models.Model):
    """What one customer says of one product; each edit is a version.

    While a newer version of a published review waits, or after it was turned down, readers still see the older one:
    its words stand in the fields, the newer ones in `edit`.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="reviews")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="reviews")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="reviews")
    kind = models.CharField(max_length=16, choices=ReviewKind.choices)
    title = models.CharField(max_length=150, blank=True)
    body = models.TextField(max_length=5000)
    pros = ArrayField(models.CharField(max_length=120), default=list, blank=True, size=5)
    cons = ArrayField(models.CharField(max_length=120), default=list, blank=True, size=5)
    author_name = models.CharField(max_length=80)
    language = models.CharField(max_length=16, default="en")
    situation = models.JSONField(
        default=dict, blank=True, help_text="The author's context, {attribute: value}."
    )
    need_slug = models.CharField(max_length=60, blank=True)
    order_event_id = models.BigIntegerField(
        null=True, blank=True, help_text="The order that verifies it; set by code only."
    )
    collected_by = models.CharField(max_length=20, default="form", help_text="form, link, import, api")
    imported_from = models.CharField(
        max_length=20, blank=True, db_default="", help_text="The system that it was first written in."
    )
    is_verified_there = models.BooleanField(
        null=True, help_text="Whether that system said that its author bought it; empty: it did not say."
    )
    incentive = models.CharField(max_length=120, blank=True)
    shared_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when its author agrees that Google and Meta are given it; empty: was not asked, or does not.",
    )
    status = models.CharField(max_length=12, choices=ReviewStatus.choices, default=ReviewStatus.PENDING)
    rejection_reason = models.CharField(max_length=20, choices=RejectionReason.choices, blank=True)
    flags = models.JSONField(
        default=list, blank=True, help_text="What the automatic steps noticed: [{step, reason}]."
    )
    version = models.PositiveIntegerField(default=1, help_text="The newest that its author wrote.")
    shown_version = models.PositiveIntegerField(default=1, help_text="Which version these fields hold.")
    asked_version = models.PositiveIntegerField(
        default=0, db_default=0, help_text="The newest that the company's own program was asked about."
    )
    edit = models.JSONField(
        null=True, blank=True, help_text="Words of the newest version, where readers see an older one."
    )
    replaced_version = models.PositiveIntegerField(
        null=True, blank=True, help_text="What readers saw before the last publication, to take that back."
    )
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text="Since when the newest version waits for a moderator."
    )
    appeal = models.TextField(blank=True, help_text="Why its author wants it looked at once more.")
    tell_author_at = models.DateTimeField(
        null=True, blank=True, help_text="When its author is to be told that it was turned down."
    )
    helpful_count = models.PositiveIntegerField(default=0)
    unhelpful_count = models.PositiveIntegerField(default=0)
    helpful_score = models.GeneratedField(
        expression=(Cast(F("helpful_count"), models.FloatField()) + 1.0)
        / (Cast(F("helpful_count") + F("unhelpful_count"), models.FloatField()) + 2.0),
        output_field=models.FloatField(),
        db_persist=True,
        help_text="Mean of what the votes leave us to believe, from an even start.",
    )
    response = models.TextField(blank=True, help_text="The company's public answer.")
    responded_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "product"], name="one_review_a_customer_and_product"),
            models.CheckConstraint(condition=Q(status__in=ReviewStatus.values), name="review_status_known"),
            models.CheckConstraint(condition=Q(kind__in=ReviewKind.values), name="review_kind_known"),
            models.CheckConstraint(
                condition=~Q(status="rejected") | ~Q(rejection_reason=""), name="rejection_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False),
                name="published_review_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="pending") | Q(waiting_since__isnull=False), name="pending_review_waits"
            ),
            models.CheckConstraint(
                condition=Q(waiting_since=None)
                | Q(status="pending")
                | Q(status="published", edit__isnull=False),
                name="waiting_review_has_news",
            ),
            models.CheckConstraint(
                condition=Q(edit=None) | Q(status="published", version__gt=F("shown_version")),
                name="edit_of_what_is_shown",
            ),
        ]
        indexes = [
            models.Index(
                fields=["product", "-published_at", "-id"],
                condition=Q(status="published"),
                name="reviews_shown",
            ),
            models.Index(
                fields=["product", "-helpful_score", "-published_at", "-id"],
                condition=Q(status="published"),
                name="reviews_by_help",
            ),
            models.Index(
                fields=["workspace", "waiting_since"],
                condition=Q(waiting_since__isnull=False),
                name="reviews_to_moderate",
            ),
            models.Index(
                fields=["tell_author_at"], condition=Q(tell_author_at__isnull=False), name="reviews_to_tell"
            ),
            models.Index(fields=["workspace", "-submitted_at"], name="reviews_recent"),
            models.Index(
                fields=["submitted_at"], condition=Q(status="unconfirmed"), name="reviews_unconfirmed"
            ),
        ]

    @property
    def is_verified(self) -> bool:
        """An order event of the same customer stands behind it."""
        return self.order_event_id is not None

    @property
    def newest(self) -> dict[str, Any]:
        """The words of the newest version, as `WORDS` names them."""
        return self.edit or {name: getattr(self, name) for name in WORDS}


class ReviewVersion(models.Model):
    """A review's words and figures as submitted at one time, apart: moderation reads no figures."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField(help_text="The words.")
    figures = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "number"], name="review_version_once")]


class HelpfulVote(models.Model):
    """One reader's word on one review. `voter` is a customer's id or a hash of the page's own anonymous id."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="votes")
    voter = models.CharField(max_length=64)
    is_helpful = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "voter"], name="vote_once")]
