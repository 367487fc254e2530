"""The OpenAPI document: made from the views once a process, served with a page to read it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from engagement.api.idempotency import MAX_KEY
from engagement.api.problems import CONTENT_TYPE
from engagement.api.shapes import ProblemOut

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": r"^[!-~]+$"},
    "description": "Repeat a request with the same key, and it acts once and is answered the same for 24 hours.",
}
PROBLEMS = {
    "400": "A parameter, a header or the JSON itself cannot be read",
    "401": "No key, or one that is not known",
    "403": "The key lacks the scope",
    "404": "No such object in the key's workspace",
    "409": "It conflicts with what is there, or is still running",
    "413": "The body is too large",
    "415": "The body is not application/json",
    "422": "A value breaks a rule; `errors` names each",
    "429": "Too many requests; see Retry-After",
    "503": "The database is away; try again",
}
OF_BODIES = {"413", "415", "422"}


class ApiSchema(AutoSchema):
    """Adds to every operation what the frame does for it: refusals, the scope, the Idempotency-Key."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(
            path, path_regex, path_prefix, method, registry
        )
        if operation is None:
            return None
        problem = self.resolve_serializer(ProblemOut, "response").ref
        for status in self._possible_problems(path, method):
            operation["responses"].setdefault(
                status, {"description": PROBLEMS[status], "content": {CONTENT_TYPE: {"schema": problem}}}
            )
        # Either of them, not both.
        operation["security"] = [{name: []} for names in operation.get("security", []) for name in names]
        if method == "POST":
            operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        if scope := getattr(self.view, "required_scopes", {}).get(method):
            operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`".strip()
        return operation

    def get_description(self) -> str:  # type: ignore[override]
        return ""  # a view's docstring is for those who read the code

    @staticmethod
    def _possible_problems(path: str, method: str) -> list[str]:
        left_out = set()
        if method in ("GET", "DELETE"):
            left_out |= OF_BODIES
        if method == "GET":
            left_out |= {"409"}
        if "{" not in path:
            left_out |= {"404"}
        return [status for status in PROBLEMS if status not in left_out]


class KeyScheme(OpenApiAuthenticationExtension):
    """How KeyAuthentication is written in the document."""

    target_class = "engagement.api.keys.KeyAuthentication"
    name = ["bearerKey", "basicKey"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "A secret key: `sk_…`"},
            {"type": "http", "scheme": "basic", "description": "The secret key as user name, no password"},
        ]


def only_this_api(endpoints: Iterable[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Leave other doors' views out of the document (drf-spectacular's PREPROCESSING_HOOKS)."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def forbid_unknown_fields(result: dict[str, Any], **_others: Any) -> dict[str, Any]:
    """Say that bodies take no other fields, because `shapes.Body` refuses them (POSTPROCESSING_HOOKS)."""
    for name, schema in result["components"]["schemas"].items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
    return result


@cache
def make_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of `/api/v1/`."""
    document: dict[str, Any] = SchemaGenerator(urlconf="config.urls").get_schema(request=None, public=True)
    return document


@require_GET
def schema(request: HttpRequest) -> JsonResponse:
    """GET /api/v1/schema/: for programs. Public: it says nothing about any workspace."""
    return JsonResponse(make_document(), json_dumps_params={"indent": 1})


@require_GET
def docs(request: HttpRequest) -> Any:
    """GET /api/v1/docs/: for people, by the Swagger UI that is installed beside us. Nothing comes from elsewhere."""
    return render(request, "engagement/api/docs.html")
