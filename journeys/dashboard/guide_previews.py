"""A guide as readers get it: what is being written, what was saved once, and what a place gives to whom."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_page, of_workspace
from engagement.conditions import describe_condition
from engagement.customers import customers_of, search_customers
from engagement.dashboard.framing import only_framed
from engagement.models import Customer, Role
from journeys.dashboard.blocks import read_blocks
from journeys.dashboard.guide_forms import GuideForm
from journeys.guides import Problem, check_blocks, guide_for, render_blocks
from journeys.guides.comparing import compare_versions
from journeys.models import JOURNEY, Guide, GuideVersion, Need
from journeys.situations import asked_of


class AskedFor(NamedTuple):
    """A place that somebody reads at; `problem` says why the person typed could not be taken."""

    need: Need | None
    stage: str
    language: str
    person: str
    customer: Customer | None = None
    problem: str = ""


@dashboard_page()
def readers(request: DashboardRequest) -> HttpResponse:
    """What a reader gets for a `need` at a `stage` in a language, as anybody or as a `person` of the shop."""
    asked = asked_for(request)
    version = None
    if asked.need is not None and not asked.problem:
        version = guide_for(
            workspace=request.workspace,
            need=asked.need.slug,
            stage=asked.stage,
            language=asked.language,
            customer=asked.customer,
            now=timezone.now(),
        )
    context = {
        "asked": asked,
        "version": version,
        "needs": Need.objects.filter(workspace=request.workspace),
        "stages": JOURNEY,
        "for_whom": describe_condition(version.guide.conditions)
        if version and version.guide.conditions
        else "",
    }
    return render(request, "journeys/dashboard/guide_readers.html", context)


def asked_for(request: DashboardRequest) -> AskedFor:
    needs = Need.objects.filter(workspace=request.workspace)
    need = needs.filter(slug=request.GET.get("need", "")).first() or needs.first()
    stage = request.GET.get("stage", "")
    person = request.GET.get("person", "").strip()
    asked = AskedFor(
        need,
        stage if stage in JOURNEY else "",
        request.GET.get("language", request.workspace.locale)[:16],
        person[:200],
    )
    if not person:
        return asked
    found = list(search_customers(customers_of(request.workspace), person).order_by("pk")[:2])
    if len(found) == 1:
        return asked._replace(customer=found[0])
    several = _("Several people fit; write the whole e-mail address or id.")
    return asked._replace(problem=several if found else _("Nobody of your customers is called so."))


@dashboard_page()
def version(request: DashboardRequest, guide_id: int, number: int) -> HttpResponse:
    """A guide as it was saved once."""
    guide = of_workspace(Guide.objects.select_related("need"), request, pk=guide_id)
    kept = of_workspace(
        GuideVersion.objects.filter(guide=guide).select_related("author"), request, number=number
    )
    newest = GuideVersion.objects.get(guide=guide, number=guide.version)
    context = {
        "guide": guide,
        "version": kept,
        "lines": compare_versions(kept, newest),
        "blocks_text": json.dumps(kept.blocks, indent=2, ensure_ascii=False),
    }
    return render(request, "journeys/dashboard/guide_version.html", context)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def preview(request: DashboardRequest) -> HttpResponse:
    """The blocks in the request, or of a `version` that was saved, as readers would see them; or what is wrong."""
    if wanted := request.GET.get("version", ""):
        return preview_version(request, wanted)
    blocks = read_blocks(request.POST.get("blocks", "[]"))
    problems = check_blocks(blocks, workspace=request.workspace) if blocks is not None else []
    form = GuideForm(request.POST or None, request=request)
    form.is_valid()
    shown = (
        {name: form.cleaned_data.get(name) for name in ("need", "stage", "language")} if form.is_bound else {}
    )
    words = {"title": request.POST.get("title", ""), "summary": request.POST.get("summary", "")}
    kept = Guide.objects.filter(
        workspace=request.workspace,
        slug=form.cleaned_data.get("slug") or "" if form.is_bound else "",
        language=shown.get("language") or "",
    )
    return as_read(
        request,
        words,
        {"slug": "", "verified_on": kept.values_list("verified_on", flat=True).first(), "need": None} | shown,
        [] if problems else blocks,
        problems,
    )


def preview_version(request: DashboardRequest, wanted: str) -> HttpResponse:
    pk = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19 else 0
    kept = of_workspace(GuideVersion.objects.select_related("guide__need"), request, pk=pk)
    guide = {name: getattr(kept.guide, name) for name in ("slug", "verified_on", "need", "stage", "language")}
    return as_read(request, {"title": kept.title, "summary": kept.summary}, guide, kept.blocks, [])


def as_read(
    request: DashboardRequest,
    words: dict[str, str],
    guide: dict[str, Any],
    blocks: list[Any] | None,
    problems: list[Problem],
) -> HttpResponse:
    need = guide["need"]
    context = {
        "problems": problems,
        "level": "h1",
        "sub": "h2",
        "version": words,
        "guide": guide,
        "situation": {"questions": [{"asked": one} for one in asked_of(need, {})]} if need else {},
        "blocks": render_blocks(blocks, workspace=request.workspace, need=need.slug if need else "")
        if blocks
        else [],
    }
    page = render(request, "journeys/dashboard/preview.html", context)
    return only_framed(
        page, style_src=["'self'"], img_src=["'self'", "data:", "https:"], sandbox=["allow-same-origin"]
    )
