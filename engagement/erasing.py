"""A customer erased: every row that is about them, on every floor, in one transaction."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.module_loading import import_string

from engagement.auditing import record
from engagement.models import ApiKey, Customer, Event, RejectedEvent, Unread
from engagement.people.locks import lock_customers
from engagement.webhooks.announcing import News, announce
from engagement.webhooks.types import ERASED


@transaction.atomic
def erase_customer(*, customer: Customer, actor: User | ApiKey | None, now: datetime) -> None:
    """Delete the customer, those merged into them, and all that was kept about them. Cannot be undone.

    Each of `settings.CUSTOMER_ERASERS`, upper floors first, removes the rows of its floor that do not go with the
    customer's row by themselves: `def eraser(*, customer_ids: list[int], now: datetime) -> None`. What stays: the
    hashes of message ids (they say nothing without the message), and one line in the audit trail with the
    customer's number.
    """
    tombstones = Customer.objects.filter(merged_into=customer).values_list("pk", flat=True)
    customer_ids = [customer.pk, *tombstones]
    lock_customers(workspace_id=customer.workspace_id, customer_ids=[customer.pk], now=now)
    for name in settings.CUSTOMER_ERASERS:
        import_string(name)(customer_ids=customer_ids, now=now)
    Event.objects.filter(workspace_id=customer.workspace_id, customer_id__in=customer_ids).delete()
    if customer.external_id:
        RejectedEvent.objects.filter(
            workspace_id=customer.workspace_id, payload__userId=customer.external_id
        ).delete()
    Unread.objects.filter(customer_id__in=customer_ids).delete()
    record(workspace=customer.workspace, actor=actor, action="erase_customer", target=customer, now=now)
    _announce(customer, now)
    customer.delete()


def _announce(customer: Customer, now: datetime) -> None:
    """Tell endpoints whom to erase too. It is forgotten as soon as it is told."""
    who = {"id": customer.pk, "external_id": customer.external_id}
    news = News(
        workspace_id=customer.workspace_id,
        type=ERASED,
        once=str(customer.pk),
        at=now,
        data={"customer": who},
    )
    announce([news], now=now)
