"""When customers can say something about what they bought."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from engagement.models import Workspace


class ExperienceTime(models.Model):
    """How many days after delivery a product of this category has been lived with; others take the workspace's days."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    category = models.CharField(max_length=200, help_text="As products of the catalogue have it.")
    days = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "category"], name="experience_time_once"),
            models.CheckConstraint(condition=Q(days__lte=365), name="experience_within_a_year"),
        ]
