"""Guides: honest help for one need at one stage, in versions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Workspace
from journeys.models.needs import Need, Stage


class GuideStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


class Guide(models.Model):
    """Honest help for one need at one stage in one language.

    `blocks` is a list of {"kind": ..., ...}, where kind is text, checklist, comparison, not_for, care, changed,
    question or situation; the shapes are checked by `journeys.guides.check_blocks`.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="guides")
    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="guides")
    stage = models.CharField(max_length=16, choices=Stage.choices)
    language = models.CharField(max_length=16, default="en")
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=500, blank=True)
    blocks = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=GuideStatus.choices, default=GuideStatus.DRAFT)
    version = models.PositiveIntegerField(default=1)
    published_version = models.PositiveIntegerField(null=True, blank=True, help_text="What readers see.")
    conditions = models.JSONField(
        default=dict,
        blank=True,
        help_text="For whom it stands in place of the general one; {}: it is that one.",
    )
    publish_at = models.DateTimeField(null=True, blank=True, help_text="When the scheduled version goes out.")
    scheduled_version = models.PositiveIntegerField(null=True, blank=True)
    schedule_problem = models.CharField(max_length=300, blank=True, help_text="Why it did not go out.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    verified_on = models.DateField(null=True, blank=True)
    stale_after_days = models.PositiveIntegerField(default=180)
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug", "language"], name="guide_slug_once"),
            models.UniqueConstraint(
                fields=["need", "stage", "language"],
                condition=Q(status="published", conditions={}),
                name="one_published_guide_a_place",
            ),
            models.CheckConstraint(
                condition=Q(publish_at=None, scheduled_version=None)
                | Q(publish_at__isnull=False, scheduled_version__isnull=False),
                name="scheduled_guide_names_a_version",
            ),
            models.CheckConstraint(condition=Q(status__in=GuideStatus.values), name="guide_status_known"),
        ]
        indexes = [
            models.Index(fields=["publish_at"], condition=Q(publish_at__isnull=False), name="guides_due")
        ]

    def __str__(self) -> str:
        return self.title


class GuideVersion(models.Model):
    """A guide as it was saved: every save keeps one."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    guide = models.ForeignKey(Guide, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=500, blank=True)
    blocks = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["guide", "number"], name="guide_version_once")]
