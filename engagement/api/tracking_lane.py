"""A lane of its own for tracking requests, past everything that is there for people who sign in.

Sessions, messages, accounts, languages and page policies cost more than taking an event does, and no tracking client
uses them. Stands behind the security middleware, whose headers tracking answers carry as well.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

LANES = ("/v1/", "/sourceConfig", "/rsaMetrics", "/analytics.js/", "/analytics-next/")


class TrackingLane:
    """Answers the tracking door's addresses at once and passes on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(LANES):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        response.headers["Content-Length"] = str(len(response.content))  # or the server sends it in chunks
        return response
