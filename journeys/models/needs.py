"""Needs, each customer's place in them, and the changes of place."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Customer, Workspace


class Stage(models.TextChoices):
    """Where a customer stands with a need, in the order of the journey."""

    NONE = "none", _("Not started")
    AWARENESS = "awareness", _("Need awareness")
    SHORTLIST = "shortlist", _("Shortlist")
    PURCHASE = "purchase", _("Purchase")
    POST_PURCHASE = "post_purchase", _("Post-purchase")


# The stages at which somebody is under way.
JOURNEY = [stage for stage in Stage if stage != Stage.NONE]


class Need(models.Model):
    """What customers of this workspace may be trying to solve, and which events speak of it.

    `rules` holds {"categories": [...], "skus": [...], "search_terms": [...], "page_topics": [...]}, each a list of
    strings compared without regard to case; an event belongs to the need when any one of them matches.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="needs")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    rules = models.JSONField(default=dict)
    context_attributes = models.JSONField(
        default=list,
        blank=True,
        help_text='[{"key", "label", "purpose", "options": [...]}]: what is asked about the situation, and why.',
    )
    fit_question = models.CharField(
        max_length=200, blank=True, help_text="Asked in a review: did it fit the need?"
    )
    fit_options = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(
        default=1, help_text="Raised by every change of rules; makes a rebuild due."
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="need_once")]

    def __str__(self) -> str:
        return self.name


class EvidenceWeight(models.Model):
    """How strongly one event speaks for one stage: a log-likelihood weight that a marketer can change.

    `need` empty: for all needs of the workspace; a row with a need takes its place there.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    need = models.ForeignKey(Need, on_delete=models.CASCADE, null=True, blank=True)
    signal = models.CharField(max_length=80, help_text="An event's name in lower case, or a derived signal.")
    stage = models.CharField(max_length=16, choices=Stage.choices)
    weight = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "need", "signal", "stage"], name="evidence_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(weight__gte=-10, weight__lte=10), name="evidence_weight_bounded"
            ),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="evidence_stage_known"),
        ]


class CustomerNeed(models.Model):
    """One need of one customer: its stage as shown, the belief behind it, and the evidence.

    `beliefs` are the probabilities of the five stages in their order at `as_of`. A second need of the same kind after
    the first was closed is a new row with the next `sequence`.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="needs")
    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="instances")
    sequence = models.PositiveSmallIntegerField(default=1)
    stage = models.CharField(max_length=16, choices=Stage.choices, default=Stage.NONE)
    stage_since = models.DateTimeField()
    probability = models.FloatField(default=0, help_text="Of the stage shown, at as_of.")
    beliefs = ArrayField(models.FloatField(), size=5)
    as_of = models.DateTimeField()
    evidence = models.JSONField(
        default=list, help_text="The events that mattered most: [{event_id, name, at, weight}]."
    )
    state = models.JSONField(
        default=dict, help_text="What the filter remembers beside beliefs: products seen, days."
    )
    opened_at = models.DateTimeField()
    dormant_since = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True, help_text="The customer said: not now.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.CharField(
        max_length=30,
        blank=True,
        help_text="not_relevant, lapsed, resolved; merged, retold: there is no such need.",
    )
    due_at = models.DateTimeField(
        null=True, help_text="When silence alone will change it: it lapses, sleeps, closes."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "need"], condition=Q(closed_at=None), name="one_open_need_of_a_kind"
            ),
            models.UniqueConstraint(fields=["customer", "need", "sequence"], name="need_sequence_once"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="need_stage_known"),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1), name="need_probability"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_reason="")
                | (Q(closed_at__isnull=False) & ~Q(closed_reason="")),
                name="closed_need_says_why",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "need", "stage"], condition=Q(closed_at=None), name="needs_by_stage"
            ),
            models.Index(fields=["due_at"], condition=Q(closed_at=None), name="needs_due"),
        ]


class StageChange(models.Model):
    """A need's shown stage moved, and the events that moved it. Unconsidered rows are the nudges' queue."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    customer_need = models.ForeignKey(CustomerNeed, on_delete=models.CASCADE, related_name="changes")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    from_stage = models.CharField(max_length=16, choices=Stage.choices)
    to_stage = models.CharField(max_length=16, choices=Stage.choices)
    probability = models.FloatField()
    at = models.DateTimeField(help_text="When the deciding event occurred.")
    recorded_at = models.DateTimeField()
    evidence = models.JSONField(default=list)
    superseded_at = models.DateTimeField(null=True, blank=True, help_text="A late event changed the story.")
    considered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_stage=models.F("to_stage")), name="stage_change_changes"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(considered_at=None), name="stage_change_due"),
            models.Index(fields=["customer", "-at"], name="stage_change_timeline"),
            models.Index(fields=["workspace", "-at"], name="stage_change_recent"),
        ]


class ReadingPosition(models.Model):
    """How far inference has read one customer's events (ids of one customer rise in commit order), and by which rules.

    `told_version` is the sum of the versions of the workspace's needs: where it differs from today's sum, the
    customer's needs are to be told again from their log.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    last_event_id = models.BigIntegerField(default=0)
    told_version = models.BigIntegerField(default=0)
    unheard_until = models.DateTimeField(
        null=True, help_text="Time of the last sign that left no trace: what comes in before it is late."
    )

    class Meta:
        indexes = [models.Index(fields=["workspace", "told_version"], name="told_by_version")]
