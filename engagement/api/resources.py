"""What every resource of the API has in common, on every floor."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponseBase
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from engagement.api.bodies import is_storable
from engagement.api.limits import KeyLimit
from engagement.api.pages import CursorPages, bad_parameter
from engagement.api.problems import Problem, flatten, invalid
from engagement.models import ApiKey, Workspace

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
PAGE_PARAMETERS = {"limit", "cursor"}

Row = TypeVar("Row", bound=Model)


class Resource(APIView):
    """A view of `/api/v1/`: names the scope that each method needs, and the `order` of its list.

    Every request is walked in this order: key, rate, scope, then the method.
    """

    required_scopes: ClassVar[Mapping[str, str]] = {}
    order: ClassVar[Sequence[str]] = ("-id",)
    throttle_classes = [KeyLimit]
    pagination_class = CursorPages
    format_kwarg = None  # JSON, whatever the path ends in
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    @property
    def key(self) -> ApiKey:
        """The key that asks."""
        assert isinstance(self.request.auth, ApiKey)
        return self.request.auth

    @property
    def workspace(self) -> Workspace:
        """The key's workspace: the bound of every query."""
        return self.key.workspace

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.now: datetime = timezone.now()
        request.request_id = _request_id(request)  # type: ignore[attr-defined]
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        self.check_throttles(request)
        self.check_permissions(request)
        _refuse_unstorable(request, kwargs)

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        answer: HttpResponseBase = super().finalize_response(
            request, cast(Response, response), *args, **kwargs
        )
        if rate := getattr(request, "rate", None):
            for name, value in rate.headers.items():
                answer[name] = value
        answer["X-Request-Id"] = getattr(request, "request_id", "") or _request_id(request)
        answer["Cache-Control"] = "no-store"
        return answer

    def find(self, rows: QuerySet[Row], **lookup: Any) -> Row:
        """The one row of this workspace, or 404, whoever else may have it."""
        row = rows.filter(workspace=self.workspace, **lookup).first()
        if row is None:
            raise Http404
        return row

    def check(self, shape: type[Serializer[Any]], *, partial: bool = False, **context: Any) -> dict[str, Any]:
        """The body's values, checked by `shape`; 422 naming each place that is wrong."""
        body = shape(data=self.request.data, partial=partial, context={"workspace": self.workspace} | context)
        if not body.is_valid():
            raise invalid(list(flatten(body.errors)))
        values: dict[str, Any] = body.validated_data
        return values

    def filters(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        """The query parameters' values, checked by `shape`; 400 naming each that is wrong or not known."""
        given = self.request.query_params
        known = [*shape().fields, *PAGE_PARAMETERS]
        for name in given:
            if name not in known:
                detail = f"This list has no filter “{name}”. Known are: {', '.join(known)}."
                raise bad_parameter(name, detail, "unknown")
        query = shape(data=given.dict())
        if not query.is_valid():
            errors = list(flatten(query.errors, key="parameter"))
            raise Problem(400, "bad_parameter", "A query parameter cannot be taken.", errors=errors)
        values: dict[str, Any] = query.validated_data
        return values

    def page(
        self,
        rows: QuerySet[Any],
        shape: type[BaseSerializer[Any]],
        prepare: Callable[[list[Any]], Mapping[str, Any]] | None = None,
    ) -> Response:
        """One page of `rows` in the view's order. `prepare` reads what the whole page needs, for the context."""
        pages = CursorPages()
        found = pages.paginate_queryset(rows, self.request, self)
        context = dict(prepare(found)) if prepare else {}
        return pages.get_paginated_response(shape(found, many=True, context=context).data)


class NoSuchResource(Resource):
    """Any path below `/api/v1/` that is not one of ours."""

    authentication_classes = []
    permission_classes = []
    schema = None

    def http_method_not_allowed(  # type: ignore[override]
        self, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        raise NotFound(f"There is no resource {request.path}; see /api/v1/docs/.")


def created(data: Any, location: str) -> Response:
    """201 with the new object and where it is."""
    return Response(data, status=status.HTTP_201_CREATED, headers={"Location": location})


def gone() -> Response:
    """204: it is no longer there."""
    return Response(status=status.HTTP_204_NO_CONTENT)


def _request_id(request: Request) -> str:
    sent = request.headers.get("X-Request-Id", "")
    return sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex


def _refuse_unstorable(request: Request, kwargs: Mapping[str, Any]) -> None:
    """A text that Postgres cannot keep names nothing."""
    if not all(is_storable(value) for value in kwargs.values() if isinstance(value, str)):
        raise Http404
    for name, values in request.query_params.lists():
        if not all(map(is_storable, [name, *values])):
            raise bad_parameter(name.replace("\x00", ""), "It holds a NUL or half a character.")
