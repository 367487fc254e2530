"""Tables of "fit for people like you". All of it is derived from published reviews and can be rebuilt from them.

The shapes inside the JSON fields are those of `reviews.fitting.shapes`.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from engagement.models import Product, Workspace


class FitTopic(models.Model):
    """What is asked about fit for one need, and what was learned of everybody who answered."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="fit_topics")
    slug = models.CharField(max_length=60, help_text="The need's slug, as reviews carry it.")
    attributes = models.JSONField(
        default=list, help_text='[{"key", "label", "kind", "options"}] as last asked.'
    )
    options = ArrayField(
        models.CharField(max_length=60), default=list, help_text="Answers to the fit question."
    )
    good_option = models.CharField(
        max_length=60, blank=True, help_text="The answer that means a good fit; empty: the best liked one."
    )
    liked_option = models.CharField(max_length=60, blank=True, help_text="Whose authors give most stars.")
    holdout_percent = models.PositiveSmallIntegerField(
        default=0, help_text="Share of readers who are shown no fit for people like them, to compare with."
    )
    half_life_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="After how long a review counts half; empty: it stays as good as new.",
    )
    scales = models.JSONField(default=list)
    learned = models.JSONField(default=dict)
    everywhere = ArrayField(
        models.FloatField(), default=list, help_text="Shares of the options over all categories."
    )
    gains = ArrayField(
        models.FloatField(),
        default=list,
        help_text="By attribute: what knowing it improves a forecast by, in nats.",
    )
    learned_from = models.PositiveIntegerField(default=0, help_text="Reviews at that time.")
    learned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="fit_topic_once"),
            models.CheckConstraint(condition=Q(holdout_percent__lte=100), name="fit_holdout_percent"),
        ]


class FitCategory(models.Model):
    """All answered reviews of one category of products, added up by situation."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    topic = models.ForeignKey(FitTopic, on_delete=models.CASCADE, related_name="categories", db_index=False)
    name = models.CharField(max_length=200, blank=True)
    learned = models.JSONField(null=True, help_text="Where it differs from what the topic learned.")
    cells = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "name"], name="fit_category_once")]


class FitSheet(models.Model):
    """All that a page needs of one product's reviews, but for its category's row. One row by index answers a page."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="fit_sheets", db_index=False)
    topic = models.ForeignKey(FitTopic, on_delete=models.CASCADE, related_name="sheets")
    category = models.ForeignKey(FitCategory, on_delete=models.CASCADE, related_name="sheets")
    cells = models.JSONField(default=list)
    authors = models.JSONField(default=list, help_text="By cell: the most helpful reviews in it.")
    review_count = models.PositiveIntegerField(default=0)
    signature = models.CharField(max_length=80, blank=True, help_text="Of the reviews it was made from.")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "topic"], name="fit_sheet_once")]


class FitDue(models.Model):
    """The reviews of a product changed: a queue row, several for one product at times. Writers never wait for it."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, db_index=False, related_name="+")
