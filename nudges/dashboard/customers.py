"""Customers: the list, and everything about one of them on one page."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from engagement.access import DashboardRequest, dashboard_page, of_workspace
from engagement.conditions import check_condition, customers_matching, describe_condition
from engagement.customers import ORDERS, customers_of, search_customers
from engagement.dashboard.conditions import vocabulary
from engagement.dashboard.pages import keyset_page
from engagement.models import Category, Channel, Consent, Customer
from engagement.timelines import read_timeline
from journeys.models import JOURNEY, CustomerNeed, Need, Stage
from journeys.needs import read_needs
from nudges import overviews
from nudges.dashboard.customer_flows import ways_of
from nudges.dashboard.ledger import ledger_lines
from nudges.deciding.simulating import simulate
from nudges.ledgers import label_of, rules_in_words, sentence_of
from nudges.limiting import policy_of
from nudges.models import Decision, Nudge, NudgeStatus, Preference
from nudges.pressures import counting_messages, hearing_of
from nudges.reasons import Reason
from nudges.variants import name_of

PAGE = 50
STRETCH = 30
SHOWN_BEFORE = 5
FARTHEST = timedelta(days=90)  # beyond the longest window everything is free again


@dashboard_page()
def customers(request: DashboardRequest) -> HttpResponse:
    """`q` searches, `need` and `stage` or a `condition` narrow, `order` sorts; one page of them."""
    now = timezone.now()
    order = request.GET.get("order", "seen")
    field, descending = ORDERS.get(order, ORDERS["seen"])
    needs = list(Need.objects.filter(workspace=request.workspace))
    condition, problem = read_condition(request)
    rows = narrowed(request, needs, condition, now)
    if not descending:
        rows = rows.exclude(**{field: ""})
    places = (
        CustomerNeed.objects.filter(closed_at=None)
        .exclude(stage=Stage.NONE)
        .select_related("need")
        .order_by("-stage_since")
    )
    page = keyset_page(
        rows.prefetch_related(Prefetch("needs", places)),
        field=field,
        descending=descending,
        cursor=request.GET.get("after", ""),
        size=PAGE,
    )
    context = {
        "page": page,
        "asked": request.GET.get("q", ""),
        "need": request.GET.get("need", ""),
        "stage": request.GET.get("stage", ""),
        "order": order if order in ORDERS else "seen",
        "needs": needs,
        "stages": [(stage.value, stage.label) for stage in JOURNEY],
        "condition": condition,
        "condition_text": request.GET.get("condition", ""),
        "condition_sentence": describe_condition(condition) if condition else "",
        "condition_problem": problem,
        "vocabulary": vocabulary(request.workspace),
        "is_filtered": any(request.GET.get(name) for name in ("q", "need", "stage", "condition")),
    }
    return render(request, "nudges/dashboard/customers.html", context)


def read_condition(request: DashboardRequest) -> tuple[dict[str, Any], str]:
    """The condition in the query string, or {} and what is wrong with it."""
    text = request.GET.get("condition", "").strip()
    if not text:
        return {}, ""
    try:
        condition = json.loads(text)
    except (ValueError, RecursionError):
        return {}, "…"
    problems = check_condition(condition, workspace=request.workspace)
    if problems:
        return {}, "; ".join(f"{one.path or '·'}: {one.message}" for one in problems)
    return condition, ""


def narrowed(
    request: DashboardRequest, needs: list[Need], condition: dict[str, Any], now: datetime
) -> QuerySet[Customer]:
    rows = (
        customers_matching(condition, workspace=request.workspace, now=now)
        if condition
        else customers_of(request.workspace)
    )
    need = next((one for one in needs if one.slug == request.GET.get("need")), None)
    stage = request.GET.get("stage", "")
    known = stage if stage in [one.value for one in JOURNEY] else ""
    if need is not None or known:
        rows = rows.filter(overviews.at_stage(need, known))
    return search_customers(rows, request.GET.get("q", ""))


@dashboard_page()
def customer(request: DashboardRequest, customer_id: int) -> HttpResponse:
    """Who they are, what they allowed, where they stand with each need, what was said to them, and when."""
    one = of_workspace(Customer.objects.select_related("workspace"), request, pk=customer_id)
    if one.merged_into_id:
        return redirect("nudges:customer", customer_id=one.merged_into_id)
    now = timezone.now()
    zone = one.timezone or request.workspace.timezone
    context = {
        "customer": one,
        "zone": zone,
        "identities": one.identities.order_by("kind", "created_at")[:20],
        "addresses": one.addresses.order_by("channel", "value"),
        "topics": consents_of(one),
        "facts": one.facts.order_by("topic", "key"),
        "preference": Preference.objects.filter(customer=one).first(),
        "needs": read_needs(one)[:30],
        "stages": [(stage.value, stage.label) for stage in JOURNEY],
        "ways": ways_of(one),
        "hearing": hearing_of(one, zone=zone, now=now),
        "is_held_out": one.workspace.holds_out(one.pk),
        "quiet": quiet_of(one),
        "used": counting_messages(one, since=now - timedelta(days=30)),
        "merges": one.merges_received.order_by("-at")[:5],
        "nudges": Nudge.objects.filter(workspace=request.workspace)
        .exclude(status=NudgeStatus.ARCHIVED)
        .order_by("name"),
        "timeline": read_timeline(one, limit=STRETCH),
        "today": timezone.localdate(now),
    }
    return render(request, "nudges/dashboard/customer.html", context)


def quiet_of(customer: Customer) -> list[tuple[time, time, bool]]:
    """Quiet hours that hold for them: start, end, whether the customer chose them."""
    rows = [
        (policy_of(customer.workspace), False),
        (Preference.objects.filter(customer=customer).first(), True),
    ]
    return [
        (row.quiet_start, row.quiet_end, is_own)
        for row, is_own in rows
        if row is not None and row.quiet_start is not None and row.quiet_end is not None
    ]


def consents_of(customer: Customer) -> list[dict[str, Any]]:
    """Every topic with the customer's word on it by channel, and whether silence means yes."""
    given: dict[int, list[Consent]] = {}
    for consent in Consent.objects.filter(customer=customer).order_by("channel"):
        given.setdefault(consent.category_id, []).append(consent)
    topics = Category.objects.filter(workspace_id=customer.workspace_id, archived_at=None)
    return [{"topic": topic, "consents": given.get(topic.pk, [])} for topic in topics]


