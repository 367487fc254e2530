"""What to paste for a chosen element, product and look, with the real element beside it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from engagement.access import DashboardRequest, dashboard_page
from engagement.embed.doors import origin_of
from engagement.embed.previews import ELEMENTS, PERSONAL, attributes_of, preview_key, theme_css, theme_of
from engagement.models import ApiKey, KeyKind, Product, Workspace
from journeys.models import Need, Stage, Survey, SurveyStatus

NAMES = {
    "reviews": _("Reviews"),
    "fit": _("How it fitted people like the reader"),
    "ask": _("Questions and answers"),
    "guide": _("Guide"),
    "shortlist": _("Shortlist"),
    "keep": _("Button that puts a product on the shortlist"),
    "situation": _("The reader's own situation"),
    "survey": _("Survey"),
    "inbox": _("Inbox"),
    "badge": _("Number of unread messages"),
    "push": _("Question for web push"),
}
ROOMY = ("reviews", "ask", "guide", "shortlist")
LOOKS = {"plain": _("As the page"), "warm": _("Warm"), "sharp": _("Sharp"), "night": _("Night")}
OFFERED = 200


@dashboard_page()
def snippets(request: DashboardRequest) -> HttpResponse:
    """`element`, `product` or `need` and `stage`, `theme`, and the `page` on which it is to stand."""
    workspace = request.workspace
    element = request.GET.get("element", "reviews")
    element = element if element in NAMES else "reviews"
    products = Product.objects.filter(workspace=workspace, is_stub=False, kind="own").order_by("name", "sku")
    needs = Need.objects.filter(workspace=workspace, is_active=True).order_by("name")
    surveys = Survey.objects.filter(workspace=workspace, status=SurveyStatus.OPEN).order_by("name")
    # The product of which there is most to see.
    told = products.filter(tally__isnull=False).order_by("-tally__published_count", "name").first()
    first = {
        "product": (told or products.first() or Product()).sku,
        "need": getattr(needs.first(), "slug", ""),
        "survey": getattr(surveys.first(), "slug", ""),
    }
    chosen = chosen_of(request, first)
    attributes = attributes_of(chosen, element)
    key = (
        ApiKey.objects.filter(workspace=workspace, kind=KeyKind.WRITE, revoked_at=None).order_by("id").first()
    )
    theme = theme_of(request)
    context = {
        "elements": NAMES.items(),
        "element": element,
        "takes": (ELEMENTS | PERSONAL)[element],
        "is_personal": element in PERSONAL,
        "products": products[:OFFERED],
        "needs": needs,
        "surveys": surveys,
        "stages": Stage.choices,
        "looks": LOOKS.items(),
        "theme": theme,
        "chosen": chosen,
        "key": key,
        "snippet": snippet(key.public_key if key else "wk_…", element, attributes),
        "css": reserved(element) + theme_css(theme, element),
        "preview": preview_address(workspace, element, attributes, theme)
        if attributes and element in ELEMENTS
        else "",
        "site": checked_site(workspace, request.GET.get("page", "")),
        "page": request.GET.get("page", "")[:500],
    }
    return render(request, "nudges/dashboard/snippets.html", context)


def chosen_of(request: DashboardRequest, first: Mapping[str, str]) -> dict[str, str]:
    """What was chosen, else what is `first` of its kind."""
    return {
        name: (request.GET.get(name, "") or first.get(name, "")).replace("\x00", "")[:200]
        for name in ("product", "need", "stage", "survey")
    }


def snippet(key: str, element: str, attributes: list[tuple[str, str]]) -> str:
    told = "".join(f' {name}="{escape(value)}"' for name, value in attributes)
    return (
        f'<script src="{settings.BASE_URL}/e/touchstone.js" data-key="{key}" defer></script>\n'
        f"<touchstone-{element}{told}></touchstone-{element}>"
    )


def reserved(element: str) -> str:
    """Room for what is large; the others are as small as they look, or come only for some."""
    return f"touchstone-{element} {{ display: block; min-block-size: 24rem; }}\n" if element in ROOMY else ""


def preview_address(workspace: Workspace, element: str, attributes: list[tuple[str, str]], theme: str) -> str:
    query = urlencode([("element", element), ("theme", theme), *attributes])
    return f"{reverse('embed:preview', args=[preview_key(workspace)])}?{query}"


def checked_site(workspace: Workspace, page: str) -> dict[str, Any]:
    """Whether elements may stand on this page; nothing when no page was told."""
    if not page.strip():
        return {}
    origin = origin_of(page.strip() if "://" in page else f"https://{page.strip()}")
    allowed = {one.lower().rstrip("/") for one in workspace.allowed_origins}
    return {"origin": origin, "is_allowed": origin in allowed}
