"""Customers: who they are, how they can be reached, what they allowed, what is known about them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models.workspaces import Workspace


class Channel(models.TextChoices):
    """Ways to reach a customer. `inbox` is pull: it is never capped."""

    EMAIL = "email", _("E-mail")
    WEB_PUSH = "web_push", _("Web push")
    MOBILE_PUSH = "mobile_push", _("Mobile push")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    WEBHOOK = "webhook", _("Webhook")
    INBOX = "inbox", _("On-site inbox")
    STAFF_TASK = "staff_task", _("Staff task")


class Customer(models.Model):
    """A person who deals with the workspace's company, known or anonymous.

    After a merge the row stays as a tombstone with `merged_into` set: upper floors move their rows at their own pace.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="customers")
    external_id = models.CharField(max_length=200, null=True, blank=True, help_text="The shop's own id.")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(
        max_length=254, blank=True, help_text="As last told; the address used is in Address."
    )
    traits = models.JSONField(default=dict, blank=True)
    traits_told = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="When each trait was told, in ms: calls arrive out of order.",
    )
    timezone = models.CharField(max_length=64, blank=True, help_text="Empty: the workspace's.")
    locale = models.CharField(max_length=16, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="merged"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "external_id"],
                condition=Q(merged_into=None),
                name="customer_external_id_once",
            ),
            # Lets other tables point at (workspace, customer) together, so that no row can mix tenants.
            models.UniqueConstraint(fields=["workspace", "id"], name="customer_in_workspace"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=models.F("id")),
                name="customer_not_merged_into_itself",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-last_seen_at", "-id"], name="customer_recent"),
            models.Index(fields=["workspace", "email"], name="customer_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id or f"#{self.pk}"


class IdentityKind(models.TextChoices):
    EXTERNAL = "external", _("Shop's id")
    ANONYMOUS = "anonymous", _("Anonymous id")


class Identity(models.Model):
    """One id under which a customer is known. Each belongs to exactly one customer at a time."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    kind = models.CharField(max_length=12, choices=IdentityKind.choices)
    value = models.CharField(max_length=200)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "kind", "value"], name="identity_once"),
            models.CheckConstraint(condition=~Q(value=""), name="identity_not_empty"),
        ]


class Merge(models.Model):
    """A record of two customers found to be one, so that a wrong merge can be understood.

    `absorbed_by` names the apps whose own rows have been moved to the target.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    source = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="merge_away")
    target = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges_received")
    cause = models.CharField(max_length=20, help_text="identify, alias, api")
    source_snapshot = models.JSONField(default=dict)
    at = models.DateTimeField()
    absorbed_by = ArrayField(models.CharField(max_length=20), default=list, blank=True)

    class Meta:
        indexes = [models.Index(fields=["target"], name="merge_target")]


class Address(models.Model):
    """Where a customer can be reached on one channel, and whether it may be used at all."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    channel = models.CharField(max_length=12, choices=Channel.choices)
    value = models.CharField(max_length=500)
    details = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What a device told with it, such as the keys of a push subscription.",
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    suppressed_at = models.DateTimeField(null=True, blank=True)
    suppression_reason = models.CharField(max_length=40, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "channel", "value"], name="address_once"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="address_channel_known"),
            models.CheckConstraint(
                condition=Q(suppressed_at=None) | ~Q(suppression_reason=""), name="suppression_says_why"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "channel", "value"], name="address_lookup")]


class Suppression(models.Model):
    """An address that must not be used, whoever has it or gets it. Only its hash is kept, so that it survives erasure.

    The hash is `engagement_address_hash` of workspace, channel and address; a trigger on addresses looks here, so that
    one told again by an import or a device is suppressed from its first moment.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    address_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=40, help_text="hard_bounce, complaint, manual, and a channel's own.")
    source = models.CharField(max_length=60, help_text="Who said so: a provider, a person, an import.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel", "address_hash"], name="suppressed_once"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="suppression_channel_known"),
            models.CheckConstraint(
                condition=Q(address_hash__regex=r"^[0-9a-f]{64}$"), name="suppression_keeps_a_hash"
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(source=""), name="suppression_says_who_and_why"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "-at", "-id"], name="suppressions_recent")]


class Category(models.Model):
    """A topic that customers can subscribe to or leave."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="categories")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)
    opt_in = models.BooleanField(
        default=True, help_text="Only with consent given; otherwise until consent is withdrawn."
    )
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="category_once")]

    def __str__(self) -> str:
        return self.name


class ConsentState(models.TextChoices):
    GRANTED = "granted", _("Allowed")
    DENIED = "denied", _("Refused")


class Consent(models.Model):
    """A customer's latest word on one category by one channel. Earlier words are `Consent Changed` events."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    channel = models.CharField(max_length=12, choices=Channel.choices)
    state = models.CharField(max_length=8, choices=ConsentState.choices)
    source = models.CharField(max_length=40, help_text="preference_page, one_click, api, import, form, reply")
    proof = models.CharField(
        max_length=500, blank=True, help_text="The wording agreed to, or where it is kept."
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "category", "channel"], name="consent_once"),
            models.CheckConstraint(condition=Q(state__in=ConsentState.values), name="consent_state_known"),
        ]


class Fact(models.Model):
    """Something learned about a customer's situation, with the event it came from.

    `topic` is the slug of the need that it belongs to, or empty for the person as such.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="facts")
    topic = models.CharField(max_length=60, blank=True)
    key = models.CharField(max_length=60)
    value = models.JSONField()
    source_event_id = models.BigIntegerField(null=True)
    learned_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "topic", "key"], name="fact_once")]
