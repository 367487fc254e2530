"""Needs as the workspace defines them: which events speak of each, and what is asked about the situation."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource, created, gone
from engagement.api.shapes import Body, ObjectName, Out, Query
from journeys.attributes import KINDS, MOST_ATTRIBUTES
from journeys.defining import BadAttributes, NeedInUse, SlugTaken, delete_need, save_need
from journeys.models import Need


class RulesShape(Body):
    """Which events belong to the need: any one of these, compared without regard to case."""

    categories = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=500, required=False
    )
    skus = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=5_000, required=False
    )
    search_terms = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=500, required=False
    )
    page_topics = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=500, required=False
    )


class AttributeShape(Body):
    """One thing that is asked about the customer's situation."""

    key = serializers.SlugField(max_length=60)
    label = serializers.CharField(max_length=120, required=False)  # type: ignore[assignment]
    purpose = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="Why it is asked, in a plain sentence."
    )
    kind = serializers.ChoiceField(
        list(KINDS),
        required=False,
        help_text="nominal, ordinal, set (several), yes_no, numeric. Left out: nominal with options, else numeric.",
    )
    options = serializers.ListField(
        child=serializers.CharField(max_length=120),
        max_length=50,
        required=False,
        help_text="Written out by us for yes_no and for numeric with cuts.",
    )
    cuts = serializers.ListField(
        child=serializers.FloatField(),
        max_length=12,
        required=False,
        help_text="Limits between the bins of a numeric one, rising.",
    )
    unit = serializers.CharField(max_length=20, required=False, allow_blank=True)
    is_sensitive = serializers.BooleanField(
        required=False, help_text="Health, body: kept only with consent of its own."
    )


class NeedChange(Body):
    """What may be changed of a need. What is left out stays as it is."""

    slug = serializers.SlugField(max_length=60, required=False)
    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    rules = RulesShape(required=False)
    context_attributes = serializers.ListField(
        child=AttributeShape(), max_length=MOST_ATTRIBUTES, required=False
    )
    fit_question = serializers.CharField(max_length=200, required=False, allow_blank=True)
    fit_options = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=10, required=False
    )
    is_active = serializers.BooleanField(required=False)
    position = serializers.IntegerField(min_value=0, max_value=32_767, required=False)


class NeedIn(NeedChange):
    """A new need. It stands last unless a position is given."""

    slug = serializers.SlugField(max_length=60)
    name = serializers.CharField(max_length=120)


class NeedOut(Out):
    """What customers may be trying to solve."""

    object = ObjectName("need")
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    rules = serializers.DictField()
    context_attributes = serializers.ListField(child=serializers.DictField())
    fit_question = serializers.CharField()
    fit_options = serializers.ListField(child=serializers.CharField())
    is_active = serializers.BooleanField()
    position = serializers.IntegerField()
    version = serializers.IntegerField(help_text="Raised by every change of what stages are inferred from.")


class NeedQuery(Query):
    """Filters of the list."""

    slug = serializers.CharField(max_length=60, required=False)
    is_active = serializers.BooleanField(required=False, default=None, allow_null=True)


class Needs(Resource):
    """/needs"""

    required_scopes = {"GET": "needs:read", "POST": "needs:write"}

    @extend_schema(
        operation_id="list_needs",
        summary="List needs, newest first",
        parameters=[NeedQuery],
        responses=NeedOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = {name: value for name, value in self.filters(NeedQuery).items() if value is not None}
        return self.page(Need.objects.filter(workspace=self.workspace, **filters), NeedOut)

    @extend_schema(
        operation_id="create_need", summary="Define a need", request=NeedIn, responses={201: NeedOut}
    )
    @once
    def post(self, request: Request) -> Response:
        need = _save(Need(workspace=self.workspace), self.check(NeedIn), self)
        return created(NeedOut(need).data, f"/api/v1/needs/{need.pk}")


class OneNeed(Resource):
    """/needs/{id}"""

    required_scopes = {"GET": "needs:read", "PATCH": "needs:write", "DELETE": "needs:write"}

    @extend_schema(operation_id="get_need", summary="Read a need", responses=NeedOut)
    def get(self, request: Request, need_id: int) -> Response:
        return Response(NeedOut(self.find(Need.objects.all(), pk=need_id)).data)

    @extend_schema(
        operation_id="change_need",
        summary="Change a need",
        description="Changed rules are applied to the customers' histories again.",
        request=NeedChange,
        responses=NeedOut,
    )
    def patch(self, request: Request, need_id: int) -> Response:
        need = self.find(Need.objects.select_related("workspace"), pk=need_id)
        return Response(NeedOut(_save(need, self.check(NeedChange), self)).data)

    @extend_schema(
        operation_id="delete_need",
        summary="Delete a need that nothing depends on",
        description="One that customers, guides or nudges have is put away with `is_active: false` instead.",
        responses={204: None},
    )
    def delete(self, request: Request, need_id: int) -> Response:
        need = self.find(Need.objects.select_related("workspace"), pk=need_id)
        try:
            delete_need(need=need, actor=self.key, now=self.now)
        except NeedInUse as error:
            raise Problem(409, "in_use", _("{error}; set is_active to false.").format(error=error)) from error
        return gone()


def _save(need: Need, values: dict[str, Any], view: Resource) -> Need:
    try:
        return save_need(need=need, values=values, actor=view.key, now=view.now)
    except BadAttributes as error:
        raise invalid(
            [
                {"pointer": f"/context_attributes/{place}/{field}", "code": "invalid", "detail": message}
                for place, field, message in error.faults
            ]
        ) from error
    except SlugTaken as error:
        raise Problem(409, "already_exists", _("Another need has this slug.")) from error
