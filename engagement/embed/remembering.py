"""Answers that a process remembers: a page of reviews that did not change is not made again.

Within EMBED_REMEMBERED_SECONDS a remembered answer is given as it is, without a look at the database. After that the
view's `version` is asked, one cheap question; while it stays the same, so does the answer, for a minute at most,
because some of what a page shows (the name of a shop) is in no version. Caches outside are told the same minute.

Every process remembers for itself, so that there is nothing to take back anywhere; what is remembered is bounded.
EMBED_REMEMBERED_SECONDS=0 makes every answer anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from time import monotonic
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from engagement.models import Workspace

View = Callable[..., HttpResponse]
LONGEST = 60.0  # seconds
MOST_BYTES = 32 * 1024 * 1024
LARGEST = 512 * 1024
_kept: dict[tuple[str, str], Kept] = {}
_bytes = 0
_lock = threading.Lock()


class Kept(NamedTuple):
    """An answer, when it was made, and until when nobody needs to ask whether it is still right."""

    version: str
    made: float
    until: float
    content: bytes
    headers: dict[str, str]


def recall(request: HttpRequest) -> HttpResponse | None:
    """The answer to just this request, when it is fresh enough to be given unasked."""
    if request.method not in ("GET", "HEAD"):
        return None
    kept = _kept.get(_name(request))
    if kept is None or kept.until < monotonic():
        return None
    return answer_or_304(request, HttpResponse(kept.content, headers=kept.headers))


def remembered(version: Callable[..., str]) -> Callable[[View], View]:
    """Don't run a view whose `version`, asked with the view's own arguments, is that of what we remember.

    Stands below the decorators of `engagement.embed.doors`, which check who asks each time that this is reached.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, workspace: Workspace, *args: Any, **kwargs: Any) -> HttpResponse:
            current = version(request, workspace, *args, **kwargs)
            kept = _kept.get(_name(request))
            if kept and kept.version == current and kept.made > monotonic() - LONGEST:
                response = HttpResponse(kept.content)
                made = kept.made
            else:
                response = view(request, workspace, *args, **kwargs)
                made = monotonic()
            response.remembered = (current, made)  # type: ignore[attr-defined]
            return response

        return answer

    return decorate


def keep(request: HttpRequest, response: HttpResponse) -> None:
    """Remember a finished answer of a view that wears `remembered`; others are passed over."""
    version, made = getattr(response, "remembered", ("", 0.0))
    is_wanted = version and settings.EMBED_REMEMBERED_SECONDS > 0
    if not is_wanted or response.status_code != 200 or len(response.content) > LARGEST:
        return
    kept = Kept(
        version,
        made,
        min(monotonic() + settings.EMBED_REMEMBERED_SECONDS, made + LONGEST),
        response.content,
        {**response.headers, "Content-Length": str(len(response.content))},
    )
    _put(_name(request), kept)


def answer_or_304(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer, or a 304 with the same headers for who has it already."""
    asked = request.META.get("HTTP_IF_NONE_MATCH", "")
    etag = response.headers.get("ETag", "")
    if not asked or not etag or etag not in (tag.strip().removeprefix("W/") for tag in asked.split(",")):
        return response
    headers = {
        name: value for name, value in response.headers.items() if not name.lower().startswith("content-t")
    }
    headers.pop("Content-Length", None)
    return HttpResponseNotModified(headers=headers)


def forget_answers() -> None:
    """Make every answer anew."""
    global _bytes
    with _lock:
        _kept.clear()
        _bytes = 0


def _put(name: tuple[str, str], kept: Kept) -> None:
    """Remember it as the newest, and forget the oldest beyond the bound."""
    global _bytes
    with _lock:
        before = _kept.pop(name, None)
        _kept[name] = kept
        _bytes += len(kept.content) - (len(before.content) if before else 0)
        while _bytes > MOST_BYTES:
            _bytes -= len(_kept.pop(next(iter(_kept))).content)


def _name(request: HttpRequest) -> tuple[str, str]:
    """All of a request that an answer may depend on: its address, and the site that asks."""
    return request.get_full_path(), request.META.get("HTTP_ORIGIN", "")
