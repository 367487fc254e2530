"""Pictures of letters as files: for whoever opens a letter."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from nudges.models import Picture

KEPT_FOR = "public, max-age=31536000, immutable"  # a name stands for one picture for ever


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """The file, with a type of our own, of which a browser cannot make a page."""
    found = Picture.objects.filter(name=name).first()
    if found is None:
        raise Http404
    try:
        with default_storage.open(found.path) as file:
            response = HttpResponse(file.read(), content_type="image/jpeg")
    except FileNotFoundError as error:
        raise Http404 from error
    response.headers["Cache-Control"] = KEPT_FOR
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
