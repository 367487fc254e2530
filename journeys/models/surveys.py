"""Surveys: one short question to customers, or a published scale, and what they answered, once in each round."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Customer, Workspace
from journeys.models.needs import Need


class SurveyKind(models.TextChoices):
    NPS = "nps", _("Would they recommend us? (NPS, 0–10)")
    CSAT = "csat", _("How satisfied are they? (CSAT, 1–5)")
    CES = "ces", _("Was it easy? (CES, 1–7)")
    OPEN = "open", _("One open question")
    ENGAGEMENT = "engagement", _("How engaged are they? (10 items, 1–7)")


class SurveyStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class Survey(models.Model):
    """What is asked of whom. Opening it again begins a new round, in which everybody may answer once more.

    `subject` is what the question is about: the company, a delivery, a brand. `themes` holds marketers' own groups of
    open answers: [{"name", "terms": [...]}].
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="surveys")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=SurveyKind.choices)
    need = models.ForeignKey(Need, on_delete=models.SET_NULL, null=True, blank=True, related_name="surveys")
    subject = models.CharField(max_length=120, blank=True)
    question = models.CharField(
        max_length=300, blank=True, help_text="In place of the published words; an open survey needs it."
    )
    follow_up = models.CharField(max_length=300, blank=True, help_text="The open question after the score.")
    conditions = models.JSONField(default=dict, blank=True, help_text="Who is asked; {} asks everyone.")
    themes = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=8, choices=SurveyStatus.choices, default=SurveyStatus.DRAFT)
    round = models.PositiveSmallIntegerField(default=0, help_text="0 until it was opened for the first time.")
    opened_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="survey_slug_once"),
            models.CheckConstraint(condition=Q(kind__in=SurveyKind.values), name="survey_kind_known"),
            models.CheckConstraint(condition=Q(status__in=SurveyStatus.values), name="survey_status_known"),
            models.CheckConstraint(
                condition=~Q(kind="open") | ~Q(question=""), name="open_survey_has_a_question"
            ),
            models.CheckConstraint(
                condition=~Q(status="open") | Q(round__gt=0, opened_at__isnull=False),
                name="open_survey_has_a_round",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SurveyAnswer(models.Model):
    """What one customer answered in one round: the figures in the order of the items, and their words."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="answers")
    round = models.PositiveSmallIntegerField()
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="survey_answers")
    scores = ArrayField(models.SmallIntegerField(), size=10, default=list, blank=True)
    comment = models.CharField(max_length=2000, blank=True)
    language = models.CharField(max_length=16, blank=True)
    collected_by = models.CharField(max_length=10, help_text="element, link or api")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "round", "customer"], name="answered_once_a_round"),
            models.CheckConstraint(condition=~Q(scores=[], comment=""), name="answer_says_something"),
            models.CheckConstraint(
                condition=Q(collected_by__in=["element", "link", "api"]), name="answer_way_known"
            ),
        ]
        indexes = [models.Index(fields=["survey", "round", "-at"], name="answers_of_round")]


class SurveyChange(models.Model):
    """Something that was tried because of what people answered, so that what they answer since shows whether it helped.

    `theme` is one of the survey's themes or a term that answers share; empty: the figure as a whole asked for it.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="changes")
    theme = models.CharField(max_length=120, blank=True)
    what = models.CharField(max_length=200)
    url = models.CharField(
        max_length=500, blank=True, help_text="Where it is tested: a nudge's page, a ticket."
    )
    since = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-since", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(what=""), name="survey_change_says_what"),
            models.UniqueConstraint(fields=["survey", "theme", "what", "since"], name="survey_change_once"),
        ]
