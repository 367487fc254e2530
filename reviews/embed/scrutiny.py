"""How the company treats what is written, for its readers: the rules, and whether praise and criticism fared alike."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from engagement.embed.doors import hosted, reading_language, render
from engagement.models import Workspace
from reviews.models import RejectionReason
from reviews.scrutinies import ENOUGH, Scrutiny, equal_scrutiny

COUNTED_EVERY = 3600  # seconds: nobody needs it fresher, and it looks at a year of decisions


@hosted("GET")
def treatment_page(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    context = {
        "workspace": workspace,
        "scrutiny": scrutiny_of(workspace),
        "enough": ENOUGH,
        "reasons": [label for _value, label in RejectionReason.choices],
    }
    return render("reviews/embed/treatment.html", context, language=reading_language(request, workspace))


def scrutiny_of(workspace: Workspace) -> Scrutiny:
    """Only bands with enough decisions, so that no single review shows."""
    name = f"reviews:scrutiny:{workspace.pk}"
    found: Scrutiny | None = cache.get(name)
    if found is None:
        found = equal_scrutiny(workspace=workspace, now=timezone.now())
        cache.set(name, found, COUNTED_EVERY)
    return Scrutiny([band for band in found.bands if band.decided >= ENOUGH], found.is_alike)
