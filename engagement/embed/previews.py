"""An element tried out in the dashboard: the real script in a sandboxed frame of no origin, under a strict policy.

The frame has none of the dashboard's rights, so it asks like a page of another site, by a signed key that works for an
hour, from such a frame only, and for reading only.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from engagement.models import Workspace
from engagement.signing import BadToken, sign, unsign

PURPOSE, PREFIX = "embed-preview", "preview."
GOOD_FOR = timedelta(hours=1)
OPAQUE = "null"  # what browsers send as the origin of a sandboxed frame
ELEMENTS = {
    "reviews": ("product",),
    "fit": ("product",),
    "ask": ("product",),
    "guide": ("need", "stage"),
}
# What belongs to one reader alone, and therefore cannot be tried out by nobody.
PERSONAL: dict[str, tuple[str, ...]] = {
    "shortlist": ("need",),
    "keep": ("product",),
    "situation": ("need",),
    "survey": ("survey",),
    "inbox": (),
    "badge": (),
    "push": (),
}
# What a shop may start from: properties of docs/embedding.md. The page's own colours belong to the preview only.
THEMES: dict[str, dict[str, str]] = {
    "plain": {},
    "warm": {
        "--touchstone-accent": "#b4491f",
        "--touchstone-on-accent": "#fff",
        "--touchstone-radius": "14px",
        "--touchstone-heading-font": "Georgia, serif",
    },
    "sharp": {
        "--touchstone-accent": "#111",
        "--touchstone-on-accent": "#fff",
        "--touchstone-radius": "0",
        "--touchstone-star": "#111",
    },
    "night": {
        "--touchstone-accent": "#8ab4ff",
        "--touchstone-on-accent": "#0b1020",
        "--touchstone-paper": "#12151c",
        "--touchstone-field": "#1b2030",
    },
}
PAGES = {"night": "color-scheme: dark; background: #12151c; color: #e8eaf0;"}


def preview_key(workspace: Workspace) -> str:
    """What the frame names itself by."""
    return PREFIX + sign(PURPOSE, {"w": workspace.pk})


def previewed(request: HttpRequest) -> Workspace | None:
    """The workspace whose preview asks; None for everybody else."""
    key = request.GET.get("key", "")
    if not key.startswith(PREFIX) or request.method not in ("GET", "HEAD"):
        return None
    if request.headers.get("Origin", "") != OPAQUE:
        return None
    return workspace_of(key)


def workspace_of(key: str) -> Workspace | None:
    try:
        told = unsign(PURPOSE, key.removeprefix(PREFIX), max_age=GOOD_FOR)
    except BadToken:
        return None
    return Workspace.objects.filter(pk=int(told.get("w") or 0)).first()


def theme_css(name: str, element: str) -> str:
    """The rule that a shop pastes into its stylesheet; empty for a theme that changes nothing."""
    lines = "".join(f"  {name}: {value};\n" for name, value in THEMES[name].items())
    return f"touchstone-{element} {{\n{lines}}}\n" if lines else ""


@require_safe
def preview_page(request: HttpRequest, key: str) -> HttpResponse:
    """A page with one element: `element`, its attributes, `theme`, `lang`."""
    workspace = workspace_of(key)
    element = request.GET.get("element", "")
    if workspace is None or element not in ELEMENTS:
        raise Http404
    context = {
        "key": key,
        "element": element,
        "attributes": attributes_of(request.GET.dict(), element),
        "language": request.GET.get("lang", "")[:16] or workspace.locale,
        "theme": theme_of(request),
    }
    response = HttpResponse(render_to_string("engagement/embed/preview.html", context))
    # The frame has no origin, so that 'self' might mean nothing: the host is named.
    own = f"{request.scheme}://{request.get_host()}"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {own}; style-src {own}; img-src {own} https:; connect-src {own}; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {own}; sandbox allow-scripts"
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def preview_css(request: HttpRequest) -> HttpResponse:
    """The preview's page and the chosen theme; nothing of a workspace is in it."""
    theme = theme_of(request)
    page = f"body {{ margin: 0; padding: 1.25rem; font: 16px/1.5 system-ui, sans-serif; {PAGES.get(theme, '')} }}\n"
    rules = "".join(theme_css(theme, element) for element in ELEMENTS)
    response = HttpResponse(page + rules, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def theme_of(request: HttpRequest) -> str:
    theme = request.GET.get("theme", "")
    return theme if theme in THEMES else "plain"


def attributes_of(given: dict[str, str], element: str) -> list[tuple[str, str]]:
    """The attributes that the element takes, as far as they are given."""
    return [(name, given[name][:200]) for name in (ELEMENTS | PERSONAL)[element] if given.get(name)]
