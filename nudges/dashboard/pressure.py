"""Settings: caps, quiet hours, the minimum gap and the budgets for messages that serve the business."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.models import Role
from nudges.dashboard.limit_forms import CapForm, PolicyForm, initial_of
from nudges.dashboard.throughput import ThroughputForm
from nudges.dashboard.window_forms import WindowsForm
from nudges.limiting import (
    CapExists,
    add_cap,
    archive_cap,
    caps_in_force,
    change_cap,
    change_policy,
    describe_business,
    describe_cap,
    describe_floor,
    describe_gap,
    place_of,
    policy_of,
)
from nudges.models import Cap, Policy
from nudges.send_windows import describe_windows
from nudges.throughputs import describe_wait, queues_of


@dashboard_page(changes=Role.OWNER)
def pressure(request: DashboardRequest) -> HttpResponse:
    """All limits, read back in sentences; owners change them."""
    policy = policy_of(request.workspace)
    form = PolicyForm(request.POST or None, initial=initial_of(policy))
    windows = WindowsForm(request.POST or None, windows=policy.send_windows)
    if request.method == "POST" and all([form.is_valid(), windows.is_valid()]):
        values = form.values() | {"send_windows": windows.windows}
        change_policy(workspace=request.workspace, values=values, actor=request.user, now=timezone.now())
        messages.success(request, _("Saved. It holds for every decision from now on."))
        return redirect("nudges:settings_pressure")
    return show(request, policy, form, windows, CapForm(workspace=request.workspace))


def show(
    request: DashboardRequest, policy: Policy, form: PolicyForm, windows: WindowsForm, cap_form: CapForm
) -> HttpResponse:
    caps = [
        (cap, " ".join(filter(None, [describe_cap(cap), describe_floor(cap)])))
        for cap in caps_in_force(request.workspace)
    ]
    context = {
        "policy": policy,
        "form": form,
        "windows": windows,
        "cap_form": cap_form,
        "caps": caps,
        "queues": [(one, describe_wait(one)) for one in queues_of(request.workspace, now=timezone.now())],
        "pace_form": ThroughputForm(),
        "sentences": [sentence for _cap, sentence in caps] + sentences_of(policy),
    }
    return render(request, "nudges/dashboard/pressure.html", context)


def sentences_of(policy: Policy) -> list[str]:
    """The policy read back."""
    said = []
    if policy.quiet_start is not None and policy.quiet_end is not None:
        said.append(
            _("Nothing between %(start)s and %(end)s where the customer is.")
            % {"start": policy.quiet_start.strftime("%H:%M"), "end": policy.quiet_end.strftime("%H:%M")}
        )
    if policy.send_windows:
        said.append(
            _("But for service, messages leave only %(when)s where the customer is.")
            % {"when": describe_windows(policy.send_windows)}
        )
    said += filter(None, [describe_gap(policy), describe_business(policy)])
    if policy.business_share_percent is not None:
        said.append(
            _("At most %(share)s %% of all push messages of 30 days may serve us.")
            % {"share": policy.business_share_percent}
        )
    return said


@dashboard_action(Role.OWNER)
def add(request: DashboardRequest) -> HttpResponse:
    """A new cap, in force at once."""
    cap_form = CapForm(request.POST, workspace=request.workspace)
    if cap_form.is_valid():
        try:
            add_cap(
                workspace=request.workspace, values=cap_form.values(), actor=request.user, now=timezone.now()
            )
        except CapExists:
            cap_form.add_error(
                "scope", _("There is a cap for this window already; change its number instead.")
            )
        else:
            messages.success(request, _("The cap holds from now on."))
            return redirect("nudges:settings_pressure")
    policy = policy_of(request.workspace)
    windows = WindowsForm(None, windows=policy.send_windows)
    return show(request, policy, PolicyForm(initial=initial_of(policy)), windows, cap_form)


@dashboard_page(role=Role.OWNER)
def preview(request: DashboardRequest) -> HttpResponse:
    """What the cap that is being written would mean, in a sentence, or what is still wrong with it. Keeps nothing."""
    form = CapForm(request.GET, workspace=request.workspace)
    if not form.is_valid():
        problems = [str(error) for errors in form.errors.values() for error in errors]
        return render(request, "nudges/dashboard/_cap_preview.html", {"problems": problems})
    cap = Cap(workspace=request.workspace, **form.values())
    already = caps_in_force(request.workspace).filter(**place_of(cap)).exists()
    context = {"sentence": describe_cap(cap), "floor": describe_floor(cap), "already": already}
    return render(request, "nudges/dashboard/_cap_preview.html", context)


@dashboard_action(Role.OWNER)
def change(request: DashboardRequest, cap_id: int) -> HttpResponse:
    """Another number for a cap, and how far it may adapt."""
    cap = of_workspace(Cap.objects.select_related("workspace"), request, pk=cap_id)
    limit, floor = request.POST.get("limit", ""), request.POST.get("floor", "").strip()
    numbers = [int(text) for text in (limit, floor or limit) if text.isdecimal()]
    if len(numbers) == 2 and numbers[1] <= numbers[0] <= 1000:
        change_cap(
            cap=cap,
            limit=numbers[0],
            floor=numbers[1] if floor else None,
            actor=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("Saved. It holds for every decision from now on."))
    else:
        messages.error(request, _("Write whole numbers from 0 to 1000, the second no larger than the first."))
    return redirect("nudges:settings_pressure")


@dashboard_action(Role.OWNER)
def archive(request: DashboardRequest, cap_id: int) -> HttpResponse:
    """Take a cap out of force."""
    cap = of_workspace(Cap.objects.select_related("workspace"), request, pk=cap_id)
    archive_cap(cap=cap, actor=request.user, now=timezone.now())
    messages.success(request, _("The cap no longer holds."))
    return redirect("nudges:settings_pressure")
