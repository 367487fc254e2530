"""Owners who agreed are asked what readers want to know: those like the reader first, each at most once a month.

Nothing is sent from here. An event on the owner's timeline says what is asked and where to answer; a nudge takes it,
under the owner's own limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from engagement.counts import Counts
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Customer, Product
from reviews.links import answer_url
from reviews.models import Owner, OwnerAsked, Post, PostStatus, ReviewPolicy

ASKED_EACH = timedelta(days=30)  # one owner, about whatever they own
ASKED_AT_ONCE = 5  # owners for one question
LOOKED_AT = 500


def agree_to_be_asked(
    *, customer: Customer, product: Product, situation: Mapping[str, Any], agrees: bool, now: datetime
) -> None:
    """Note, renew or take back that this customer may be asked about the product."""
    if not agrees:
        Owner.objects.filter(customer=customer, product=product).delete()
        return
    Owner.objects.update_or_create(
        customer=customer,
        product=product,
        defaults={"situation": dict(situation)},
        create_defaults={
            "workspace_id": product.workspace_id,
            "situation": dict(situation),
            "agreed_at": now,
        },
    )


def ask_owners(*, now: datetime, limit: int = 50) -> Counts:
    """Put up to `limit` published questions to owners, a question a transaction."""
    counts = Counts()
    while counts["taken"] < limit:
        with transaction.atomic():
            question = _claim(now)
            if question is None:
                break
            counts["taken"] += 1
            counts["asked"] += _ask(question, now)
    return counts


def _claim(now: datetime) -> Post | None:
    due = Post.objects.select_for_update(skip_locked=True, of=("self",)).filter(ask_owners_at__lte=now)
    question = due.select_related("product", "workspace").order_by("ask_owners_at").first()
    if question is not None:
        question.ask_owners_at = None
        question.save(update_fields=["ask_owners_at"])
    return question


def _ask(question: Post, now: datetime) -> int:
    policy = ReviewPolicy.objects.filter(workspace_id=question.workspace_id).first()
    if question.status != PostStatus.PUBLISHED or (policy is not None and not policy.asks_owners):
        return 0
    chosen = _nearest(question, now)
    # The customer's rows are held, so that two questions at once do not both reach the same person.
    held = Customer.objects.select_for_update(no_key=True, skip_locked=True).filter(
        pk__in=chosen, merged_into=None
    )
    busy = Owner.objects.filter(customer_id__in=chosen, asked_at__gt=now - ASKED_EACH)
    people = list(held.order_by("pk").exclude(pk__in=busy.values("customer_id")))
    Owner.objects.filter(customer__in=people).update(asked_at=now)
    OwnerAsked.objects.bulk_create(
        [
            OwnerAsked(workspace_id=question.workspace_id, question=question, customer=person, asked_at=now)
            for person in people
        ],
        ignore_conflicts=True,
    )
    events = [_event(question, person, now) for person in people]
    record_events(workspace_id=question.workspace_id, events=events, now=now)
    return len(people)


def _nearest(question: Post, now: datetime) -> list[int]:
    """Ids of owners who may be asked now, those who share most of the asker's situation first."""
    owners = Owner.objects.filter(product_id=question.product_id).exclude(
        customer_id=question.customer_id or 0
    )
    owners = owners.exclude(asked_at__gt=now - ASKED_EACH)
    rows = owners.order_by("-agreed_at").values_list("customer_id", "situation")[:LOOKED_AT]
    ranked = sorted(rows, key=lambda row: -_shared(question.situation, row[1]))
    return [customer_id for customer_id, _situation in ranked[:ASKED_AT_ONCE]]


def _shared(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> int:
    return sum(theirs.get(key) == value for key, value in mine.items())


def _event(question: Post, person: Customer, now: datetime) -> SystemEvent:
    return SystemEvent(
        customer_id=person.pk,
        name="Owner Asked",
        message_id=f"owner-asked:{question.pk}:{person.pk}",
        occurred_at=now,
        properties={
            "question_id": question.pk,
            "question": question.body,
            "product_id": question.product.sku,
            "product_name": str(question.product),
            "need": question.need_slug,
            "url": answer_url(question, customer=person),
        },
    )
