"""Variants of a nudge's words: which helps more, and one for everybody."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.resources import Resource
from engagement.api.shapes import ObjectName
from nudges.api.nudge_shapes import NudgeOut
from nudges.api.nudges import NUDGES, refused
from nudges.api.results import DifferenceOut, GroupsOut, OutcomeOut, ResultsQuery, asked_days, shown_outcome
from nudges.api.variant_shapes import VariantOut
from nudges.comparisons import Comparison, compare_variants
from nudges.composing import CannotChange
from nudges.models import Nudge
from nudges.results import OUTCOMES, Arm, Effect
from nudges.variants import Variant
from nudges.varying import end_variants


class ArmOut(OutcomeOut):
    """One outcome of the customers of a variant."""

    value = serializers.FloatField(allow_null=True, help_text="Null: nobody is in the group.")
    interval = DifferenceOut(
        allow_null=True,
        help_text="This variant − the first one. Null: it is the first, they are too few, or the groups are not of the "
        "sizes that chance makes.",
    )


class ComparedOut(VariantOut):
    """A variant with its customers."""

    customers = serializers.IntegerField(help_text="For whom it was chosen.")
    got = serializers.IntegerField(help_text="Of them got something.")
    outcomes = ArmOut(many=True)


class ComparisonOut(GroupsOut):
    """The variants of a nudge's words beside each other, each customer once; see docs/deciding.md."""

    object = ObjectName("comparison")
    nudge = serializers.IntegerField()
    since = serializers.DateTimeField(
        allow_null=True,
        help_text="When words or shares were last changed; 180 days ago at most. Null: no variants.",
    )
    until = serializers.DateTimeField(allow_null=True, help_text="When the test ended; null: it runs.")
    variants = ComparedOut(many=True)


class NudgeVariants(Resource):
    """/nudges/{id}/variants"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="compare_nudge_variants",
        summary="Say which words of a nudge help more",
        parameters=[ResultsQuery],
        responses=ComparisonOut,
    )
    def get(self, request: Request, nudge_id: int) -> Response:
        nudge = self.find(Nudge.objects.select_related("workspace"), pk=nudge_id)
        days = asked_days(self)
        found = compare_variants(nudge, days=days, now=self.now)
        return Response(ComparisonOut(shown(found, days) | {"nudge": nudge.pk}).data)


class ChooseVariant(Resource):
    """/nudges/{id}/variants/{variant}/choose"""

    required_scopes = {"POST": "nudges:write"}

    @extend_schema(
        operation_id="choose_nudge_variant",
        summary="Give everybody the words of one variant",
        description="The test ends: its words take the place of the plain ones, the words of the others are deleted.",
        request=None,
        responses=NudgeOut,
    )
    @once
    def post(self, request: Request, nudge_id: int, variant: str) -> Response:
        nudge = self.find(NUDGES, pk=nudge_id)
        if variant not in {one["key"] for one in nudge.variants}:
            raise Http404
        try:
            end_variants(nudge=nudge, key=variant, actor=self.key, now=self.now)
        except CannotChange as error:
            raise refused(error) from error
        return Response(NudgeOut(self.find(NUDGES, pk=nudge_id)).data)


def shown(found: Comparison | None, days: int) -> dict[str, Any]:
    if found is None:
        return {"since": None, "until": None, "days": days, "mismatch": 1.0, "variants": []}
    names = ("since", "until", "days", "mismatch")
    variants = [
        shown_variant(variant, arm, {} if place == 0 else {o: e[place - 1] for o, e in found.effects.items()})
        for place, (variant, arm) in enumerate(found.arms)
    ]
    return {name: getattr(found, name) for name in names} | {"variants": variants}


def shown_variant(variant: Variant, arm: Arm, effects: dict[str, Effect]) -> dict[str, Any]:
    """`effects` beside the first variant; empty of the first itself."""
    outcomes = []
    for outcome in OUTCOMES:
        effect = effects.get(outcome)
        outcomes.append(
            shown_outcome(outcome)
            | {
                "value": arm.mean(outcome),
                "interval": effect.interval._asdict() if effect and effect.interval else None,
                "verdict": effect.verdict if effect else "open",
            }
        )
    told = variant._asdict() | {"ended_at": variant.ended_at or None}
    return told | {"customers": arm.customers, "got": arm.got, "outcomes": outcomes}
