"""Reads: what is kept about one customer, for themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

import reviews.records
from engagement.consents import allowed_channels
from engagement.models import Address, Category, Consent, Customer, Event, Fact
from journeys.models import CustomerNeed, Need, SurveyAnswer
from journeys.shortlists.records import records_of
from nudges.channels.overviews import label_for_customers, offered_channels
from nudges.models import (
    Decision,
    Entry,
    EntryState,
    FlowRun,
    Hit,
    InboundText,
    Message,
    Outcome,
    Preference,
    Reception,
    Reply,
)
from nudges.reasons import Reason

HELD_BACK_FOR = timedelta(days=30)
MOST_HELD_BACK = 50


class Topic(NamedTuple):
    """One category with, for each channel offered, whether the customer gets it."""

    category: Category
    channels: list[tuple[str, str, bool]]  # name, label, whether it is wanted
    paused_until: datetime | None


class HeldBack(NamedTuple):
    """One message that the customer did not get, and why, in their words."""

    at: datetime
    category: str
    why: str


def topics_of(customer: Customer, *, now: datetime) -> list[Topic]:
    """The workspace's categories by every channel that it can send by, and until when each is paused."""
    paused = (
        Preference.objects.filter(customer=customer).values_list("paused_categories", flat=True).first() or {}
    )
    offered = offered_channels(customer.workspace)
    categories = Category.objects.filter(workspace_id=customer.workspace_id, archived_at=None)
    topics = []
    for category in categories:  # few: a workspace's own list of topics
        holds = allowed_channels([customer.pk], workspace_id=customer.workspace_id, category_id=category.pk)[
            customer.pk
        ]
        topics.append(
            Topic(
                category,
                [
                    (channel.value, label_for_customers(channel), channel.value in holds)
                    for channel in offered
                ],
                _still(paused.get(str(category.pk)), now),
            )
        )
    return topics


def _still(text: str | None, now: datetime) -> datetime | None:
    """The end of a pause that has not ended yet."""
    until = parse_datetime(text) if text else None
    return until if until and until > now else None


def held_back_from(customer: Customer, *, now: datetime) -> list[HeldBack]:
    """What was kept back in the last 30 days, latest first."""
    decisions = (
        Decision.objects.filter(
            customer=customer, outcome=Outcome.SUPPRESS, decided_at__gt=now - HELD_BACK_FOR
        )
        .select_related("nudge__category")
        .order_by("-decided_at", "-id")[:MOST_HELD_BACK]
    )
    return [
        HeldBack(
            decision.decided_at, decision.nudge.category.name, Reason(decision.reason).customer(decision)
        )
        for decision in decisions
    ]


def needs_of(customer: Customer) -> QuerySet[CustomerNeed]:
    """What the customer is thought to be looking for now."""
    return (
        CustomerNeed.objects.filter(customer=customer, closed_at=None)
        .exclude(stage="none")
        .select_related("need")
        .order_by("-stage_since")
    )


class FactInWords(NamedTuple):
    """A fact as it is read: under which need, which question, what was answered; each in the shop's words."""

    fact_id: int
    need: str
    label: str
    answer: str


def facts_of(customer: Customer) -> list[FactInWords]:
    """What is known about the customer's situation. What no question asks for bears the name that it was told by."""
    needs = {need.slug: need for need in Need.objects.filter(workspace_id=customer.workspace_id)}
    facts = Fact.objects.filter(customer=customer).order_by("topic", "key")
    return [_known(fact, needs.get(fact.topic)) for fact in facts]


def _known(fact: Fact, need: Need | None) -> FactInWords:
    rows = need.context_attributes if need else []
    row: dict[str, Any] = next((row for row in rows if row["key"] == fact.key), {})
    told = fact.value if isinstance(fact.value, list) else [fact.value]
    answer = ", ".join(str(_("Yes") if one is True else _("No") if one is False else one) for one in told)
    is_figure = isinstance(fact.value, int | float) and not isinstance(fact.value, bool)
    unit = f" {row['unit']}" if is_figure and row.get("unit") else ""
    return FactInWords(
        fact.pk, need.name if need else fact.topic, row.get("label") or fact.key, answer + unit
    )


def customer_record(customer: Customer) -> dict[str, Any]:
    """Everything that is kept about a customer, as plain values for JSON."""
    preference = Preference.objects.filter(customer=customer).values(
        "max_per_week", "paused_until", "quiet_start", "quiet_end", "paused_categories", "may_be_watched"
    )
    return {
        "customer": {
            "id": customer.external_id,
            "name": customer.name,
            "email": customer.email,
            "traits": customer.traits,
            "timezone": customer.timezone,
            "locale": customer.locale,
            "first_seen_at": customer.first_seen_at,
            "last_seen_at": customer.last_seen_at,
        },
        "ids": list(customer.identities.values("kind", "value", "created_at")),
        "addresses": list(
            Address.objects.filter(customer=customer).values(
                "channel", "value", "details", "verified_at", "suppressed_at", "suppression_reason"
            )
        ),
        "consents": list(
            Consent.objects.filter(customer=customer).values(
                "category__name", "channel", "state", "source", "proof", "at"
            )
        ),
        "preferences": preference.first() or {},
        # How messages were received, which moves the adaptive cap; see docs/adaptive-cap.md.
        "reception": Reception.objects.filter(customer=customer)
        .values("message_ids", "signs_at", "worths")
        .first()
        or {},
        "facts": list(
            Fact.objects.filter(customer=customer)
            .order_by("topic", "key")
            .values("topic", "key", "value", "learned_at")
        ),
        "needs": list(
            CustomerNeed.objects.filter(customer=customer).values(
                "need__name",
                "stage",
                "stage_since",
                "probability",
                "opened_at",
                "snoozed_until",
                "closed_at",
                "closed_reason",
            )
        ),
        "shortlists": records_of(customer),
        "survey_answers": list(
            SurveyAnswer.objects.filter(customer=customer)
            .order_by("id")
            .values("survey__name", "round", "scores", "comment", "collected_by", "at")
        ),
        "messages": list(
            Message.objects.filter(customer=customer)
            .order_by("id")
            .values(
                "channel",
                "address",
                "category__name",
                "variant",
                "subject",
                "text",
                "state",
                "decided_at",
                "sent_at",
            )
        ),
        "opens_and_clicks": list(
            Hit.objects.filter(message__customer=customer)
            .order_by("id")
            .values("message_id", "kind", "link", "seen_as", "at")
        ),
        "texts": list(
            InboundText.objects.filter(customer=customer)
            .order_by("id")
            .values("channel", "address", "text", "at")
        ),
        "messages_to_come": list(
            Entry.objects.filter(customer=customer, state=EntryState.WAITING)
            .order_by("due_at", "id")
            .values("nudge__category__name", "event_name", "event_at", "due_at")
        ),
        "flows": list(
            FlowRun.objects.filter(customer=customer)
            .order_by("id")
            .values("flow__name", "state", "asked_at", "ended_at", "ended_by", "trail")
        ),
        "held_back": [
            {"at": decision.decided_at, "why": Reason(decision.reason).customer(decision)}
            for decision in Decision.objects.filter(customer=customer, outcome=Outcome.SUPPRESS).order_by(
                "id"
            )
        ],
        "replies": list(
            Reply.objects.filter(customer=customer).order_by("id").values("kind", "detail", "at", "undone_at")
        ),
        **reviews.records.records_of(customer),
        "events": list(
            Event.objects.filter(workspace_id=customer.workspace_id, customer=customer)
            .order_by("id")
            .values("occurred_at", "type", "name", "properties", "context", "source")
        ),
    }
