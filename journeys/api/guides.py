"""Guides: written, published and taken back. `If-Match` keeps two writers from overwriting each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource, created
from engagement.api.shapes import Body, ObjectName, Out, Query
from journeys.guides import (
    BadGuide,
    GuideChanged,
    archive_guide,
    publish_guide,
    save_guide,
    unpublish_guide,
    verify_guide,
)
from journeys.models import Guide, GuideStatus, Need, Stage

GUIDES = Guide.objects.select_related("need", "workspace")
ETAG = re.compile(r'(?:W/)?"v(\d{1,9})"')
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description='The ETag that you read, such as "v3": refused with 412 when the guide was saved since.',
)


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
        help_text="Each {kind: text | checklist | comparison | not_for | care | changed | question, …}.",
    )
    conditions = serializers.DictField(
        required=False, help_text="For whom it stands in place of the general one; {} is the general one."
    )
    stale_after_days = serializers.IntegerField(min_value=1, max_value=3_650, required=False)


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


class GuideResource(Resource):
    """What reading and writing guides share."""

    def answer(self, guide: Guide) -> Response:
        """The guide with its ETag."""
        return Response(GuideOut(guide).data, headers={"ETag": f'"v{guide.version}"'})

    def save(self, values: dict[str, Any], guide: Guide | None = None) -> Guide:
        """Save through the domain; Problem for what it refuses."""
        if "need" in values:
            values["need"] = self._need(values["need"])
        try:
            return save_guide(
                workspace=self.workspace,
                values=values,
                guide=guide,
                expected_version=self._expected_version(),
                actor=self.key,
                now=self.now,
            )
        except GuideChanged as error:
            raise Problem(
                412, "changed_meanwhile", _("Read it again: {error}.").format(error=error)
            ) from error
        except BadGuide as error:
            raise _bad(error) from error

    def _need(self, slug: str) -> Need:
        need = Need.objects.filter(workspace=self.workspace, slug=slug).first()
        if need is None:
            detail = _("There is no need with this slug.")
            raise invalid([{"pointer": "/need", "code": "unknown", "detail": detail}])
        return need

    def _expected_version(self) -> int | None:
        header = self.request.headers.get("If-Match", "*").strip()
        if header == "*":
            return None
        if match := ETAG.fullmatch(header):
            return int(match[1])
        detail = _('Send the ETag as you got it, such as "v3".')
        errors = [{"header": "If-Match", "code": "invalid", "detail": detail}]
        raise Problem(400, "bad_header", detail, errors=errors)


class Guides(GuideResource):
    """/guides"""

    required_scopes = {"GET": "guides:read", "POST": "guides:write"}

    @extend_schema(
        operation_id="list_guides",
        summary="List guides, newest first",
        parameters=[GuideQuery],
        responses=GuideOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.filters(GuideQuery)
        if "need" in filters:
            filters["need__slug"] = filters.pop("need")
        return self.page(GUIDES.filter(workspace=self.workspace, **filters), GuideOut)

    @extend_schema(
        operation_id="create_guide", summary="Write a guide", request=GuideIn, responses={201: GuideOut}
    )
    @once
    def post(self, request: Request) -> Response:
        guide = self.save(self.check(GuideIn))
        answer = created(GuideOut(guide).data, f"/api/v1/guides/{guide.pk}")
        answer["ETag"] = f'"v{guide.version}"'
        return answer


class OneGuide(GuideResource):
    """/guides/{id}"""

    required_scopes = {"GET": "guides:read", "PATCH": "guides:write"}

    @extend_schema(operation_id="get_guide", summary="Read a guide as it is written", responses=GuideOut)
    def get(self, request: Request, guide_id: int) -> Response:
        return self.answer(self.find(GUIDES, pk=guide_id))

    @extend_schema(
        operation_id="change_guide",
        summary="Change a guide",
        description="What readers see stays until it is published again.",
        parameters=[IF_MATCH],
        request=GuideChange,
        responses=GuideOut,
    )
    def patch(self, request: Request, guide_id: int) -> Response:
        guide = self.find(GUIDES, pk=guide_id)
        return self.answer(self.save(self.check(GuideChange), guide))


class GuideMove(GuideResource):
    """A change of a guide's status."""

    required_scopes = {"POST": "guides:write"}

    def go(self, move: Callable[..., Guide], guide_id: int) -> Response:
        """Make the move, and answer with the guide as it now is."""
        guide = self.find(GUIDES, pk=guide_id)
        try:
            move(guide=guide, actor=self.key, now=self.now)
        except BadGuide as error:
            raise _bad(error) from error
        return self.answer(self.find(GUIDES, pk=guide_id))


class PublishGuide(GuideMove):
    """/guides/{id}/publish"""

    @extend_schema(
        operation_id="publish_guide",
        summary="Show a guide as it is now to readers",
        request=None,
        responses=GuideOut,
    )
    @once
    def post(self, request: Request, guide_id: int) -> Response:
        return self.go(publish_guide, guide_id)


class UnpublishGuide(GuideMove):
    """/guides/{id}/unpublish"""

    @extend_schema(
        operation_id="unpublish_guide",
        summary="Take a guide away from readers",
        request=None,
        responses=GuideOut,
    )
    @once
    def post(self, request: Request, guide_id: int) -> Response:
        return self.go(unpublish_guide, guide_id)


class ArchiveGuide(GuideMove):
    """/guides/{id}/archive"""

    @extend_schema(operation_id="archive_guide", summary="Put a guide away", request=None, responses=GuideOut)
    @once
    def post(self, request: Request, guide_id: int) -> Response:
        return self.go(archive_guide, guide_id)


class VerifyGuide(GuideMove):
    """/guides/{id}/verify"""

    @extend_schema(
        operation_id="verify_guide",
        summary="Say that a guide was read again today and holds",
        request=None,
        responses=GuideOut,
    )
    @once
    def post(self, request: Request, guide_id: int) -> Response:
        verify_guide(guide=self.find(GUIDES, pk=guide_id), on=self.now.date(), actor=self.key, now=self.now)
        return self.answer(self.find(GUIDES, pk=guide_id))


def _bad(error: BadGuide) -> Problem:
    return invalid(
        [
            {
                "pointer": "/" + problem.path.replace(".", "/") if problem.path else "",
                "code": "invalid",
                "detail": problem.message,
            }
            for problem in error.problems
        ]
    )
