"""Staff tasks: the queue of those whom a person is to call or visit, and one of them with its script and outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, dashboard_page
from engagement.models import Address, Channel, Fact, Role
from nudges.calling import CannotDo, claim_task, finish_task, release_task, try_later, waiting_tasks
from nudges.hearing import BadReply, what_changed
from nudges.models import Message, ReplyKind

MOST_SHOWN = 100


@dashboard_page()
def tasks(request: DashboardRequest) -> HttpResponse:
    """Who is to be called or visited, the most urgent first."""
    now = timezone.now()
    rows = list(waiting_tasks(request.workspace, now=now)[:MOST_SHOWN])
    return render(request, "nudges/dashboard/calls/tasks.html", {"rows": rows, "now": now})


@dashboard_page()
def task(request: DashboardRequest, message_id: int) -> HttpResponse:
    """One task: whom to reach and how, what to say, and what they said."""
    message = find(request, message_id)
    numbers = Address.objects.filter(customer=message.customer, channel=Channel.SMS).values_list(
        "value", flat=True
    )
    context: dict[str, Any] = {
        "message": message,
        "task": getattr(message, "task", None),
        "numbers": list(dict.fromkeys([*numbers, str(message.customer.traits.get("phone", ""))])),
        "address": message.customer.traits.get("address"),
        "facts": Fact.objects.filter(customer=message.customer).order_by("topic", "key")[:20],
        "replies": ReplyKind,
        "is_over": message.state != "sent" or message.not_after <= timezone.now(),
        "later": timezone.localtime(timezone.now() + timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M"),
    }
    return render(request, "nudges/dashboard/calls/task.html", context)


@dashboard_action(Role.MODERATOR)
def claim(request: DashboardRequest, message_id: int) -> HttpResponse:
    """Take it, or give it back."""
    message = find(request, message_id)
    if request.POST.get("give_back"):
        release_task(message=message, user=request.user)
        return redirect("nudges:tasks")
    try:
        claim_task(message=message, user=request.user, now=timezone.now())
    except CannotDo as refused:
        messages.error(request, str(refused))
    return redirect("nudges:task", message_id=message.pk)


@dashboard_action(Role.MODERATOR)
def outcome(request: DashboardRequest, message_id: int) -> HttpResponse:
    """What came of it: reached with an answer, to be tried again, or given up."""
    message = find(request, message_id)
    try:
        said = take_outcome(request, message, now=timezone.now())
    except (CannotDo, BadReply) as refused:
        messages.error(request, str(refused))
        return redirect("nudges:task", message_id=message.pk)
    messages.success(request, said)
    return redirect("nudges:tasks")


def take_outcome(request: DashboardRequest, message: Message, *, now: datetime) -> str:
    """Do what the form says; returns what to tell. Raises CannotDo and BadReply."""
    note = request.POST.get("note", "").replace("\x00", "").strip()
    match request.POST.get("outcome", ""):
        case "later":
            until = (
                parse_datetime(request.POST.get("until", "").strip() or "x")
                if request.POST.get("until")
                else None
            )
            if until is None:
                raise CannotDo(_("Choose when to try again."))
            try_later(message=message, note=note, until=timezone.make_aware(until), now=now)
            return _("It comes back then.")
        case "given_up":
            finish_task(message=message, is_reached=False, note=note, user=request.user, now=now)
            return _("Given up. It no longer counts against the customer's limits.")
        case "reached":
            heard = finish_task(
                message=message,
                is_reached=True,
                note=note,
                reply=request.POST.get("reply", ""),
                detail={"text": note},
                user=request.user,
                now=now,
            )
            return what_changed(heard) if heard else _("Done.")
        case _:
            raise CannotDo(_("Choose what came of it."))


def find(request: DashboardRequest, message_id: int) -> Message:
    rows = Message.objects.select_related(
        "customer", "category", "nudge", "task__claimed_by", "customer_need__need"
    )
    return get_object_or_404(rows, workspace=request.workspace, channel=Channel.STAFF_TASK, pk=message_id)
