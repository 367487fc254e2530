"""Photos of reviews. The files are written anew by `reviews.photographing` and lie in Django's default storage."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from engagement.models import Workspace


class ReviewPhoto(models.Model):
    """One photo, shown with the versions `since` ≤ version < `until`, and judged together with them.

    A photo without a review is one whose review is gone: `forget_photos` deletes its files.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    review = models.ForeignKey("reviews.Review", on_delete=models.SET_NULL, null=True, related_name="photos")
    name = models.CharField(max_length=40, unique=True, help_text="Random: the address tells nothing.")
    alt = models.CharField(max_length=150, blank=True, help_text="What is to be seen, by the author.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    thumb_width = models.PositiveIntegerField()
    thumb_height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="Bytes of both files.")
    since = models.PositiveIntegerField()
    until = models.PositiveIntegerField(null=True, blank=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=F("since")), name="photo_until_after_since"
            )
        ]
        indexes = [models.Index(fields=["added_at"], condition=Q(review=None), name="photos_without_review")]

    @property
    def path(self) -> str:
        """Where the large one lies in the storage."""
        return f"reviews/{self.workspace_id}/{self.name}.jpg"

    @property
    def thumb_path(self) -> str:
        return f"reviews/{self.workspace_id}/{self.name}.thumb.jpg"
