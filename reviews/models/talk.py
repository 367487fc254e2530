"""Questions and answers about a product, owners who agreed to be asked, and readers' reports."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Customer, Product, Workspace


class PostKind(models.TextChoices):
    QUESTION = "question", _("Question")
    ANSWER = "answer", _("Answer")


class PostStatus(models.TextChoices):
    """As of reviews, whose words are moderated by the same people for the same reasons."""

    UNCONFIRMED = "unconfirmed", _("Waiting for the author's confirmation")
    PENDING = "pending", _("Waiting for moderation")
    PUBLISHED = "published", _("Published")
    REJECTED = "rejected", _("Rejected")


class Post(models.Model):
    """A question about a product, or an answer to one: by an owner, or by the company itself."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="posts", db_index=False)
    kind = models.CharField(max_length=8, choices=PostKind.choices)
    question = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="answers"
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="posts"
    )
    is_company = models.BooleanField(default=False, help_text="The company answers.")
    is_owner = models.BooleanField(
        default=False, help_text="An order of its author stands behind the answer."
    )
    author_name = models.CharField(max_length=80)
    body = models.TextField(max_length=2000)
    language = models.CharField(max_length=16, default="en")
    incentive = models.CharField(
        max_length=120, blank=True, db_default="", help_text="What an owner got for their review; shown."
    )
    situation = models.JSONField(
        default=dict, blank=True, help_text="Of who asks: owners like them are asked."
    )
    need_slug = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=12, choices=PostStatus.choices, default=PostStatus.PENDING)
    rejection_reason = models.CharField(max_length=20, blank=True)
    flags = models.JSONField(default=list, blank=True)
    is_program_asked = models.BooleanField(
        default=False, db_default=False, help_text="The company's own program was asked about it."
    )
    waiting_since = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    ask_owners_at = models.DateTimeField(
        null=True, blank=True, help_text="When owners who agreed are to be asked."
    )
    tell_asker_at = models.DateTimeField(
        null=True, blank=True, help_text="When who asked is to be told of this answer."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=PostStatus.values), name="post_status_known"),
            models.CheckConstraint(
                condition=Q(kind="question", question=None) | Q(kind="answer", question__isnull=False),
                name="answer_has_question",
            ),
            models.CheckConstraint(
                condition=Q(is_company=True, customer=None) | Q(is_company=False, customer__isnull=False),
                name="post_has_author",
            ),
            models.CheckConstraint(
                condition=~Q(status="pending") | Q(waiting_since__isnull=False), name="pending_post_waits"
            ),
            models.CheckConstraint(
                condition=~Q(status="rejected") | ~Q(rejection_reason=""), name="post_rejection_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False), name="published_post_dated"
            ),
        ]
        indexes = [
            models.Index(
                fields=["product", "-published_at"],
                condition=Q(status="published", kind="question"),
                name="questions_shown",
            ),
            models.Index(
                fields=["workspace", "waiting_since"],
                condition=Q(waiting_since__isnull=False),
                name="posts_to_moderate",
            ),
            models.Index(fields=["workspace", "kind", "-submitted_at"], name="posts_recent"),
            models.Index(
                fields=["ask_owners_at"],
                condition=Q(ask_owners_at__isnull=False),
                name="questions_for_owners",
            ),
            models.Index(
                fields=["tell_asker_at"], condition=Q(tell_asker_at__isnull=False), name="answers_to_tell"
            ),
            models.Index(
                fields=["submitted_at"], condition=Q(status="unconfirmed"), name="posts_unconfirmed"
            ),
        ]


class Owner(models.Model):
    """Somebody who has the product and agreed to be asked about it now and then."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="owned")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="owners")
    situation = models.JSONField(default=dict, blank=True)
    agreed_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True, help_text="Last, about anything they own.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "product"], name="owner_once")]


class OwnerAsked(models.Model):
    """A question that was put to an owner; an event on their timeline says so, for a nudge to take."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    question = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="asked")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "customer"], name="owner_asked_once")]


class Report(models.Model):
    """A reader says that something published should not be. `reporter` is kept as voters are."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    review = models.ForeignKey("reviews.Review", on_delete=models.CASCADE, null=True, related_name="reports")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, null=True, related_name="reports")
    reporter = models.CharField(max_length=64)
    reason = models.CharField(max_length=20)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "reporter"], name="report_of_review_once"),
            models.UniqueConstraint(fields=["post", "reporter"], name="report_of_post_once"),
            models.CheckConstraint(
                condition=Q(review=None, post__isnull=False) | Q(review__isnull=False, post=None),
                name="report_of_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "at"], condition=Q(resolved_at=None), name="reports_open")
        ]
