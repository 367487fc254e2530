"""What shapes of nudges and of flows have in common: for which need, and for whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from engagement.api.shapes import Body
from engagement.conditions import Problem, check_condition
from journeys.models import Need


def nested(problems: Iterable[Problem]) -> dict[str, Any]:
    """Problems of a condition as DRF nests errors: `all[0].within` is {"all": {"0": {"within": …}}}."""
    errors: dict[str, Any] = {}
    for problem in problems:
        place = errors
        for part in filter(None, problem.path.replace("[", ".").replace("]", "").split(".")):
            place = place.setdefault(part, {})
        place.setdefault("non_field_errors", []).append(problem.message)
    return errors


class StartShape(Body):
    """Something that a need may start, for those whom a condition fits."""

    def validate_trigger_need(self, slug: str | None) -> Need | None:
        if slug is None:
            return None
        need = Need.objects.filter(workspace=self.context["workspace"], slug=slug).first()
        if need is None:
            raise serializers.ValidationError(_("There is no need with this slug."), code="unknown")
        return need

    def validate_conditions(self, condition: dict[str, Any]) -> dict[str, Any]:
        return self.checked(condition)

    def checked(self, condition: dict[str, Any]) -> dict[str, Any]:
        if problems := check_condition(condition, workspace=self.context["workspace"]):
            raise serializers.ValidationError(nested(problems), code="bad_condition")
        return condition
