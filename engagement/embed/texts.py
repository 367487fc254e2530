"""What no text of a person holds, and no table takes: refused before any view looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

NUL = "\x00"


def refused_text(request: HttpRequest, *parts: Any) -> HttpResponse | None:
    """400 naming the field that holds a NUL character, `parts` being those of the address; None lets it through.

    Reads the body of a POST: ask first whether it is too large.
    """
    if any(NUL in str(part) for part in parts):
        return _bad("address")
    for name, values in (*request.GET.lists(), *request.POST.lists()):
        if any(NUL in text for text in texts_in(name, values)):
            return _bad(name.replace(NUL, "")[:80])
    return None


def texts_in(name: str, values: list[Any]) -> Iterator[str]:
    yield name
    yield from (value for value in values if isinstance(value, str))


def _bad(name: str) -> HttpResponse:
    message = _("%(name)s: take out the NUL characters.") % {"name": name}
    return HttpResponse(message, status=400, content_type="text/plain; charset=utf-8")
