"""Photos as files: of published reviews for anybody, as JPEG that we wrote ourselves."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from reviews.photo_models import ReviewPhoto
from reviews.photos import published_photo

KEPT_FOR = "public, max-age=3600"  # what is taken back is gone from readers' caches within the hour


@require_safe
def photo(request: HttpRequest, name: str, *, small: bool = False) -> HttpResponseBase:
    try:
        return picture(published_photo(name), small=small, cache=KEPT_FOR)
    except ReviewPhoto.DoesNotExist as error:
        raise Http404 from error


def picture(photo: ReviewPhoto, *, small: bool, cache: str) -> HttpResponseBase:
    """The file with a type of our own, of which a browser cannot make a page, however it is opened."""
    try:
        file = default_storage.open(photo.thumb_path if small else photo.path)
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, content_type="image/jpeg", filename=f"{photo.name}.jpg")
    response.headers["Cache-Control"] = cache
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
