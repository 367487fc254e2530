"""Shapes of guides as they are asked for, sent and answered."""

from __future__ import annotations

from rest_framework import serializers

from engagement.api.shapes import Body, ObjectName, Out, Query
from journeys.models import GuideStatus, Stage


class GuideChange(Body):
    """What may be changed of a guide. What is left out stays as it is."""

    need = serializers.SlugField(max_length=60, required=False, help_text="The need's slug.")
    stage = serializers.ChoiceField(Stage.choices, required=False)
    language = serializers.RegexField(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=16, required=False)
    slug = serializers.SlugField(max_length=80, required=False)
    title = serializers.CharField(max_length=200, required=False)
    summary = serializers.CharField(max_length=500, required=False, allow_blank=True)
    blocks = serializers.ListField(
        child=serializers.DictField(),
        max_length=60,
        required=False,
        help_text="Each {kind: text | checklist | comparison | not_for | care | changed | question | situation, …}.",
    )
    conditions = serializers.DictField(
        required=False, help_text="For whom it stands in place of the general one; {} is the general one."
    )
    stale_after_days = serializers.IntegerField(min_value=1, max_value=3_650, required=False)
    owner = serializers.EmailField(
        required=False, help_text="Of the team; is reminded when the guide is stale."
    )


class GuideIn(GuideChange):
    """A new guide: a draft until it is published."""

    need = serializers.SlugField(max_length=60, help_text="The need's slug.")
    stage = serializers.ChoiceField(Stage.choices)
    slug = serializers.SlugField(max_length=80)
    title = serializers.CharField(max_length=200)


class GuideOut(Out):
    """Honest help for one need at one stage in one language."""

    object = ObjectName("guide")
    id = serializers.IntegerField()
    need = serializers.CharField(source="need.slug")
    stage = serializers.ChoiceField(Stage.choices)
    language = serializers.CharField()
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    blocks = serializers.ListField(child=serializers.DictField())
    conditions = serializers.DictField()
    status = serializers.ChoiceField(GuideStatus.choices)
    publish_at = serializers.DateTimeField(allow_null=True, help_text="When the scheduled version goes out.")
    version = serializers.IntegerField(help_text="Of what is written; raised by every save.")
    published_version = serializers.IntegerField(allow_null=True, help_text="What readers see.")
    verified_on = serializers.DateField(allow_null=True)
    stale_after_days = serializers.IntegerField()
    owner = serializers.CharField(
        source="owner.email", default=None, allow_null=True, help_text="Who looks after it."
    )
    published_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class GuideQuery(Query):
    """Filters of the list."""

    need = serializers.CharField(max_length=60, required=False, help_text="The need's slug.")
    stage = serializers.ChoiceField(Stage.choices, required=False)
    language = serializers.CharField(max_length=16, required=False)
    status = serializers.ChoiceField(GuideStatus.choices, required=False)
    slug = serializers.CharField(max_length=80, required=False)
