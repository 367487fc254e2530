"""What words are made of beside themselves: snippets that many letters share, pictures, and who approved what."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from engagement.models import Workspace
from nudges.models.nudges import Nudge, NudgeContent


class Snippet(models.Model):
    """A text that many nudges share, named in them by its `slug`. Saving one changes all that use it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="snippets")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    texts = models.JSONField(help_text='Markdown by language: {"en": text}, with placeholders.')
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="snippet_once"),
            models.UniqueConstraint(fields=["workspace", "id"], name="snippet_in_workspace"),
            models.CheckConstraint(condition=~Q(texts={}), name="snippet_has_a_text"),
        ]

    def __str__(self) -> str:
        return self.name


class SnippetVersion(models.Model):
    """A snippet as it was saved: every save keeps one."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    snippet = models.ForeignKey(Snippet, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    texts = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snippet", "number"], name="snippet_version_once")]


class SnippetUse(models.Model):
    """Which words name which snippet; while one is named it cannot be deleted."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    snippet = models.ForeignKey(Snippet, on_delete=models.PROTECT, related_name="uses")
    content = models.ForeignKey(NudgeContent, on_delete=models.CASCADE, related_name="snippet_uses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snippet", "content"], name="snippet_used_once")]


class Picture(models.Model):
    """A picture for letters, written anew when it came and served to whoever opens a letter."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="pictures")
    name = models.CharField(max_length=40, unique=True, help_text="Random: the address tells nothing.")
    alt = models.CharField(max_length=200, blank=True, help_text="What is to be seen, for who cannot see it.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="Bytes.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    added_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-added_at"], name="pictures_recent")]

    @property
    def path(self) -> str:
        """Where it lies in the storage."""
        return f"letters/{self.workspace_id}/{self.name}.jpg"

    @property
    def address(self) -> str:
        """Where it is served, without the host."""
        return f"/m/pictures/{self.name}.jpg"


class Refusal(models.Model):
    """That somebody who may approve does not let one version of a nudge speak, and why. Only ever added.

    The nudge goes on waiting; what answers a refusal is another version, or an approval after all.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, related_name="refusals", db_index=False)
    version = models.PositiveIntegerField()
    reason = models.CharField(max_length=500)
    refused_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    refused_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["nudge", "version"], name="refusal_once"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="refusal_says_why"),
        ]


class Approval(models.Model):
    """That somebody who may let one version of a nudge speak to as many as it is for. Only ever added.

    A trigger sees to it that the person may (`Policy.approval_role`); others refuse a broadcast or an activation that
    needs one and has none.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, related_name="approvals", db_index=False)
    version = models.PositiveIntegerField()
    audience = models.PositiveIntegerField(help_text="How many its conditions fitted then.")
    note = models.CharField(max_length=500, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["nudge", "version"], name="approval_once")]
