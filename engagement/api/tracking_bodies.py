"""A request's body, unpacked and decoded within bounds, whatever content type it claims."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
from django.http import HttpRequest

from engagement.api.tracking_answers import Refused

MOST_BYTES = 8 * 1024 * 1024  # unpacked; Segment's own Python client sends more than the 500 KB it promises
_GZIP, _DEFLATE, _RAW_DEFLATE = 31, 15, -15


def read_payload(request: HttpRequest) -> tuple[dict[str, Any], bytes]:
    """The JSON object of a body, and the unpacked body. Raises Refused."""
    body = unpack(_read(request), request.META.get("HTTP_CONTENT_ENCODING", ""))
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, "invalid_json", f"The body is no JSON: {error}") from error
    if not isinstance(payload, dict):
        raise Refused(400, "invalid_body", "The body must be a JSON object.")
    return payload, body


def unpack(raw: bytes, encoding: str) -> bytes:
    """Undo gzip and deflate, but never beyond the limit: a small body may be a bomb. Raises Refused."""
    encoding = encoding.strip().lower()
    if encoding in ("gzip", "x-gzip") or raw[:2] == b"\x1f\x8b":
        raw = _inflate(raw, _GZIP)
    elif encoding == "deflate":
        # Both of the ways in which the word is understood: with the zlib header, and without.
        raw = _inflate(raw, _DEFLATE if raw[:1] and raw[0] & 0x0F == 8 else _RAW_DEFLATE)
    elif encoding not in ("", "identity"):
        raise Refused(415, "unknown_encoding", "Send the body as it is, or as gzip or deflate.")
    if len(raw) > MOST_BYTES:
        raise _too_large()
    return raw


def _inflate(packed: bytes, kind: int) -> bytes:
    parts: list[bytes] = []
    room = MOST_BYTES + 1
    try:
        while packed:  # gzip allows several streams, one after the other
            stream = zlib.decompressobj(kind)
            parts.append(stream.decompress(packed, room))
            room -= len(parts[-1])
            if room <= 0:
                raise _too_large()
            if not stream.eof:
                raise Refused(400, "invalid_compression", "The compressed body ends too early.")
            packed = stream.unused_data
    except zlib.error as error:
        raise Refused(400, "invalid_compression", "The body is not compressed as its header says.") from error
    return b"".join(parts)


def _read(request: HttpRequest) -> bytes:
    if "chunked" not in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return request.body
    # Django reads as much as Content-Length says, which such a request does not have.
    body: bytes = request.META["wsgi.input"].read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise _too_large()
    return body


def _too_large() -> Refused:
    return Refused(413, "body_too_large", f"The body exceeds {MOST_BYTES} bytes. Send smaller batches.")
