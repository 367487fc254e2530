"""Feeds for Google and Meta, under an address with a version and the workspace's public key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from engagement.keys import find_key
from engagement.limits import take_turn
from engagement.models import KeyKind, Workspace
from reviews.exporting.feeds import google_feed, meta_feed
from reviews.ruling import policy_of

A_MINUTE = 6
FEEDS: dict[str, tuple[Callable[[Workspace], Iterator[str]], str]] = {
    "google.xml": (google_feed, "application/xml; charset=utf-8"),
    "meta.csv": (meta_feed, "text/csv; charset=utf-8"),
}


@require_safe
def feed(request: HttpRequest, name: str) -> HttpResponse:
    """`key` is a write key; only what is published, and only while the company gives its reviews to feeds."""
    key = find_key(request.GET.get("key", ""))
    if key is None or key.kind != KeyKind.WRITE or name not in FEEDS:
        return _refused(404, "unknown_key: give the workspace's write key as ?key=wk_…")
    if not policy_of(key.workspace).gives_to_feeds:
        return _refused(404, "feeds_are_off: switch them on under Reviews, Export")
    if wait := take_turn(who=key.prefix, what="feed", limit=A_MINUTE):
        answer = _refused(429, "too_often: a feed is whole each time; once a day is enough")
        answer.headers["Retry-After"] = str(wait)
        return answer
    make, content_type = FEEDS[name]
    response = StreamingHttpResponse(make(key.workspace), content_type=content_type)
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["X-Robots-Tag"] = "noindex"
    return cast(HttpResponse, response)


def _refused(status: int, message: str) -> HttpResponse:
    return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
