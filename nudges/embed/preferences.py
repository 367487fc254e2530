"""The customer's own page: what they get and how, what was held back, what is known, and its erasure."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, time, timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_time
from django.utils.translation import gettext as _

from engagement.erasing import erase_customer
from engagement.forgetting import forget_fact
from engagement.models import Category, Customer
from journeys.closing import close_need
from journeys.links import situation_url
from nudges.channels.overviews import label_for_customers, offered_channels
from nudges.embed.doors import customer_of, languages, message_page, show
from nudges.hearing import Choices, save_preferences
from nudges.links import PREFERENCES, inbox_url
from nudges.models import Preference, Watched
from nudges.records import customer_record, facts_of, held_back_from, needs_of, topics_of
from nudges.watching import is_watched, watch_of

MOST_PER_WEEK = 21
LONGEST_PAUSE = timedelta(days=366)


class BadChoice(Exception):
    """Something on the form cannot be kept; the message says what to change."""


@message_page("GET", "HEAD", "POST")
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows everything; POST saves the choices."""
    customer = customer_of(PREFERENCES, token)
    now = timezone.now()
    if request.method != "POST":
        return _show(customer, token, now, done=request.GET.get("done", ""))
    try:
        choices = _choices(request, customer, now)
    except BadChoice as error:
        return _show(customer, token, now, error=str(error))
    save_preferences(customer=customer, choices=choices, now=now)
    return _back(token, "saved")


@message_page("POST")
def forget(request: HttpRequest, token: str) -> HttpResponse:
    """Erase one thing that is known about the customer's situation."""
    customer = customer_of(PREFERENCES, token)
    number = request.POST.get("fact", "")
    if not number.isdecimal() or not forget_fact(customer=customer, fact_id=int(number), now=timezone.now()):
        raise Http404
    return _back(token, "forgotten")


@message_page("POST")
def close(request: HttpRequest, token: str) -> HttpResponse:
    """Say that a need is none."""
    customer = customer_of(PREFERENCES, token)
    number = request.POST.get("need", "")
    need = needs_of(customer).filter(pk=int(number)).first() if number.isdecimal() else None
    if need is None:
        raise Http404
    close_need(customer_need_id=need.pk, reason="not_relevant", now=timezone.now())
    return _back(token, "closed")


@message_page("GET", "HEAD")
def data(request: HttpRequest, token: str) -> HttpResponse:
    """All that is kept about the customer, to take away."""
    customer = customer_of(PREFERENCES, token)
    answer = JsonResponse(customer_record(customer), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer.headers["Content-Disposition"] = 'attachment; filename="what-we-know.json"'
    return answer


@message_page("GET", "HEAD", "POST")
def erase(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST with the box ticked erases the customer for good. Afterwards the link leads nowhere."""
    customer = customer_of(PREFERENCES, token)
    language = languages(customer, customer.workspace)
    context = {"workspace": customer.workspace, "token": token}
    if request.method != "POST":
        return show("erase", context, language=language)
    if request.POST.get("sure") != "yes":
        return show("erase", {**context, "is_unsure": True}, language=language, status=400)
    erase_customer(customer=customer, actor=None, now=timezone.now())
    return show("erased", context, language=language)


def _show(customer: Customer, token: str, now: datetime, *, done: str = "", error: str = "") -> HttpResponse:
    context = {
        "workspace": customer.workspace,
        "customer": customer,
        "token": token,
        "topics": topics_of(customer, now=now),
        "channels": [label_for_customers(channel) for channel in offered_channels(customer.workspace)],
        "preference": Preference.objects.filter(customer=customer).first(),
        "held_back": held_back_from(customer, now=now),
        "needs": needs_of(customer),
        "facts": facts_of(customer),
        "inbox": inbox_url(customer),
        "situation": situation_url(customer),
        "most_per_week": MOST_PER_WEEK,
        "is_watching": watch_of(customer.workspace).who != Watched.NOBODY,
        "is_watched": is_watched(customer),
        "tomorrow": (now + timedelta(days=1)).date(),
        "done": done,
        "error": error,
    }
    # A day is a day where the customer is: the form shows the one that they chose.
    with timezone.override(_zone(customer)):
        return show(
            "preferences",
            context,
            language=languages(customer, customer.workspace),
            status=400 if error else 200,
        )


def _back(token: str, done: str) -> HttpResponse:
    """Show the page again; a reload then repeats nothing."""
    return HttpResponseRedirect(
        f"{reverse('messages:preferences', kwargs={'token': token})}?done={done}", status=303
    )


def _choices(request: HttpRequest, customer: Customer, now: datetime) -> Choices:
    wanted = set(request.POST.getlist("allow"))
    categories = Category.objects.filter(workspace_id=customer.workspace_id, archived_at=None)
    offered = offered_channels(customer.workspace)
    return Choices(
        allowed={
            (category.pk, channel.value): f"{category.pk}:{channel.value}" in wanted
            for category in categories
            for channel in offered
        },
        paused_topics={
            category.pk: _pause(request.POST[f"pause:{category.pk}"], customer, now)
            for category in categories
            if f"pause:{category.pk}" in request.POST
        },
        max_per_week=_number(request.POST.get("max_per_week", "")),
        paused_until=_pause(request.POST.get("paused_until", ""), customer, now),
        quiet_start=_hour(request.POST.get("quiet_start", "")),
        quiet_end=_hour(request.POST.get("quiet_end", "")),
        may_be_watched=_watching(request, customer),
    )


def _watching(request: HttpRequest, customer: Customer) -> bool | None:
    """What was said about opens and clicks; None where that is what holds anyway."""
    wish = {"yes": True, "no": False}.get(request.POST.get("watched", ""))
    return None if wish is is_watched(customer) else wish


def _number(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or int(text) > MOST_PER_WEEK:
        raise BadChoice(
            _("Messages a week: write a number from 0 to %(most)s, or nothing.") % {"most": MOST_PER_WEEK}
        )
    return int(text)


def _pause(text: str, customer: Customer, now: datetime) -> datetime | None:
    """The start of the chosen day where the customer is."""
    if not text.strip():
        return None
    try:
        day = parse_date(text.strip())
    except ValueError:
        day = None
    if day is None:
        raise BadChoice(_("Pause: write a date such as 2026-12-24."))
    until = datetime(day.year, day.month, day.day, tzinfo=_zone(customer))
    if until > now + LONGEST_PAUSE:
        raise BadChoice(_("Pause: choose a date within the next twelve months."))
    return until if until > now else None


def _hour(text: str) -> time | None:
    if not text.strip():
        return None
    try:
        hour = parse_time(text.strip())
    except ValueError:
        hour = None
    if hour is None:
        raise BadChoice(_("Quiet hours: write times such as 21:00."))
    return hour


def _zone(customer: Customer) -> zoneinfo.ZoneInfo:
    for name in (customer.timezone, customer.workspace.timezone):
        try:
            return zoneinfo.ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
    return zoneinfo.ZoneInfo("UTC")
