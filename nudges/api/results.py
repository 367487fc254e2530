"""Whether it helped: what became of those whom nudges were meant for, beside the holdout."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.resources import Resource
from engagement.api.shapes import ObjectName, Out, Query
from nudges.models import Nudge
from nudges.results import COMPANYS, CUSTOMERS, OUTCOMES, SPANS, Results, read_results

WITHIN = [(span, f"{span} days") for span in SPANS]


class ResultsQuery(Query):
    """In how many days an outcome counts."""

    days = serializers.ChoiceField(WITHIN, required=False, help_text="7, 14 (as it is when left out) or 30.")


class DifferenceOut(Out):
    """Meant for − holdout; the true one lies between `low` and `high` 19 times out of 20, at all looks together."""

    difference = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class OutcomeOut(Out):
    """One outcome: the share of customers, or a mean."""

    outcome = serializers.ChoiceField(OUTCOMES)
    text = serializers.CharField(help_text="The outcome in words.")
    is_the_customers = serializers.BooleanField(help_text="Else the company's.")
    verdict = serializers.ChoiceField(["better", "worse", "open"])


class GroupsOut(Out):
    """Groups beside each other, each customer once; see docs/deciding.md."""

    days = serializers.IntegerField(help_text="In which an outcome counts.")
    mismatch = serializers.FloatField(
        help_text="How likely groups of these sizes are; below 0.001 don't trust them."
    )


class EffectOut(OutcomeOut):
    """One outcome of both groups."""

    treated = serializers.FloatField(allow_null=True, help_text="Null: nobody is in the group.")
    held_out = serializers.FloatField(
        allow_null=True, help_text="Null: nobody is in the group, or the holdout can't have it."
    )
    interval = DifferenceOut(allow_null=True, help_text="Null: not to be compared, or too few.")


class NudgeResultsOut(GroupsOut):
    """Both groups, each customer once; see docs/deciding.md."""

    object = ObjectName("results")
    nudge = serializers.IntegerField(allow_null=True, help_text="Null: all nudges together.")
    since = serializers.DateTimeField(help_text="When the holdout was last changed; 180 days ago at most.")
    treated = serializers.IntegerField(help_text="Customers whom it was meant for.")
    got = serializers.IntegerField(help_text="Of them got something; the others met a limit.")
    held_out = serializers.IntegerField()
    effects = EffectOut(many=True)


class AllResults(Resource):
    """/nudges/results"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="get_results",
        summary="Say whether all nudges together helped",
        parameters=[ResultsQuery],
        responses=NudgeResultsOut,
    )
    def get(self, request: Request) -> Response:
        return answer(self, None)


class NudgeResults(Resource):
    """/nudges/{id}/results"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(
        operation_id="get_nudge_results",
        summary="Say whether one nudge helped",
        parameters=[ResultsQuery],
        responses=NudgeResultsOut,
    )
    def get(self, request: Request, nudge_id: int) -> Response:
        return answer(self, self.find(Nudge.objects.all(), pk=nudge_id))


def answer(resource: Resource, nudge: Nudge | None) -> Response:
    found = read_results(resource.workspace, nudge=nudge, days=asked_days(resource), now=resource.now)
    return Response(NudgeResultsOut(shown(found, nudge)).data)


def asked_days(resource: Resource) -> int:
    """In how many days an outcome counts, as asked."""
    return int(resource.filters(ResultsQuery).get("days", SPANS[1]))


def shown_outcome(outcome: str) -> dict[str, Any]:
    """Which outcome it is, in words, and whose."""
    text = (CUSTOMERS | COMPANYS)[outcome]
    return {"outcome": outcome, "text": str(text), "is_the_customers": outcome in CUSTOMERS}


def shown(found: Results, nudge: Nudge | None) -> dict[str, Any]:
    effects = [
        shown_outcome(outcome)
        | {
            "treated": effect.treated,
            "held_out": effect.base,
            "interval": effect.interval and effect.interval._asdict(),
            "verdict": effect.verdict,
        }
        for outcome in OUTCOMES
        for effect in [found.effects[outcome]]
    ]
    names = ("since", "days", "treated", "got", "held_out", "mismatch")
    return {name: getattr(found, name) for name in names} | {"nudge": nudge and nudge.pk, "effects": effects}
