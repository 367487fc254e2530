"""Guides on the shop's pages and as pages of their own."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from engagement.embed.doors import absolute, fragment, hosted, posting, reading_language, render, script_of
from engagement.embed.readers import note_reading, reader_of
from engagement.models import Workspace
from journeys.guides import guide_by_slug, guide_for, is_stale, published_languages, render_guide
from journeys.models import GuideVersion, Stage


@fragment
def guide_fragment(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`need` (slug), `stage` and `lang` choose the guide; nothing is there: 404."""
    stage = request.GET.get("stage", "")
    version = guide_for(
        workspace=workspace,
        need=request.GET.get("need", "")[:60],
        stage=stage if stage in Stage.values else "",
        language=request.GET.get("lang", "")[:16],
    )
    if version is None:
        raise Http404
    return render(
        "journeys/embed/_guide.html",
        context_of(request, version),
        language=reading_language(request, workspace),
    )


@hosted("GET")
def guide_page(request: HttpRequest, workspace: Workspace, slug: str) -> HttpResponse:
    """The same as a page of its own, for search engines, mails, and readers without scripts."""
    version = guide_by_slug(workspace=workspace, slug=slug, language=request.GET.get("lang", "")[:16])
    if version is None:
        raise Http404
    context = context_of(request, version) | {
        "workspace": workspace,
        "level": "h1",
        "sub": "h2",
        "languages": published_languages(version.guide),
        **script_of(workspace),
    }
    return render("journeys/embed/guide.html", context, language=reading_language(request, workspace))


@posting(limit=60)
def guide_read(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """A reader has read a guide, or ticked one of its criteria off (`check`, and `on` 1 or 0)."""
    now = timezone.now()
    version = find_version(request, workspace)
    reader = reader_of(request, workspace, now=now)
    properties = about_guide(version)
    day = now.date().isoformat()
    if "check" in request.POST:
        key = request.POST["check"]
        if key not in checklist_keys(version):
            raise Http404
        properties |= {"criterion": key, "on": request.POST.get("on") == "1"}
        about = f"{version.guide_id}:{key}:{properties['on']}:{day}"
        note_reading(
            reader, workspace=workspace, name="Guide Checked", about=about, properties=properties, now=now
        )
    else:
        about = f"{version.guide_id}:{version.number}:{day}"
        note_reading(
            reader, workspace=workspace, name="Guide Read", about=about, properties=properties, now=now
        )
    return HttpResponse(status=204)


def find_version(request: HttpRequest, workspace: Workspace) -> GuideVersion:
    """The published version that is being read, or 404."""
    version = guide_by_slug(
        workspace=workspace,
        slug=request.POST.get("guide", "")[:80],
        language=request.POST.get("lang", "")[:16],
    )
    if version is None:
        raise Http404
    return version


def checklist_keys(version: GuideVersion) -> set[str]:
    return {
        item["key"] for block in version.blocks if block["kind"] == "checklist" for item in block["items"]
    }


def about_guide(version: GuideVersion) -> dict[str, Any]:
    guide = version.guide
    return {
        "guide_id": guide.pk,
        "guide": guide.slug,
        "version": version.number,
        "need": guide.need.slug,
        "stage": guide.stage,
        "language": guide.language,
    }


def context_of(request: HttpRequest, version: GuideVersion) -> dict[str, Any]:
    guide = version.guide
    return {
        "guide": guide,
        "version": version,
        "blocks": render_guide(version).blocks,
        "is_stale": is_stale(guide, today=timezone.localdate()),
        "page_url": page_url(version),
        "sub": "h3",
        "read_path": reverse("journeys_embed:guide_read"),
    }


def page_url(version: GuideVersion) -> str:
    guide = version.guide
    path = reverse(
        "journeys_embed:guide_page", kwargs={"workspace": guide.workspace.slug, "slug": guide.slug}
    )
    return absolute(f"{path}?lang={guide.language}")
