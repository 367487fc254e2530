"""Guides on the shop's pages and as pages of their own."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from engagement.embed.doors import absolute, fragment, hosted, posting, reading_language, render, script_of
from engagement.embed.readers import Reader, keeper_of, note_reading, reader_of
from engagement.models import Customer, Workspace
from engagement.people import find_customer
from journeys.embed.linked import linked_data
from journeys.embed.situations import form_context
from journeys.guides import guide_by_slug, guide_for, is_stale, published_languages, render_guide
from journeys.guides.ticks import CHECKED, ticks_of
from journeys.models import GuideVersion, Stage
from journeys.situations import asked_of, situation_of

HREF = re.compile(r'href="(https?://[^"]+)"')


@fragment
def guide_fragment(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`need` (slug), `stage` and `lang` choose the guide; nothing is there: 404."""
    return show(request, workspace, request.GET, None)


@posting(limit=120)
def own_guide(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """The same for a reader who is known: a guide for people in their situation goes before the general one."""
    reader = reader_of(request, workspace, now=timezone.now())
    return show(request, workspace, request.POST, keeper_of(reader, workspace))


def show(
    request: HttpRequest, workspace: Workspace, asked: QueryDict, customer: Customer | None
) -> HttpResponse:
    stage = asked.get("stage", "")
    version = guide_for(
        workspace=workspace,
        need=asked.get("need", "")[:60],
        stage=stage if stage in Stage.values else "",
        language=asked.get("lang", "")[:16],
        customer=customer,
        now=timezone.now(),
    )
    if version is None:
        raise Http404
    context, language = context_of(request, version), reading_language(request, workspace)
    if customer is not None:
        context |= {
            "is_own": True,
            "ticks": ticks_of(customer, version.guide.slug, now=timezone.now()),
            "situation": asked_in(version, customer, language),
        }
    return render("journeys/embed/_guide.html", context, language=language)


def asked_in(version: GuideVersion, customer: Customer, language: str) -> dict[str, Any]:
    """What a guide asks this reader about their situation, with what they told before; empty where it asks nothing."""
    need = version.guide.need
    if not need.context_attributes or not any(block["kind"] == "situation" for block in version.blocks):
        return {}
    return form_context(need, asked_of(need, situation_of(customer, need)), {}, language)


@hosted("GET")
def guide_page(request: HttpRequest, workspace: Workspace, slug: str) -> HttpResponse:
    """The same as a page of its own, for search engines, mails, and readers without scripts."""
    version = guide_by_slug(workspace=workspace, slug=slug, language=request.GET.get("lang", "")[:16])
    if version is None:
        raise Http404
    context = context_of(request, version)
    if request.GET.get("jsonld") != "off":
        context["linked"] = linked_data(version, context["blocks"], url=context["page_url"])
    context |= {
        "workspace": workspace,
        "level": "h1",
        "sub": "h2",
        "languages": published_languages(version.guide),
        **script_of(workspace),
    }
    return render("journeys/embed/guide.html", context, language=reading_language(request, workspace))


@posting(limit=60)
def guide_read(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """A reader has read a guide, ticked a criterion off (`check`, and `on` 1 or 0), or followed a `link` out of it."""
    now = timezone.now()
    version = find_version(request, workspace)
    reader = reader_of(request, workspace, now=now)
    properties = about_guide(version)
    day = now.date().isoformat()
    if "check" in request.POST:
        note_tick(request, workspace, version, reader, now)
    elif "link" in request.POST:
        url = request.POST["link"]
        if url not in links_of(version):
            raise Http404
        about = f"{version.guide_id}:{url}:{day}"
        note_reading(
            reader,
            workspace=workspace,
            name="Guide Link Followed",
            about=about,
            properties=properties | {"url": url},
            now=now,
        )
    else:
        about = f"{version.guide_id}:{version.number}:{day}"
        note_reading(
            reader, workspace=workspace, name="Guide Read", about=about, properties=properties, now=now
        )
    return HttpResponse(status=204)


def note_tick(
    request: HttpRequest, workspace: Workspace, version: GuideVersion, reader: Reader, now: datetime
) -> None:
    """Tell that a criterion was ticked off, or is no longer; nothing where that is known already."""
    key, on = request.POST["check"], request.POST.get("on") == "1"
    if key not in checklist_keys(version):
        raise Http404
    customer = reader.customer or find_customer(workspace=workspace, anonymous_id=reader.anonymous_id)
    if customer is not None and (key in ticks_of(customer, version.guide.slug, now=now)) == on:
        return
    note_reading(
        reader,
        workspace=workspace,
        name=CHECKED,
        about=f"{version.guide_id}:{key}:{on}:{now.isoformat(timespec='seconds')}",
        properties=about_guide(version) | {"criterion": key, "on": on},
        now=now,
    )


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


def links_of(version: GuideVersion) -> set[str]:
    """Every address to which the guide as it is shown leads."""
    html = render_to_string(
        "journeys/embed/_guide.html",
        {"guide": version.guide, "version": version, "blocks": render_guide(version).blocks, "sub": "h3"},
    )
    return {unescape(url) for url in HREF.findall(html)}


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
