"""Guides: which places of which journeys have one, writing one, and showing it to readers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Max, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.models import Role
from journeys.dashboard.blocks import read_blocks, vocabulary
from journeys.dashboard.guide_forms import GuideForm
from journeys.guides import (
    BadGuide,
    GuideChanged,
    Problem,
    archive_guide,
    is_stale,
    publish_guide,
    restore_version,
    save_guide,
    schedule_guide,
    unpublish_guide,
    verify_guide,
)
from journeys.models import JOURNEY, Guide, GuideStatus, GuideVersion, Need, Stage

FORM_FIELDS = (
    "need", "stage", "language", "title", "slug", "summary", "stale_after_days", "owner", "conditions"
)  # fmt: skip
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
    mine: list[Guide] = []
    today = timezone.localdate()
    kept = Guide.objects.filter(workspace=request.workspace).exclude(status=GuideStatus.ARCHIVED)
    for guide in kept.select_related("owner").order_by("title", "id"):
        is_read = guide.status == GuideStatus.PUBLISHED
        guide.needs_reading = is_read and is_stale(guide, today=today)  # type: ignore[attr-defined]
        rows.setdefault((guide.need_id, guide.stage), []).append(guide)
        if guide.needs_reading and guide.owner_id == request.user.pk:  # type: ignore[attr-defined]
            mine.append(guide)
    needs = Need.objects.filter(workspace=request.workspace)
    matrix = [(need, [(stage, rows.get((need.pk, stage), [])) for stage in JOURNEY]) for need in needs]
    context = {
        "matrix": matrix,
        "mine": mine,
        "stages": [(stage.label, QUESTIONS[stage]) for stage in JOURNEY],
        "archived": Guide.objects.filter(workspace=request.workspace, status=GuideStatus.ARCHIVED)
        .select_related("need")
        .order_by("title")[:50],
    }
    return render(request, "journeys/dashboard/guides.html", context)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def new(request: DashboardRequest) -> HttpResponse:
    """A new draft; `need` (its short name) and `stage` say for which place, or `of` which guide to translate."""
    if "of" in request.GET:
        return translate(request, request.GET["of"])
    need = Need.objects.filter(workspace=request.workspace, slug=request.GET.get("need", "")).first()
    initial = {"need": need, "stage": request.GET.get("stage"), "language": request.workspace.locale}
    return compose(request, None, initial | {"owner": request.user}, [])


def translate(request: DashboardRequest, wanted: str) -> HttpResponse:
    """The same guide in another language: its words to write over; criteria keep their keys, so ticks stay."""
    pk = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19 else 0
    guide = of_workspace(Guide.objects.select_related("need", "owner"), request, pk=pk)
    initial = {name: getattr(guide, name) for name in FORM_FIELDS}
    initial |= {"language": request.GET.get("language", "")[:16], "owner": request.user}
    return compose(request, None, initial, guide.blocks)


@dashboard_page(changes=Role.MARKETER)
def edit(request: DashboardRequest, guide_id: int) -> HttpResponse:
    """Read or change one."""
    guide = of_workspace(Guide.objects.select_related("need", "owner"), request, pk=guide_id)
    initial = {name: getattr(guide, name) for name in FORM_FIELDS}
    return compose(request, guide, initial | {"owner": guide.owner or request.user}, guide.blocks)


def compose(
    request: DashboardRequest, guide: Guide | None, initial: dict[str, Any], blocks: list[Any]
) -> HttpResponse:
    form = GuideForm(request.POST or None, request=request, initial=initial)
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
        "languages": languages_of(guide) if guide else [],
    }
    return render(request, "journeys/dashboard/guide.html", context)


def languages_of(guide: Guide) -> list[tuple[Guide, bool]]:
    """The same guide in its languages, each with whether another one was saved since."""
    same = Guide.objects.filter(workspace_id=guide.workspace_id, slug=guide.slug)
    found = list(same.annotate(saved_at=Max("versions__at")).order_by("language"))
    newest = max(one.saved_at for one in found)
    return [(one, one.saved_at < newest) for one in found]


def versions_of(guide: Guide) -> QuerySet[GuideVersion]:
    return guide.versions.select_related("author").order_by("-number")[:20]


def save(request: DashboardRequest, guide: Guide | None, form: GuideForm) -> Guide | None:
    expected = request.POST.get("version", "")
    try:
        saved = save_guide(
            workspace=request.workspace,
            guide=guide,
            values=form.values(),
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
