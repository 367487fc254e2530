"""A POST that is sent again with the same `Idempotency-Key` acts once and is answered the same for 24 hours.

The answer is kept in the transaction of the change itself, so they stand or fall together: after a crash there is
neither, and the repeated request simply acts. A request that is refused keeps nothing, so it may be corrected and
sent with the same key. While the first one runs, its lock makes the second one wait outside.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.problems import Problem
from engagement.models import ApiKey, IdempotencyRecord
from engagement.statements import run_statement

KEPT = timedelta(hours=24)
MAX_KEY = 255
KEPT_HEADERS = ("Location", "ETag")


def once(handler: Callable[..., Response]) -> Callable[..., HttpResponse]:
    """Decorates a view's `post`: one transaction, and one effect for one Idempotency-Key."""

    @functools.wraps(handler)
    def post(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        key = read_key(request)
        with transaction.atomic():
            if key is None:
                return handler(view, request, *args, **kwargs)
            return _answer_once(key, handler, view, request, *args, **kwargs)

    post.acts_once = True  # type: ignore[attr-defined]
    return post


def read_key(request: Request) -> str | None:
    """The Idempotency-Key sent, or None. Raises Problem when it is empty, too long or not plain ASCII."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if key.isascii() and key.isprintable() and 1 <= len(key.strip()) <= MAX_KEY:
        return key.strip()
    detail = _("An Idempotency-Key has 1 to {most} printable ASCII characters.").format(most=MAX_KEY)
    errors = [{"header": "Idempotency-Key", "code": "invalid", "detail": detail}]
    raise Problem(400, "bad_header", detail, errors=errors)


def _answer_once(
    key: str, handler: Callable[..., Response], view: Any, request: Request, *args: Any, **kwargs: Any
) -> HttpResponse:
    assert isinstance(request.auth, ApiKey)
    now = timezone.now()
    place = {"api_key": request.auth, "method": "POST", "path": request.path, "key": key}
    _claim(place)
    body_hash = _hash_body(request)
    kept = IdempotencyRecord.objects.filter(**place).first()
    if kept is not None and kept.created_at > now - KEPT:
        return _replay(kept, body_hash)
    if kept is not None:
        kept.delete()
    response = handler(view, request, *args, **kwargs)
    _keep(response, place, body_hash, now)
    return response


def _claim(place: dict[str, Any]) -> None:
    """Take the key's lock for this transaction; Problem when another request holds it."""
    text = json.dumps([place["api_key"].pk, place["method"], place["path"], place["key"]])
    lock = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)
    if not run_statement("engagement.claim_idempotency_key", {"lock": lock})[0]["claimed"]:
        raise Problem(
            409,
            "still_running",
            _("A request with this Idempotency-Key is still running; ask again shortly."),
            headers={"Retry-After": "1"},
        )


def _replay(kept: IdempotencyRecord, body_hash: bytes) -> HttpResponse:
    if bytes(kept.body_hash) != body_hash:
        raise Problem(
            422,
            "idempotency_key_reused",
            _("This Idempotency-Key was used for another request; send a new key with a new request."),
        )
    answer = HttpResponse(
        kept.response["body"],
        status=kept.status,
        content_type="application/json",
        headers=kept.response["headers"],
    )
    answer["Idempotency-Replayed"] = "true"
    return answer


def _keep(response: Response, place: dict[str, Any], body_hash: bytes, now: datetime) -> None:
    headers = {name: response[name] for name in KEPT_HEADERS if name in response}
    body = JSONRenderer().render(response.data).decode()
    IdempotencyRecord.objects.create(
        **place,
        body_hash=body_hash,
        status=response.status_code,
        response={"body": body, "headers": headers},
        created_at=now,
    )


def _hash_body(request: Request) -> bytes:
    """Of what the request asks for, however its JSON is spaced or ordered."""
    asked = [sorted(request.query_params.lists()), request.data]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
