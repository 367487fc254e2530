"""A lane of its own for what readers on shops' pages ask, past everything that is there for people who sign in.

Sessions, messages, accounts and forgery tokens cost more than a page of reviews from memory does, and no embed may use
them: it sets no cookie. Stands behind the security middleware, whose headers these answers carry as well.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import translation

from engagement.embed.remembering import recall

LANE = "/e/"


class EmbedLane:
    """Answers the embeds' addresses at once and passes on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(LANE):
            return self.get_response(request)
        if (known := recall(request)) is not None:
            return known
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = match
        # Views say which language they speak; what they don't say is said in the installation's.
        with translation.override(settings.LANGUAGE_CODE):
            response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        if not response.streaming:
            response.headers["Content-Length"] = str(
                len(response.content)
            )  # or the server sends it in chunks
        return response
