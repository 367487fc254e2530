"""Guides: which places of which journeys have one, writing one, and showing it to readers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.dashboard.framing import only_framed
from engagement.models import Role
from journeys.dashboard.blocks import read_blocks, vocabulary
from journeys.dashboard.guide_forms import GuideForm
from journeys.guides import (
    BadGuide,
    GuideChanged,
    Problem,
    archive_guide,
    check_blocks,
    is_stale,
    publish_guide,
    render_blocks,
    restore_version,
    save_guide,
    schedule_guide,
    unpublish_guide,
    verify_guide,
)
from journeys.guides.comparing import compare_versions
from journeys.models import JOURNEY, Guide, GuideStatus, GuideVersion, Need, Stage

QUESTIONS = {
    Stage.AWARENESS: gettext_lazy("Do I need it at all?"),
    Stage.SHORTLIST: gettext_lazy("What to look for, what else is there?"),
    Stage.PURCHASE: gettext_lazy("Is it right for me, and what if not?"),
    Stage.POST_PURCHASE: gettext_lazy("The first week, keeping it well, what if things change?"),
}


@dashboard_page()
def guides(request: DashboardRequest) -> HttpResponse:
    """Needs down, stages across: what is published, what is a draft, and where nothing helps yet."""
    rows: dict[tuple[int, str], list[Guide]] = {}
    today = timezone.localdate()
    for guide in (
        Guide.objects.filter(workspace=request.workspace)
        .exclude(status=GuideStatus.ARCHIVED)
        .order_by("title")
    ):
        guide.needs_reading = is_stale(guide, today=today)  # type: ignore[attr-defined]
        rows.setdefault((guide.need_id, guide.stage), []).append(guide)
    needs = Need.objects.filter(workspace=request.workspace)
    matrix = [(need, [(stage, rows.get((need.pk, stage), [])) for stage in JOURNEY]) for need in needs]
    context = {
        "matrix": matrix,
        "stages": [(stage.label, QUESTIONS[stage]) for stage in JOURNEY],
        "archived": Guide.objects.filter(workspace=request.workspace, status=GuideStatus.ARCHIVED)
        .select_related("need")
        .order_by("title")[:50],
    }
    return render(request, "journeys/dashboard/guides.html", context)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def new(request: DashboardRequest) -> HttpResponse:
    """A new draft; `need` (its short name) and `stage` say for which place."""
    need = Need.objects.filter(workspace=request.workspace, slug=request.GET.get("need", "")).first()
    initial = {"need": need, "stage": request.GET.get("stage"), "language": request.workspace.locale}
    return compose(request, None, initial)


@dashboard_page(changes=Role.MARKETER)
def edit(request: DashboardRequest, guide_id: int) -> HttpResponse:
    """Read or change one."""
    guide = of_workspace(Guide.objects.select_related("need", "owner"), request, pk=guide_id)
    names = ("need", "stage", "language", "title", "slug", "summary", "stale_after_days", "conditions")
    return compose(request, guide, {name: getattr(guide, name) for name in names})


def compose(request: DashboardRequest, guide: Guide | None, initial: dict[str, Any]) -> HttpResponse:
    form = GuideForm(request.POST or None, request=request, initial=initial)
    blocks: list[Any] = guide.blocks if guide else []
    if request.method == "POST":
        blocks = read_blocks(request.POST.get("blocks", "")) or []
        if form.is_valid() and (saved := save(request, guide, form)):
            return redirect("journeys:guide", guide_id=saved.pk)
    context = {
        "form": form,
        "guide": guide,
        "blocks": blocks,
        "blocks_text": json.dumps(blocks, indent=2, ensure_ascii=False),
        "vocabulary": vocabulary(request.workspace),
        "is_stale": guide is not None and is_stale(guide, today=timezone.localdate()),
        "versions": versions_of(guide) if guide else [],
    }
    return render(request, "journeys/dashboard/guide.html", context)


def versions_of(guide: Guide) -> QuerySet[GuideVersion]:
    return guide.versions.select_related("author").order_by("-number")[:20]


def save(request: DashboardRequest, guide: Guide | None, form: GuideForm) -> Guide | None:
    expected = request.POST.get("version", "")
    try:
        saved = save_guide(
            workspace=request.workspace,
            guide=guide,
            values=form.values() | ({} if guide else {"owner": request.user}),
            expected_version=int(expected) if guide and expected.isdecimal() else None,
            actor=request.user,
            now=timezone.now(),
        )
    except BadGuide as bad:
        for problem in bad.problems:
            add_problem(form, problem.path, problem.message)
        return None
    except GuideChanged as changed:
        form.add_error(
            None,
            _("Somebody saved version %(n)s meanwhile. Copy your words, then load the page again.")
            % {"n": changed.version},
        )
        return None
    messages.success(
        request, _("Saved as version %(n)s. Readers see it once you publish it.") % {"n": saved.version}
    )
    return saved


def add_problem(form: GuideForm, path: str, message: str) -> None:
    """Put what is wrong beside its field; inside blocks, say which block."""
    field, _dot, rest = path.partition(".")
    if field == "blocks":
        place, _dot, inner = rest.partition(".")
        where = _("Block %(n)s") % {"n": int(place) + 1} if place.isdecimal() else _("Blocks")
        form.add_error("blocks", f"{where}{' · ' + inner.replace('.', ' ') if inner else ''}: {message}")
    else:
        form.add_error(field if field in form.fields else None, message)


@dashboard_action(Role.MARKETER)
def state(request: DashboardRequest, guide_id: int) -> HttpResponse:
    """Publish, take back, archive, or say that it was read again and still holds."""
    guide = of_workspace(Guide.objects.select_related("need"), request, pk=guide_id)
    now = timezone.now()
    change = request.POST.get("change", "")
    try:
        if change == "publish":
            publish_guide(guide=guide, actor=request.user, now=now)
            messages.success(request, _("Readers see version %(n)s from now on.") % {"n": guide.version})
        elif change == "schedule":
            schedule(request, guide, now)
        elif change == "unschedule":
            schedule_guide(guide=guide, at=None, actor=request.user, now=now)
            messages.success(request, _("It does not go out by itself any more."))
        elif change == "restore":
            restore(request, guide, now)
        elif change == "unpublish":
            unpublish_guide(guide=guide, actor=request.user, now=now)
            messages.success(request, _("Readers no longer see it."))
        elif change == "archive":
            archive_guide(guide=guide, actor=request.user, now=now)
            messages.success(request, _("It is archived."))
        elif change == "verify":
            verify_guide(guide=guide, on=timezone.localdate(now), actor=request.user, now=now)
            messages.success(request, _("Noted: it still holds today."))
    except BadGuide as bad:
        for problem in bad.problems:
            messages.error(request, problem.message)
    return redirect("journeys:guide", guide_id=guide.pk)


def schedule(request: DashboardRequest, guide: Guide, now: datetime) -> None:
    """Publish at the time typed, by the workspace's clock."""
    at = parse_datetime(request.POST.get("at", "")) if request.POST.get("at") else None
    if at is None:
        raise BadGuide([Problem("at", _("Choose a day and a time."))])
    if timezone.is_naive(at):
        at = timezone.make_aware(at)
    schedule_guide(guide=guide, at=at, actor=request.user, now=now)
    said = _("Version %(n)s goes out on %(at)s.")
    messages.success(
        request, said % {"n": guide.version, "at": date_format(timezone.localtime(at), _("j M Y, H:i"))}
    )


def restore(request: DashboardRequest, guide: Guide, now: datetime) -> None:
    number = request.POST.get("number", "")
    try:
        wanted = int(number) if number.isascii() and number.isdecimal() else 0
        saved = restore_version(guide=guide, number=wanted, actor=request.user, now=now)
    except GuideVersion.DoesNotExist as error:
        raise Http404 from error
    messages.success(
        request, _("Saved as version %(n)s. Readers see it once you publish it.") % {"n": saved.version}
    )


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
    return as_read(
        request,
        words,
        {"slug": "", "verified_on": None, "need": None} | shown,
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
        "blocks": render_blocks(blocks, workspace=request.workspace, need=need.slug if need else "")
        if blocks
        else [],
    }
    page = render(request, "journeys/dashboard/preview.html", context)
    return only_framed(
        page, style_src=["'self'"], img_src=["'self'", "data:", "https:"], sandbox=["allow-same-origin"]
    )
