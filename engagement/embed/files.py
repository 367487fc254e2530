"""The scripts and the stylesheet of the embeds, under addresses that never change, small and kept by browsers."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

FOLDER = Path(settings.BASE_DIR) / "static" / "embed"
SCRIPT, STYLES = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
KINDS = {"touchstone.js": SCRIPT, "push-worker.js": SCRIPT, "touchstone.css": STYLES}


class Packed(NamedTuple):
    plain: bytes
    zipped: bytes
    etag: str


@cache
def packed(name: str, changed_at: float) -> Packed:
    """A file as it is sent; read again when it has changed."""
    plain = (FOLDER / name).read_bytes()
    return Packed(plain, gzip.compress(plain, 9, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:20]}"')


@require_safe
def embed_file(request: HttpRequest, name: str) -> HttpResponse:
    """Public, for any origin: there is nothing of a workspace in it."""
    file = packed(name, (FOLDER / name).stat().st_mtime)
    is_zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(file.zipped if is_zipped else file.plain, content_type=KINDS[name])
    if is_zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["ETag"] = f"W/{file.etag}" if is_zipped else file.etag
    conditional = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    answer = conditional if isinstance(conditional, HttpResponseNotModified) else response
    answer.headers["Cache-Control"] = "public, max-age=300, stale-while-revalidate=86400"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Vary"] = "Accept-Encoding"
    return answer
