"""What the tracking door says: bodies and headers that the clients of Segment and RudderStack act upon."""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Callable
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]

# One header missing here is silent loss, and in browsers only.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type, content-encoding, accept, anonymousid, sentat, "
    "x-retry-count, rsa-retry-attempt, rsa-retry-reason, rsa-since-first-attempt, rsa-since-last-attempt",
    "Access-Control-Expose-Headers": "Retry-After",
    "Access-Control-Max-Age": "7200",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
STORE_BACK_IN = 5  # seconds after which a client may try again when Postgres is away
SUCCESS = b'{"success": true}'


class Refused(Exception):
    """A request that is answered with an error: its status, a slug and a sentence."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


def answer(body: bytes | dict[str, Any], *, status: int = 200, cache: str = "no-store") -> HttpResponse:
    """A JSON answer that any origin may read."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpResponse(
        content,
        status=status,
        content_type="application/json",
        headers={"Access-Control-Allow-Origin": "*", "Cache-Control": cache},
    )


def refuse(refused: Refused) -> HttpResponse:
    """The error's answer. Never a redirect and never a page: clients take both for a success or retry for ever."""
    response = answer(
        {"success": False, "code": refused.code, "message": refused.message}, status=refused.status
    )
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    if refused.retry_after is not None:
        response.headers["Retry-After"] = str(
            max(1, math.ceil(refused.retry_after))
        )  # integers only are understood
    return response


def door(*methods: str) -> Callable[[View], View]:
    """Serve a view to clients on any origin, by these methods; preflights are answered without a key."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def serve(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                return HttpResponse(status=204, headers=CORS)
            try:
                if request.method not in methods:
                    raise Refused(405, "method_not_allowed", f"Use {' or '.join(methods)} here.")
                return view(request, *args, **kwargs)
            except Refused as refused:
                return refuse(refused)
            except RequestDataTooBig:
                return refuse(Refused(413, "body_too_large", "The body is too large. Send smaller batches."))
            except (OperationalError, InterfaceError):
                message = "Events cannot be stored at the moment. Nothing was taken; send them again later."
                return refuse(Refused(503, "store_unavailable", message, retry_after=STORE_BACK_IN))
            except Exception:
                logger.exception("A tracking request failed: %s", request.path)
                got_request_exception.send(sender=None, request=request)
                message = "Something went wrong here. Nothing was taken; send it again later."
                return refuse(Refused(500, "internal_error", message))

        return csrf_exempt(serve)

    return decorate
