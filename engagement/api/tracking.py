"""The tracking door: the HTTP API of Segment and RudderStack, so that their clients work unmodified.

Plain views: the body is read as it is, whatever content type it claims. An accepted call is answered with exactly
200 `{"success": true}` and only after its events are durable. docs/tracking.md says what integrators see.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from engagement.api.tracking_answers import SUCCESS, Refused, answer, door
from engagement.api.tracking_bodies import read_payload
from engagement.api.tracking_bounds import check_count, checker, without_nul
from engagement.api.tracking_calls import NOTHING, Envelope, Placed, excerpt, parse_time, read_calls
from engagement.api.tracking_contexts import Contexts
from engagement.api.tracking_keys import Sender, find_sender, key_of_payload, key_of_request
from engagement.api.tracking_rates import spend, still_blocked
from engagement.ingesting import Rejection, ingest_together, reject_events

MOST_REJECTIONS = 100  # of one request: enough to see what is wrong, too few to fill a disk


@door("POST")
def take_batch(request: HttpRequest) -> HttpResponse:
    """POST /v1/batch, /v1/b and /v1/import: many calls of any type."""
    return _take(request, kind=None)


@door("POST")
def take_call(request: HttpRequest, kind: str) -> HttpResponse:
    """POST /v1/track, /v1/t and so on: one call, whose type is in the path."""
    return _take(request, kind=kind)


@door("POST")
def take_metrics(request: HttpRequest) -> HttpResponse:
    """What clients tell about themselves: nothing of it is kept."""
    return answer(SUCCESS)


@door("GET", "POST")
def not_found(request: HttpRequest) -> HttpResponse:
    """Any other path below /v1/: an error that a tracking client understands."""
    raise Refused(404, "not_found", "There is no such call. See the tracking documentation for the paths.")


def _take(request: HttpRequest, *, kind: str | None) -> HttpResponse:
    text = key_of_request(request)
    if text:
        still_blocked(find_sender(text).key_id)  # before the body is unpacked: a refusal must be cheap
    payload, body = read_payload(request)
    sender = find_sender(text or key_of_payload(payload) or request.GET.get("writeKey", ""))
    payload = without_nul(payload, body)
    calls = _calls(payload, kind)
    check_count(calls)
    spend(sender.key_id, len(calls))
    received_at = timezone.now()
    placed, rejections = read_calls(
        calls, _envelope(request, payload, sender, received_at), check=checker(body)
    )
    rejections += _store(sender, placed, received_at)
    if rejections:
        reject_events(
            workspace_id=sender.workspace_id, rejections=rejections[:MOST_REJECTIONS], received_at=received_at
        )
    return answer(SUCCESS)


def _calls(payload: dict[str, Any], kind: str | None) -> list[Any]:
    if kind is not None:
        return [payload | {"type": kind}]
    calls = payload.get("batch")
    if not isinstance(calls, list):
        raise Refused(400, "invalid_batch", "`batch` must be a list of events.")
    return calls


def _envelope(
    request: HttpRequest, payload: dict[str, Any], sender: Sender, received_at: datetime
) -> Envelope:
    context = payload.get("context") if "batch" in payload else None
    sent_at = parse_time(payload.get("sentAt")) or parse_time(request.META.get("HTTP_SENTAT"))
    return Envelope(
        received_at=received_at,
        sent_at=sent_at,
        oldest=received_at - timedelta(days=sender.retention_days),
        contexts=Contexts(_peer(request)),
        context=context if isinstance(context, dict) else NOTHING,
        is_public=sender.source == "tracking",
    )


def _peer(request: HttpRequest) -> str:
    """The address that the request came from; behind a proxy of ours, as that proxy saw it."""
    if settings.BEHIND_PROXY:
        return request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _store(sender: Sender, placed: Sequence[Placed], received_at: datetime) -> list[Rejection]:
    """Take events; when the store refuses a value that our checks let through, only that event is given up."""
    if not placed:
        return []
    try:
        ingested = ingest_together(
            workspace_id=sender.workspace_id,
            events=[event for _, event in placed],
            received_at=received_at,
            source=sender.source,
        )
    except (DataError, UnicodeEncodeError):
        if len(placed) == 1:
            place, event = placed[0]
            shown = {"type": event.type, "event": event.name, "messageId": event.message_id}
            return [Rejection(place, "unstorable", "A value of this event cannot be stored.", excerpt(shown))]
        middle = len(placed) // 2
        return [
            *_store(sender, placed[:middle], received_at),
            *_store(sender, placed[middle:], received_at),
        ]
    return [_refused_alias(one) for one in placed if one.event.message_id in ingested.refused]


def _refused_alias(placed: Placed) -> Rejection:
    message = (
        "Both ids are known customers'. A public write key cannot join them: use the API with a secret key."
    )
    event = placed.event
    shown = {"type": event.type, "previousId": event.previous_id, "userId": event.user_id}
    return Rejection(placed.place, "alias_of_two_known", message, shown)
