"""Lists, a page at a time: by key, never by offset, so that a page costs the same wherever it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.db.models import Field, Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.problems import Problem
from engagement.models import ApiKey
from engagement.signing import BadToken, sign, unsign

if TYPE_CHECKING:
    # DRF imports this module while it makes APIView.
    from rest_framework.views import APIView

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
CURSOR_AGE = timedelta(days=30)


class CursorPages(BasePagination):
    """{"object": "list", "data", "has_more", "next_cursor"}, in the order that the view names in `order`.

    `order` are fields of the rows, all rising or all falling ("-"), never null, the last one unique. A cursor holds the
    last row's values, signed, and belongs to one list with one set of filters: rows that are added while somebody
    turns pages neither repeat nor hide others.
    """

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        order: Sequence[str] = getattr(view, "order", ("-id",))
        limit = read_limit(request)
        rows = queryset.order_by(*order)
        if (values := read_cursor(request, order)) is not None:
            rows = rows.filter(_beyond(queryset.model, order, values))
        found = list(rows[: limit + 1])
        self.has_more = len(found) > limit
        page = found[:limit]
        self.next_cursor = make_cursor(request, order, _values(page[-1], order)) if self.has_more else None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {"object": "list", "data": data, "has_more": self.has_more, "next_cursor": self.next_cursor}
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["object", "data", "has_more", "next_cursor"],
            "properties": {
                "object": {"type": "string", "const": "list"},
                "data": schema,
                "has_more": {"type": "boolean"},
                "next_cursor": {
                    "type": ["string", "null"],
                    "description": "Send as `cursor` for the next page.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                "description": "Rows a page.",
            },
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string", "minLength": 1},
                "description": "The `next_cursor` of the page before, with the same filters.",
            },
        ]


def read_limit(request: Request) -> int:
    """The `limit` asked for, 1 to 100."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise bad_parameter("limit", _("Write a whole number from 1 to {most}.").format(most=MAX_LIMIT))


def bad_parameter(name: str, detail: str, code: str = "invalid") -> Problem:
    """A query parameter that cannot be taken."""
    errors = [{"parameter": name, "code": code, "detail": detail}]
    return Problem(400, "bad_parameter", _("A query parameter cannot be taken."), errors=errors)


def _place(request: Request, order: Sequence[str]) -> str:
    """What a cursor belongs to: the workspace, the list, its order and its filters."""
    assert isinstance(request.auth, ApiKey)
    filters = sorted(
        (name, value)
        for name, values in request.query_params.lists()
        if name not in ("cursor", "limit")
        for value in values
    )
    text = repr((request.auth.workspace_id, request.path, list(order), filters))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def make_cursor(request: Request, order: Sequence[str], values: Sequence[Any]) -> str:
    """The `next_cursor` after a row with these values: numbers and moments."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return sign("cursor", {"p": _place(request, order), "v": plain})


def read_cursor(request: Request, order: Sequence[str]) -> list[Any] | None:
    """The values in the request's cursor, moments as ISO text; None without a cursor, Problem for a wrong one."""
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return None
    try:
        payload = unsign("cursor", cursor, max_age=CURSOR_AGE)
    except (BadToken, ValueError) as error:
        detail = _("This cursor is not ours or has expired; start without one.")
        raise bad_parameter("cursor", detail) from error
    if payload.get("p") != _place(request, order):
        detail = _("This cursor is from another list or other filters; start without one.")
        raise bad_parameter("cursor", detail)
    values: list[Any] = payload["v"]
    return values


def _values(row: Model, order: Sequence[str]) -> list[Any]:
    return [getattr(row, name.removeprefix("-")) for name in order]


def _beyond(model: type[Model], order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after `values`: (a, b) > (x, y), written so that the index on (a, b) is entered at the right place."""
    comparison = "lt" if order[0].startswith("-") else "gt"
    names = [name.removeprefix("-") for name in order]
    fields = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in names]
    typed = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    beyond = Q(**{f"{names[-1]}__{comparison}": typed[-1]})
    for name, value in zip(names[-2::-1], typed[-2::-1], strict=True):
        beyond = Q(**{f"{name}__{comparison}e": value}) & (Q(**{f"{name}__{comparison}": value}) | beyond)
    return beyond