@dashboard_page()
def timeline(request: DashboardRequest, customer_id: int) -> HttpResponse:
    """An older stretch of the timeline, for scrolling on."""
    one = of_workspace(customers_of(request.workspace), request, pk=customer_id)
    before = read_moment(request.GET.get("before", ""))
    context = {"customer": one, "timeline": read_timeline(one, before=before, limit=STRETCH)}
    is_fragment = request.htmx and not request.htmx.boosted
    template = "_timeline.html" if is_fragment else "timeline.html"
    return render(request, f"nudges/dashboard/{template}", context)


def read_moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and timezone.is_aware(moment) else None


def read_local(text: str) -> datetime | None:
    """A moment from a `datetime-local` field, in the time zone of who looks; None when it is none."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None:
        return None
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


@dashboard_page()
def what_if(request: DashboardRequest, customer_id: int) -> HttpResponse:
    """What would become of a nudge for this customer now, or `at` a later time, and what became of it before.

    Nothing is written or sent.
    """
    one = of_workspace(customers_of(request.workspace), request, pk=customer_id)
    asked = request.GET.get("nudge", "")
    nudge = of_workspace(
        Nudge.objects.select_related("workspace", "category"),
        request,
        pk=int(asked) if asked.isdecimal() else 0,
    )
    now = timezone.now()
    at = read_local(request.GET.get("at", ""))
    is_late = at is not None and at > now + FARTHEST
    moment = min(max(at or now, now), now + FARTHEST)
    found = simulate(nudge=nudge, customer_ids=[one.pk], now=moment).decisions
    before = Decision.objects.filter(customer=one, nudge=nudge).order_by("-decided_at", "-pk")[:SHOWN_BEFORE]
    rules = rules_in_words(request.workspace)
    context = {
        "customer": one,
        "nudge": nudge,
        "moment": moment if moment > now else None,
        "is_late": is_late,
        "before": ledger_lines(before, workspace=request.workspace),
        "results": [
            {
                "decision": decision,
                "label": label_of(decision.reason),
                "variant": name_of(nudge, decision.variant),
                "marketer": sentence_of(decision.reason, decision, rules),
                "customer": Reason(decision.reason).customer(decision),
                "channel": Channel(decision.channel).label if decision.channel in Channel.values else "",
            }
            for decision in found
        ],
    }
    return render(request, "nudges/dashboard/_what_if.html", context)
