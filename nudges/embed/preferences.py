"""The customer's own page: what they get and how, what was held back, what is known, and its erasure.

A page by our own link, and `<touchstone-preferences>` in the shop's account pages, for whom the shop vouches.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from engagement.erasing import erase_customer
from engagement.forgetting import forget_fact
from engagement.models import Customer
from journeys.closing import close_need
from journeys.links import situation_url
from nudges.channels.overviews import label_for_customers, offered_channels
from nudges.embed.choices import MOST_PER_WEEK, BadChoice, chosen, zone_of
from nudges.embed.doors import customer_of, languages, message_page, show, speakable
from nudges.embed.elements import for_element
from nudges.hearing import save_preferences
from nudges.links import PREFERENCES, inbox_url, preferences_url
from nudges.models import Preference, Watched
from nudges.records import customer_record, facts_of, held_back_from, needs_of, topics_of
from nudges.watching import is_watched, watch_of


@message_page("GET", "HEAD", "POST")
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows everything; POST saves the choices."""
    customer = customer_of(PREFERENCES, token)
    if request.method != "POST":
        return _page(customer, token, done=request.GET.get("done", ""))
    try:
        return _back(token, act(customer, "save", request.POST))
    except BadChoice as error:
        return _page(customer, token, error=str(error))


@message_page("POST")
def forget(request: HttpRequest, token: str) -> HttpResponse:
    """Erase one thing that is known about the customer's situation."""
    return _back(token, act(customer_of(PREFERENCES, token), "forget", request.POST))


@message_page("POST")
def close(request: HttpRequest, token: str) -> HttpResponse:
    """Say that a need is none."""
    return _back(token, act(customer_of(PREFERENCES, token), "close", request.POST))


@message_page("POST", "OPTIONS")
@for_element
def element_preferences(request: HttpRequest, customer: Customer, action: str = "") -> HttpResponse:
    """The same on the shop's own pages, as HTML that is set into the element; `action` changes something first."""
    translation.activate(speakable(languages(customer, customer.workspace)))
    try:
        done = act(customer, action, request.POST) if action else ""
    except BadChoice as error:
        return _element(customer, error=str(error))
    return _element(customer, done=done)


def act(customer: Customer, action: str, told: QueryDict) -> str:
    """Do what a form asks for and name what was done; raises BadChoice, and Http404 for what there is not."""
    now = timezone.now()
    if action == "save":
        save_preferences(customer=customer, choices=chosen(told, customer, now), now=now)
        return "saved"
    fact = told.get("fact", "") if action == "forget" else ""
    need = told.get("need", "") if action == "close" else ""
    if fact.isdecimal() and forget_fact(customer=customer, fact_id=int(fact), now=now):
        return "forgotten"
    if need.isdecimal() and needs_of(customer).filter(pk=int(need)).exists():
        close_need(customer_need_id=int(need), reason="not_relevant", now=now)
        return "closed"
    raise Http404


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


def _page(customer: Customer, token: str, *, done: str = "", error: str = "") -> HttpResponse:
    page = reverse("messages:preferences", kwargs={"token": token})
    # A day is a day where the customer is: the form shows the one that they chose.
    with timezone.override(zone_of(customer)):
        return show(
            "preferences",
            _shown(customer) | {"page": page, "done": done, "error": error},
            language=languages(customer, customer.workspace),
            status=400 if error else 200,
        )


def _element(customer: Customer, *, done: str = "", error: str = "") -> HttpResponse:
    context = _shown(customer) | {"page": preferences_url(customer), "done": done, "error": error}
    context |= {"is_element": True, "language": translation.get_language()}
    with timezone.override(zone_of(customer)):
        return HttpResponse(
            render_to_string("nudges/embed/_preferences.html", context), status=422 if error else 200
        )


def _shown(customer: Customer) -> dict[str, Any]:
    """What stands on the page, but for where its forms lead."""
    now = timezone.now()
    return {
        "workspace": customer.workspace,
        "customer": customer,
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
    }


def _back(token: str, done: str) -> HttpResponse:
    """Show the page again; a reload then repeats nothing."""
    return HttpResponseRedirect(
        f"{reverse('messages:preferences', kwargs={'token': token})}?done={done}", status=303
    )
