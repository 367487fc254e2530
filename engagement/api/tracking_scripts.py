"""What the browser clients fetch before they send: their settings, and Segment's script itself for the classic snippet.

Without an answer here they never send anything.
"""

from __future__ import annotations

from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from engagement.api.tracking_answers import Refused, answer, door
from engagement.api.tracking_keys import find_sender, key_of_request

FIVE_MINUTES = "public, max-age=300"


@door("GET")
def show_settings(request: HttpRequest, key: str) -> HttpResponse:
    """GET /v1/projects/{writeKey}/settings, for Segment's browser client."""
    find_sender(key)
    destination = {
        "apiKey": key,
        "apiHost": f"{request.get_host()}/v1",
        "protocol": "https" if request.is_secure() else "http",
    }
    # Left out, the client tells Segment how it fares: nobody asked our customers for that.
    quiet = {"sampleRate": 0}
    return answer({"integrations": {"Segment.io": destination}, "metrics": quiet}, cache=FIVE_MINUTES)


@door("GET")
def show_source_config(request: HttpRequest) -> HttpResponse:
    """GET /sourceConfig/?writeKey=…, for RudderStack's browser client."""
    key = request.GET.get("writeKey") or key_of_request(request)
    sender = find_sender(key)
    now = timezone.now().isoformat()
    off = {"enabled": False}
    source = {
        "id": f"source-{sender.key_id}",
        "name": sender.workspace_name,
        "writeKey": key,
        "enabled": True,
        "config": {"statsCollection": {"errors": off, "metrics": off}},
        "workspaceId": str(sender.workspace_id),
        "destinations": [],
        "dataplanes": {},
    }
    return answer({"source": source, "updatedAt": now}, cache=FIVE_MINUTES)


@door("GET")
def show_script(request: HttpRequest, key: str) -> HttpResponse:
    """GET /analytics.js/v1/{writeKey}/analytics.min.js, for the classic snippet: the vendored client, unmodified."""
    find_sender(key)
    return _script("standalone.js")


@door("GET")
def show_bundle(request: HttpRequest, name: str) -> HttpResponse:
    """GET /analytics-next/bundles/{name}.js: parts that the script loads when it needs them."""
    return _script(name)


def _script(name: str) -> HttpResponse:
    found = finders.find(f"vendor/segment/{name}")
    if not found:
        raise Refused(404, "not_found", "There is no such script.")
    return HttpResponse(
        Path(found).read_bytes(),
        content_type="text/javascript; charset=utf-8",
        headers={
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Cache-Control": FIVE_MINUTES,
        },
    )
