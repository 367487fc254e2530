"""What elements on a shop's pages ask for in the name of a customer.

The customer is whom the shop's server says they are, by a token that it signed (see `engagement.identities`), sent as
`Authorization: Bearer` or in a form as `token`. `key` in the address is the workspace's public write key.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from engagement.identities import customer_from_token
from engagement.keys import find_key
from engagement.models import KeyKind, Workspace

ElementView = Callable[..., HttpResponse]


def for_element(view: ElementView) -> ElementView:
    """A view of (request, customer) for calls from the shop's page, which only the shop's own origins may read."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        workspace = _workspace(request)
        if request.method == "OPTIONS":
            return _allow(HttpResponse(status=204), request, workspace)
        told = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.POST.get(
            "token", ""
        )
        customer = customer_from_token(workspace=workspace, token=told.strip(), now=timezone.now())
        if customer is None:
            problem = {
                "code": "invalid_identity",
                "detail": "The identity token is missing, wrong or expired.",
            }
            return _allow(JsonResponse(problem, status=401), request, workspace)
        return _allow(view(request, customer, *args, **kwargs), request, workspace)

    return answer


def _workspace(request: HttpRequest) -> Workspace:
    key = find_key(request.GET.get("key", ""))
    if key is None or key.kind != KeyKind.WRITE:
        raise Http404
    return key.workspace


def _allow(response: HttpResponse, request: HttpRequest, workspace: Workspace) -> HttpResponse:
    response.headers["Vary"] = "Origin"
    origin = request.headers.get("Origin", "")
    if origin in workspace.allowed_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "authorization"
        response.headers["Access-Control-Max-Age"] = "7200"
    return response
