"""Nudges: the list, one of them with what came of it, writing and changing one, trying it dry."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, may, of_workspace
from engagement.conditions import describe_condition
from engagement.dashboard.conditions import known_events, read_text
from engagement.dashboard.pages import keyset_page
from engagement.models import Channel, Role
from nudges.approvals import waiting_nudges
from nudges.composing import CannotChange, change_status, save_nudge
from nudges.dashboard.forms import NudgeForm, initial_of
from nudges.dashboard.ledger import held_rows, ledger_lines
from nudges.dashboard.start_forms import StartForm
from nudges.dashboard.window_forms import WindowsForm
from nudges.deciding import simulate
from nudges.dry_running import audience_of
from nudges.entries import next_entries
from nudges.hits import seen_of
from nudges.ledgers import counts_by_reason, rules_in_words, sentence_of
from nudges.models import (
    Broadcast,
    Decision,
    DryRun,
    Entry,
    EntryState,
    Interest,
    Nudge,
    NudgeContent,
    NudgeStatus,
    Outcome,
    Trigger,
)
from nudges.overviews import figures_of
from nudges.send_windows import describe_windows
from nudges.starts import start_in_words
from nudges.variants import name_of

PAGE = 50
# At once, in the request; a dry run of its own counts everybody.
MOST_TRIED = 2_000
SPAN = timedelta(days=30)
WAITS = "waits"  # for an approval: no status, but what one looks for in its place
SAID = {
    NudgeStatus.ACTIVE: gettext_lazy("It speaks from now on."),
    NudgeStatus.PAUSED: gettext_lazy("It is silent until you activate it again."),
    NudgeStatus.ARCHIVED: gettext_lazy("It is put away for good."),
}


@dashboard_page()
def nudges(request: DashboardRequest) -> HttpResponse:
    """All but the archived, with what came of each in 30 days; `status` and `interest` narrow, `q` searches names."""
    rows = Nudge.objects.filter(workspace=request.workspace).select_related("category", "trigger_need")
    status, interest = request.GET.get("status", ""), request.GET.get("interest", "")
    if status == WAITS:
        rows = waiting_nudges(rows)
    else:
        rows = rows.filter(status=status) if status in NudgeStatus.values else rows.exclude(status="archived")
    if interest in Interest.values:
        rows = rows.filter(interest=interest)
    if asked := request.GET.get("q", "").strip().replace("\x00", ""):
        rows = rows.filter(name__icontains=asked)
    page = keyset_page(rows, field="name", descending=False, cursor=request.GET.get("after", ""), size=PAGE)
    context = {
        "page": page,
        "figures": figures_of([one.pk for one in page.rows], since=timezone.now() - SPAN),
        "statuses": [*NudgeStatus.choices, (WAITS, _("Waits for an approval"))],
        "interests": Interest.choices,
        "status": status,
        "interest": interest,
        "asked": asked,
        "is_filtered": bool(asked or status or interest),
    }
    return render(request, "nudges/dashboard/nudges.html", context)


@dashboard_page()
def nudge(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """One nudge: what it declares, its words, what came of it and why not."""
    one = find(request, nudge_id)
    since = timezone.now() - SPAN
    newest = (
        Decision.objects.filter(nudge=one)
        .select_related("customer", "nudge", "customer_need__need")
        .order_by("-decided_at", "-id")[:15]
    )
    context = {
        "nudge": one,
        "channels": [Channel(name).label for name in one.channels if name in Channel.values],
        "contents": named_words(one),
        "sentence": describe(one),
        "send_windows": describe_windows(one.send_windows),
        "start": start_in_words(one) if one.trigger == Trigger.EVENT else "",
        "entries": next_entries(one),
        "waiting": Entry.objects.filter(nudge=one, state=EntryState.WAITING).count(),
        "figures": figures_of([one.pk], since=since)[one.pk],
        "held": held_rows(counts_by_reason(workspace=request.workspace, since=since, nudge=one)),
        "seen": seen_of(one, since=since),
        "decisions": ledger_lines(newest, workspace=request.workspace),
        "broadcasts": Broadcast.objects.filter(nudge=one).select_related("started_by").order_by("-id")[:10],
    }
    return render(request, "nudges/dashboard/nudge.html", context)


def named_words(one: Nudge) -> list[tuple[NudgeContent, str]]:
    """Its words, each with its variant's name; the plain ones have none."""
    rows = one.contents.order_by("channel", "language", "variant")
    return [(row, name_of(one, row.variant)) for row in rows]


