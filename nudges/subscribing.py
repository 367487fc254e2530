"""A browser that says yes to web push, renews its subscription, or leaves; an app's device that can be reached."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.addresses import forget_address, register_address
from engagement.consents import set_consent
from engagement.models import Address, Category, Channel, ConsentState, Customer
from engagement.outbound import refusal_of
from nudges.channels.encryption import check_keys

LONGEST_ENDPOINT = 1_000


class BadSubscription(ValueError):
    """What a browser sent is no subscription that we can push to; the message says why."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What `PushManager.subscribe()` gave: where to push, and the keys that only this browser can open."""

    endpoint: str
    p256dh: str
    auth: str

    def __post_init__(self) -> None:
        if not self.endpoint or len(self.endpoint) > LONGEST_ENDPOINT:
            raise BadSubscription(_("The subscription has no endpoint, or one that is too long."))
        if reason := refusal_of(self.endpoint):
            raise BadSubscription(_("The subscription's endpoint is refused: %(why)s.") % {"why": reason})
        try:
            check_keys(p256dh=self.p256dh, auth=self.auth)
        except ValueError as error:
            raise BadSubscription(_("The subscription's keys cannot be used.")) from error

    @property
    def value(self) -> str:
        """The name under which it is kept: endpoints can be longer than an address."""
        return address_of(self.endpoint)

    @property
    def details(self) -> dict[str, str]:
        return {"endpoint": self.endpoint, "p256dh": self.p256dh, "auth": self.auth}


def address_of(endpoint: str) -> str:
    """The address under which a subscription with this endpoint is kept."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


@transaction.atomic
def subscribe_browser(*, customer: Customer, subscription: Subscription, browser: str, now: datetime) -> bool:
    """Push to this browser for this customer from now on, and for nobody else; true when it is new to them."""
    _address, is_new = register_address(
        customer=customer,
        channel=Channel.WEB_PUSH,
        value=subscription.value,
        details=subscription.details | {"browser": browser[:200]},
        now=now,
    )
    return is_new


@transaction.atomic
def allow_topics(*, customer: Customer, topics: Iterable[Category], wording: str, now: datetime) -> None:
    """The yes to the question on the page: these topics by web push, with the words that were agreed to."""
    for topic in topics:
        set_consent(
            workspace_id=customer.workspace_id,
            customer_id=customer.pk,
            category_id=topic.pk,
            channels=[Channel.WEB_PUSH],
            state=ConsentState.GRANTED,
            source="web_push",
            proof=wording[:500],
            now=now,
        )


@transaction.atomic
def renew_browser(*, workspace_id: int, old_endpoint: str, subscription: Subscription, now: datetime) -> bool:
    """A browser changed its subscription itself; who knows the old endpoint is that browser. False: nobody had it."""
    known = (
        Address.objects.select_for_update(of=("self",))
        .select_related("customer")
        .filter(workspace_id=workspace_id, channel=Channel.WEB_PUSH, value=address_of(old_endpoint))
        .first()
    )
    if known is None:
        return False
    browser = str(known.details.get("browser", ""))
    subscribe_browser(customer=known.customer, subscription=subscription, browser=browser, now=now)
    if subscription.value != known.value:
        forget_address(workspace_id=workspace_id, channel=Channel.WEB_PUSH, value=known.value)
    return True


def leave_by_browser(*, workspace_id: int, endpoint: str) -> bool:
    """Push to this browser no more. False: nobody had it."""
    return bool(
        forget_address(workspace_id=workspace_id, channel=Channel.WEB_PUSH, value=address_of(endpoint))
    )
