"""Photos in an S3-compatible store: written, read and deleted by its protocol, against a store of this test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import Http404

from config.storing import storage_at
from reviews.models import ReviewPhoto
from reviews.serving import picture


class Bucket(BaseHTTPRequestHandler):
    """Keeps objects by path; knows as much of S3 as storing a small file takes."""

    objects: dict[str, bytes] = {}

    def do_PUT(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            body = unchunked(body)
        assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=KEY/")
        self.objects[self.path.partition("?")[0]] = body
        self.answer(200)

    def do_GET(self) -> None:
        kept = self.objects.get(self.path.partition("?")[0])
        self.answer(200 if kept is not None else 404, kept or b"")

    def do_HEAD(self) -> None:
        kept = self.objects.get(self.path.partition("?")[0])
        self.answer(200 if kept is not None else 404, kept or b"", head=True)

    def do_DELETE(self) -> None:
        self.objects.pop(self.path.partition("?")[0], None)
        self.answer(204)

    def answer(self, status: int, body: bytes = b"", *, head: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", "Wed, 04 Mar 2026 12:00:00 GMT")
        self.end_headers()
        if not head:
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Silent."""


def unchunked(body: bytes) -> bytes:
    """What aws-chunked bodies hold: `<hex length>;…\r\n<bytes>\r\n`, until a length of 0."""
    kept, rest = b"", body
    while rest:
        head, _end, rest = rest.partition(b"\r\n")
        length = int(head.split(b";")[0], 16)
        if not length:
            break
        kept, rest = kept + rest[:length], rest[length + 2 :]
    return kept


@pytest.fixture
def bucket(settings) -> Iterator[dict[str, bytes]]:
    Bucket.objects = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"s3://KEY:SECRET@127.0.0.1:{server.server_port}/photos?tls=0"
    settings.STORAGES = settings.STORAGES | {"default": storage_at(url)}
    yield Bucket.objects
    server.shutdown()
    server.server_close()


def test_a_photo_goes_into_the_bucket_is_shown_from_it_and_deleted(bucket):
    photo = ReviewPhoto(workspace_id=7, name="abc")
    assert default_storage.save(photo.path, ContentFile(b"the picture")) == "reviews/7/abc.jpg"
    assert bucket == {"/photos/reviews/7/abc.jpg": b"the picture"}
    answer = picture(photo, small=False, cache="no-store")
    assert (answer.content, answer["Content-Type"]) == (b"the picture", "image/jpeg")
    default_storage.delete(photo.path)
    assert bucket == {}
    with pytest.raises(Http404):
        picture(photo, small=False, cache="no-store")
