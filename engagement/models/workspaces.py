"""Workspaces (tenants), the people who work in them, keys, and the audit trail."""

from __future__ import annotations

import zoneinfo
from hashlib import sha256

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def check_timezone(name: str) -> None:
    """Refuse a name that the time-zone database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("%(name)s is no time zone; write one such as Europe/Riga."), params={"name": name}
        )


class Workspace(models.Model):
    """One company's walled-off account: every customer-data table carries its id."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    timezone = models.CharField(max_length=64, default="UTC", validators=[check_timezone])
    locale = models.CharField(max_length=16, default="en")
    currency = models.CharField(max_length=3, default="EUR")
    sender_name = models.CharField(max_length=120, blank=True)
    sender_email = models.EmailField(blank=True)
    postal_address = models.CharField(max_length=300, blank=True)
    shop_url = models.URLField(blank=True)
    allowed_origins = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    holdout_percent = models.DecimalField(max_digits=5, decimal_places=2, default=5)
    holdout_salt = models.CharField(max_length=32, default="1")
    retention_days = models.PositiveIntegerField(default=730)
    event_readers = ArrayField(
        models.CharField(max_length=20),
        default=list,
        db_default=[],
        blank=True,
        help_text="Who reads its events, beside those who read everybody's (settings.EVENT_READERS).",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(holdout_percent__gte=0, holdout_percent__lte=50), name="holdout_is_a_share"
            ),
            models.CheckConstraint(condition=Q(retention_days__gte=30), name="retention_at_least_30_days"),
        ]

    def __str__(self) -> str:
        return self.name

    def holds_out(self, customer_id: int) -> bool:
        """Whether a customer is in the stable share that gets no nudges; deciding has the same in SQL."""
        digest = sha256(f"{self.holdout_salt}{customer_id}".encode()).hexdigest()
        return int(digest[:15], 16) % 10_000 < self.holdout_percent * 100


class Role(models.TextChoices):
    """What a member may do; the order in RANK says who may do what others may."""

    OWNER = "owner", _("Owner")
    MARKETER = "marketer", _("Marketer")
    MODERATOR = "moderator", _("Moderator")
    ANALYST = "analyst", _("Analyst")


class Member(models.Model):
    """A person's place in a workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    language = models.CharField(
        max_length=16,
        blank=True,
        help_text="In which they read the dashboard and are written to; empty: the browser's.",
    )
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="member_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="member_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Invitation(models.Model):
    """An address asked to join; the link that is mailed is signed and names this row."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_once",
            )
        ]


class KeyKind(models.TextChoices):
    WRITE = "write", _("Write key (public)")
    SECRET = "secret", _("Secret key")


class ApiKey(models.Model):
    """A key of an integrator.

    A secret key is shown once and kept as its SHA-256 (it has 256 random bits, so no slow hash is needed). A
    write key is public by nature (it stands in the shop's page) and may only write events and read published content;
    its text is kept so that snippets can show it.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    kind = models.CharField(max_length=8, choices=KeyKind.choices)
    name = models.CharField(max_length=80)
    prefix = models.CharField(
        max_length=16, help_text="The part that may be shown: enough to recognise the key."
    )
    key_hash = models.BinaryField(max_length=32, unique=True)
    public_key = models.CharField(max_length=80, blank=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=KeyKind.values), name="key_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="write") | Q(public_key=""), name="secret_key_text_is_never_kept"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEntry(models.Model):
    """Who changed what. Append-only: a trigger refuses update and delete."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="audit_entries")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor_label = models.CharField(
        max_length=160, help_text="As shown: an e-mail address, a key's name, 'system'."
    )
    action = models.CharField(max_length=60, help_text="verb_object, such as revoke_key")
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=60, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-at"], name="audit_recent")]


class IdempotencyRecord(models.Model):
    """The answer given to a POST that carried an Idempotency-Key, kept for 24 h, in the transaction of what it did."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    key = models.CharField(max_length=255)
    body_hash = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    response = models.JSONField(help_text='{"body": text, "headers": {name: value}}')
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_key", "method", "path", "key"], name="idempotency_once")
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]