def find(request: DashboardRequest, nudge_id: int) -> Nudge:
    rows = Nudge.objects.select_related("workspace", "category", "trigger_need")
    return of_workspace(rows, request, pk=nudge_id)


def describe(one: Nudge) -> str:
    """Whom it is for, in a sentence; conditions that no longer hold together say so."""
    condition, problems = read_text(json.dumps(one.conditions), workspace=one.workspace)
    return describe_condition(condition) if condition is not None else "; ".join(problems)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def new(request: DashboardRequest) -> HttpResponse:
    """A new draft."""
    return compose(request, Nudge(workspace=request.workspace))


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def edit(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """What one declares."""
    return compose(request, find(request, nudge_id))


def compose(request: DashboardRequest, one: Nudge) -> HttpResponse:
    initial = initial_of(one) if one.pk else {"channel_1": "email", "trigger": Trigger.STAGE_CHANGE}
    is_owner = may(request.member, Role.OWNER)
    form = NudgeForm(request.POST or None, initial=initial, workspace=request.workspace, is_owner=is_owner)
    start = StartForm(request.POST or None, nudge=one)
    windows = WindowsForm(request.POST or None, windows=one.send_windows)
    if request.method == "POST" and all([form.is_valid(), start.is_valid(), windows.is_valid()]):
        values = form.values() | {"send_windows": windows.windows}
        if values["trigger"] == Trigger.EVENT:
            values |= start.values()
        try:
            saved = save_nudge(nudge=one, values=values, actor=request.user, now=timezone.now())
        except CannotChange as refused:
            field = {"channels": "channel_1"}.get(refused.field, refused.field)
            told = start if field in start.fields else form
            told.add_error(field if field in told.fields else None, refused.text)
        else:
            messages.success(request, _("Saved.") if one.pk else _("The draft is saved. Next: its words."))
            return redirect("nudges:nudge", nudge_id=saved.pk)
    context = {
        "form": form,
        "start": start,
        "windows": windows,
        "events": known_events(request.workspace),
        "nudge": one,
    }
    return render(request, "nudges/dashboard/nudge_edit.html", context)


@dashboard_action(Role.MARKETER)
def status(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Activate, pause or archive."""
    one = find(request, nudge_id)
    wanted = request.POST.get("status", "")
    if wanted not in SAID:
        messages.error(request, _("There is no such state."))
        return redirect("nudges:nudge", nudge_id=one.pk)
    try:
        change_status(nudge=one, status=wanted, actor=request.user, now=timezone.now())
    except CannotChange as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"{one.name}: {SAID[NudgeStatus(wanted)]}")
    return redirect("nudges:nudge", nudge_id=one.pk)


@dashboard_page()
def dry_run(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """What would happen if it were put forward now to whom it is for, or the first of them: counts by reason.

    A nudge that a stage starts is tried on those who stand at that stage now, as if they all reached it at once; one
    that an event starts, on those whom it happened to in the last 30 days.
    """
    one = find(request, nudge_id)
    problems = read_text(json.dumps(one.conditions), workspace=request.workspace)[1]
    if one.status == NudgeStatus.ARCHIVED:
        raise PermissionDenied(_("An archived nudge can't be tried."))
    context: dict[str, Any] = {"nudge": one, "problems": problems, "sentence": describe(one)}
    if not problems:
        now = timezone.now()
        audience = audience_of(one, now=now)
        asked = list(audience.order_by("pk").values_list("pk", flat=True)[:MOST_TRIED])
        found = simulate(nudge=one, customer_ids=asked, now=now)
        rules = rules_in_words(request.workspace)
        people = request.workspace.customers.in_bulk(
            [decision.customer_id for decision in found.decisions[:50]]
        )
        context |= {
            "total": len(asked),
            "audience": audience.count() if len(asked) == MOST_TRIED else len(asked),
            "runs": DryRun.objects.filter(nudge=one).select_related("started_by").order_by("-id")[:5],
            "sent": sum(n for (outcome, _reason), n in found.counts.items() if outcome == Outcome.SEND),
            "held": held_rows(dict(found.counts)),
            "examples": [
                (people.get(decision.customer_id), decision, sentence_of(decision.reason, decision, rules))
                for decision in found.decisions[:50]
            ],
        }
    return render(request, "nudges/dashboard/dry_run.html", context)
