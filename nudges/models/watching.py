"""Opens and clicks: whether a workspace watches for them, and what was seen of each message."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from engagement.models import Workspace
from nudges.models.messages import Message
from nudges.models.nudges import Nudge


class Watched(models.TextChoices):
    """Of whom opens and clicks are noted."""

    NOBODY = "nobody", _("Of nobody")
    AGREED = "agreed", _("Of customers who agreed to it")
    NOT_REFUSED = "not_refused", _("Of customers who did not refuse it")


class Watch(models.Model):
    """A workspace's choice about opens and clicks; without a row nothing is noted."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True)
    who = models.CharField(max_length=12, choices=Watched.choices, default=Watched.NOBODY)
    opens = models.BooleanField(default=False)
    clicks = models.BooleanField(default=False)
    domain = models.CharField(
        max_length=200,
        blank=True,
        validators=[RegexValidator(r"^[a-z0-9.-]+(:\d{1,5})?$")],
        help_text="A name of the shop's own that leads here; empty: the installation's.",
    )

    class Meta:
        verbose_name_plural = "watches"
        constraints = [models.CheckConstraint(condition=Q(who__in=Watched.values), name="watch_who_known")]


class HitKind(models.TextChoices):
    OPEN = "open", pgettext_lazy("of a message", "Open")
    CLICK = "click", _("Click")
    TRAP = "trap", _("A link that no person sees")


class SeenAs(models.TextChoices):
    """Who or what it was, as far as can be told."""

    PERSON = "person", _("A person")
    PROXY = "proxy", _("A mail provider, when the message was opened")
    AHEAD = "ahead", _("A mail program, ahead of any reader")
    SCANNER = "scanner", _("A scanner")


class Hit(models.Model):
    """One fetch of a watched message's picture or link. Neither address nor agent of who fetched it is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="hits")
    nudge = models.ForeignKey(Nudge, on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=5, choices=HitKind.choices)
    link = models.CharField(max_length=2000, blank=True, help_text="Where a click led.")
    seen_as = models.CharField(max_length=7, choices=SeenAs.choices)
    at = models.DateTimeField()
    is_judged = models.BooleanField(default=False, help_text="Whether what came about it was looked at too.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=HitKind.values), name="hit_kind_known"),
            models.CheckConstraint(condition=Q(seen_as__in=SeenAs.values), name="hit_seen_as_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "at"], condition=Q(is_judged=False), name="hits_to_judge"),
            models.Index(fields=["nudge", "at"], name="hits_of_nudge"),
            models.Index(fields=["at"], name="hits_by_age"),
        ]
