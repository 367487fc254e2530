"""Nudges: written, activated, paused, put away."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource, created, gone
from nudges.api.nudge_shapes import NudgeChange, NudgeIn, NudgeOut, NudgeQuery, PlaceQuery
from nudges.approvals import waiting_nudges
from nudges.composing import CannotChange, change_status, save_nudge
from nudges.models import Nudge, NudgeContent, NudgeStatus
from nudges.variants import tried
from nudges.varying import end_variants, save_variants
from nudges.writing import delete_content, save_content

NUDGES = Nudge.objects.select_related("category", "trigger_need", "workspace").prefetch_related("contents")


class NudgeResource(Resource):
    """What reading and writing nudges share."""

    def save(self, nudge: Nudge, values: dict[str, Any]) -> Nudge:
        """Save a nudge and the words given with it, all or nothing; Problem for what the domain refuses."""
        contents, variants = values.pop("contents", []), values.pop("variants", None)
        try:
            with transaction.atomic():
                saved = save_nudge(nudge=nudge, values=values, actor=self.key, now=self.now)
                if variants:
                    saved = save_variants(nudge=saved, variants=variants, actor=self.key, now=self.now)
                elif variants == [] and tried(saved):
                    saved = end_variants(nudge=saved, key="", actor=self.key, now=self.now)
                for words in contents:
                    save_content(
                        nudge=saved,
                        channel=words.pop("channel"),
                        language=words.pop("language"),
                        variant=words.pop("variant", ""),
                        values=words,
                        actor=self.key,
                        now=self.now,
                    )
        except CannotChange as error:
            raise refused(error) from error
        return self.find(NUDGES, pk=saved.pk)


class Nudges(NudgeResource):
    """/nudges"""

    required_scopes = {"GET": "nudges:read", "POST": "nudges:write"}

    @extend_schema(
        operation_id="list_nudges",
        summary="List nudges, newest first",
        parameters=[NudgeQuery],
        responses=NudgeOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.filters(NudgeQuery)
        if "category" in filters:
            filters["category__slug"] = filters.pop("category")
        rows = NUDGES
        if "waits_for_approval" in filters:
            rows = waiting_nudges(rows, waits=filters.pop("waits_for_approval"))
        return self.page(rows.filter(workspace=self.workspace, **filters), NudgeOut)

    @extend_schema(
        operation_id="create_nudge",
        summary="Write a nudge",
        description="It is a draft until it is activated.",
        request=NudgeIn,
        responses={201: NudgeOut},
    )
    @once
    def post(self, request: Request) -> Response:
        nudge = self.save(Nudge(workspace=self.workspace), self.check(NudgeIn))
        return created(NudgeOut(nudge).data, f"/api/v1/nudges/{nudge.pk}")


class OneNudge(NudgeResource):
    """/nudges/{id}"""

    required_scopes = {"GET": "nudges:read", "PATCH": "nudges:write"}

    @extend_schema(operation_id="get_nudge", summary="Read a nudge with its words", responses=NudgeOut)
    def get(self, request: Request, nudge_id: int) -> Response:
        return Response(NudgeOut(self.find(NUDGES, pk=nudge_id)).data)

    @extend_schema(
        operation_id="change_nudge",
        summary="Change a nudge",
        description="What was decided before keeps what it was decided on.",
        request=NudgeChange,
        responses=NudgeOut,
    )
    def patch(self, request: Request, nudge_id: int) -> Response:
        nudge = self.find(NUDGES, pk=nudge_id)
        return Response(NudgeOut(self.save(nudge, self.check(NudgeChange))).data)


class NudgeWords(Resource):
    """/nudges/{id}/contents/{channel}/{language}"""

    required_scopes = {"DELETE": "nudges:write"}

    @extend_schema(
        operation_id="delete_nudge_words",
        summary="Take away the words for one channel and language",
        parameters=[PlaceQuery],
        responses={204: None},
    )
    def delete(self, request: Request, nudge_id: int, channel: str, language: str) -> Response:
        contents = NudgeContent.objects.select_related("nudge")
        variant = self.filters(PlaceQuery).get("variant", "")
        content = self.find(contents, nudge_id=nudge_id, channel=channel, language=language, variant=variant)
        try:
            delete_content(content=content, actor=self.key, now=self.now)
        except CannotChange as error:
            raise Problem(409, "in_use", error.text) from error
        return gone()


class NudgeMove(Resource):
    """A change of a nudge's status."""

    required_scopes = {"POST": "nudges:write"}

    def go(self, status: NudgeStatus, nudge_id: int) -> Response:
        """Bring the nudge into the status, and answer with it as it now is."""
        nudge = self.find(NUDGES, pk=nudge_id)
        try:
            change_status(nudge=nudge, status=status, actor=self.key, now=self.now)
        except CannotChange as error:
            raise refused(error) from error
        return Response(NudgeOut(self.find(NUDGES, pk=nudge_id)).data)


class ActivateNudge(NudgeMove):
    """/nudges/{id}/activate"""

    @extend_schema(
        operation_id="activate_nudge", summary="Let a nudge speak", request=None, responses=NudgeOut
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        return self.go(NudgeStatus.ACTIVE, nudge_id)


class PauseNudge(NudgeMove):
    """/nudges/{id}/pause"""

    @extend_schema(
        operation_id="pause_nudge", summary="Keep a nudge silent for now", request=None, responses=NudgeOut
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        return self.go(NudgeStatus.PAUSED, nudge_id)


class ArchiveNudge(NudgeMove):
    """/nudges/{id}/archive"""

    @extend_schema(
        operation_id="archive_nudge", summary="Put a nudge away for good", request=None, responses=NudgeOut
    )
    @once
    def post(self, request: Request, nudge_id: int) -> Response:
        return self.go(NudgeStatus.ARCHIVED, nudge_id)


def refused(error: CannotChange) -> Problem:
    """What the domain refused: a state conflicts, a value is invalid."""
    if error.field == "status":
        return Problem(409, "wrong_state", error.text)
    return invalid([{"pointer": f"/{error.field}", "code": "invalid", "detail": error.text}])
