"""A photo as an answer: with a type of our own, of which a browser cannot make a page, however it is opened."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse

from reviews.models import ReviewPhoto


def picture(photo: ReviewPhoto, *, small: bool, cache: str) -> HttpResponse:
    """The file, for whoever may see it; the caller has checked that. Http404 when its file is gone."""
    try:
        with default_storage.open(photo.thumb_path if small else photo.path) as file:
            response = HttpResponse(file.read(), content_type="image/jpeg")
    except FileNotFoundError as error:
        raise Http404 from error
    response.headers["Cache-Control"] = cache
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
