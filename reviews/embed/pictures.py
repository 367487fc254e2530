"""Photos as files: of published reviews, for anybody."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from reviews.models import ReviewPhoto
from reviews.photos import published_photo
from reviews.serving import picture

KEPT_FOR = "public, max-age=3600"  # what is taken back is gone from readers' caches within the hour


@require_safe
def photo(request: HttpRequest, name: str, *, small: bool = False) -> HttpResponse:
    try:
        return picture(published_photo(name), small=small, cache=KEPT_FOR)
    except ReviewPhoto.DoesNotExist as error:
        raise Http404 from error
