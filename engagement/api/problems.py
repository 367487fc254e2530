"""Every refusal as `application/problem+json` (RFC 9457), whatever raised it. Never HTML."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DomainError
from django.core.signals import got_request_exception
from django.db import DatabaseError, DataError, IntegrityError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
UNIQUE_VIOLATION = "23505"
CODES = {
    exceptions.NotAuthenticated: "key_missing",
    exceptions.AuthenticationFailed: "key_invalid",
    exceptions.PermissionDenied: "forbidden",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.ParseError: "unreadable",
    exceptions.Throttled: "too_many_requests",
}
# What the framework says of these names no remedy.
REMEDIES = {
    "key_missing": gettext_lazy("Send a key of Settings → Keys as “Authorization: Bearer sk_…”."),
    "unsupported_media_type": gettext_lazy("Send JSON, and say so: “Content-Type: application/json”."),
}


class Problem(Exception):
    """An answer that says what is wrong: status, a code for programs, a sentence for people, more members by name.

    `errors` are the places: [{"pointer" | "parameter" | "header", "code", "detail"}].
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors or []
        self.headers = dict(headers or {})
        self.members = members


def answer_problem(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to any exception of an API view: DRF's EXCEPTION_HANDLER."""
    problem = read_problem(error)
    request = context.get("request")
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("The API failed: %s", error, exc_info=error)
        # As Django does for its own views, so that error reporting and the test client notice.
        got_request_exception.send(
            sender=context.get("view").__class__, request=getattr(request, "_request", None)
        )
    body = {
        "type": f"urn:touchstone:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.path if request is not None else "",
        "code": problem.code,
        "errors": problem.errors,
        "request_id": getattr(request, "request_id", ""),
    }
    headers = problem.headers
    return Response(body | problem.members, status=problem.status, headers=headers, content_type=CONTENT_TYPE)


def read_problem(error: Exception) -> Problem:
    """What any exception means to the caller."""
    match error:
        case Problem():
            return error
        case exceptions.ValidationError():
            return invalid(list(flatten(error.detail)))
        case exceptions.APIException():
            return _from_framework(error)
        case Http404():
            return Problem(404, "not_found", _("There is no such object in this workspace."))
        case PermissionDenied():
            return Problem(403, "forbidden", _("This key may not do that."))
        case DomainError():
            return invalid(list(_from_domain(error)))
        case RequestDataTooBig():
            return Problem(413, "too_large", _("The body is too large; send it in several requests."))
        case ProtectedError() | RestrictedError():
            return Problem(
                409, "in_use", _("Other objects depend on this one; remove or archive them first.")
            )
        case DatabaseError():
            return _from_database(error)
        case _:
            return Problem(500, "internal_error", _("Something failed on our side. Quote the request_id."))


def invalid(errors: list[dict[str, str]]) -> Problem:
    """A body that can be read but breaks a rule."""
    return Problem(422, "invalid", _("Some values cannot be taken; `errors` names each."), errors=errors)


def flatten(detail: Any, pointer: str = "", key: str = "pointer") -> Iterator[dict[str, str]]:
    """The places of a DRF error as JSON Pointers (RFC 6901), or under another `key` such as "parameter"."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            yield from flatten(inner, pointer if name == "non_field_errors" else f"{pointer}/{escaped}", key)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            plain = isinstance(inner, exceptions.ErrorDetail)
            yield from flatten(inner, pointer if plain else f"{pointer}/{index}", key)
    else:
        place = pointer if key == "pointer" else pointer.strip("/")
        yield {key: place, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}


def _from_framework(error: exceptions.APIException) -> Problem:
    headers = {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + (wait % 1 > 0))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    code = next((code for kind, code in CODES.items() if isinstance(error, kind)), "refused")
    return Problem(error.status_code, code, str(REMEDIES.get(code, error.detail)), headers=headers)


def _from_domain(error: DomainError) -> Iterator[dict[str, str]]:
    """The places of a rule of the domain: Django's ValidationError, with or without field names."""
    fields = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    for name, rules in fields.items():
        for rule in rules:
            pointer = f"/{name}" if name and name != "__all__" else ""
            yield {"pointer": pointer, "code": rule.code or "invalid", "detail": " ".join(rule.messages)}


def _from_database(error: DatabaseError) -> Problem:
    """A rule of the database that no check before it caught. Its own text may hold data, so it is not passed on."""
    cause = error.__cause__
    rule = getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
    if isinstance(error, IntegrityError):
        if getattr(cause, "pgcode", "") == UNIQUE_VIOLATION:
            return Problem(409, "already_exists", _("Another object holds these values already."), rule=rule)
        return Problem(422, "rule_broken", _("The values together break a rule of the data."), rule=rule)
    if isinstance(error, DataError):
        return Problem(422, "out_of_range", _("A value is too long or too large to be kept."))
    if isinstance(error, OperationalError):
        return Problem(
            503, "try_again", _("The database is busy or away; try again."), headers={"Retry-After": "1"}
        )
    return Problem(500, "internal_error", _("Something failed on our side. Quote the request_id."))
