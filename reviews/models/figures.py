"""What reviews rate, in tables of their own, so that asking, publishing and moderating cannot read it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from engagement.models import Product, Workspace
from reviews.models.reviews import Review


class ReviewRating(models.Model):
    """The figures of a review, apart from its text on purpose: moderation never joins this table."""

    review = models.OneToOneField(Review, on_delete=models.CASCADE, primary_key=True, related_name="rating")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    overall = models.PositiveSmallIntegerField()
    quality = models.PositiveSmallIntegerField(null=True, blank=True)
    value = models.PositiveSmallIntegerField(null=True, blank=True)
    fit = models.CharField(max_length=60, blank=True, help_text="One of the need's fit options.")
    version = models.PositiveIntegerField(default=1, help_text="Which version of the review gave them.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(overall__gte=1, overall__lte=5), name="overall_1_to_5"),
            models.CheckConstraint(
                condition=Q(quality=None) | Q(quality__range=(1, 5)), name="quality_1_to_5"
            ),
            models.CheckConstraint(condition=Q(value=None) | Q(value__range=(1, 5)), name="value_1_to_5"),
        ]


def no_stars() -> list[int]:
    return [0] * 5


class RatingTally(models.Model):
    """The figures of a product's published reviews, ready to show. `tally_ratings` counts where they are stale.

    Publishing only marks them stale: it must not look at figures itself.
    """

    product = models.OneToOneField(Product, on_delete=models.CASCADE, primary_key=True, related_name="tally")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    stars = ArrayField(
        models.PositiveIntegerField(), size=5, default=no_stars, help_text="How many gave 1 to 5."
    )
    fits = models.JSONField(default=dict, help_text="{fit option: how many}")
    published_count = models.PositiveIntegerField(default=0, help_text="With those that give no figure.")
    verified_count = models.PositiveIntegerField(default=0)
    stale_since = models.DateTimeField(null=True)
    version = models.PositiveBigIntegerField(
        default=1, db_default=1, help_text="Raised by whatever changes a page of its reviews."
    )

    class Meta:
        indexes = [
            models.Index(fields=["stale_since"], condition=Q(stale_since__isnull=False), name="tallies_due")
        ]
