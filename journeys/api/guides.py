"""Guides: written, published and taken back. `If-Match` keeps two writers from overwriting each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource, created
from journeys.api.guide_shapes import GuideChange, GuideIn, GuideOut, GuideQuery
from journeys.guides import (
    BadGuide,
    GuideChanged,
    archive_guide,
    publish_guide,
    save_guide,
    unpublish_guide,
    verify_guide,
)
from journeys.models import Guide, Need

GUIDES = Guide.objects.select_related("need", "workspace", "owner")
ETAG = re.compile(r'(?:W/)?"v(\d{1,9})"')
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description='The ETag that you read, such as "v3": refused with 412 when the guide was saved since.',
)


class GuideResource(Resource):
    """What reading and writing guides share."""

    def answer(self, guide: Guide) -> Response:
        """The guide with its ETag."""
        return Response(GuideOut(guide).data, headers={"ETag": f'"v{guide.version}"'})

    def save(self, values: dict[str, Any], guide: Guide | None = None) -> Guide:
        """Save through the domain; Problem for what it refuses."""
        if "need" in values:
            values["need"] = self._need(values["need"])
        if "owner" in values:
            values["owner"] = self._member(values["owner"])
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

    def _member(self, email: str) -> User:
        team = User.objects.filter(memberships__workspace=self.workspace, email__iexact=email)
        member = team.order_by("pk").first()
        if member is None:
            detail = _("Nobody of the team has this address; invite them first.")
            raise invalid([{"pointer": "/owner", "code": "unknown", "detail": detail}])
        return member

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
