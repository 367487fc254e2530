"""The step: owners are told by mail, once, that an endpoint was switched off without anybody doing it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from engagement.counts import Counts
from engagement.models import Endpoint, Member, Role

logger = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(minutes=15)
GIVEN_UP_AFTER = timedelta(days=1)


def tell_owners(*, now: datetime, limit: int = 50) -> Counts:
    """Write to the owners of up to `limit` endpoints that were switched off. Counts: taken, told, failed (mails).

    An endpoint's time is moved on before mails go out, and who was told is taken off its list after: a killed worker at
    worst writes a second time. Whom no mail reaches is tried again for a day.
    """
    counts = Counts()
    while counts["taken"] < limit and (endpoint := _claim(now)) is not None:
        owners = list(owners_to_tell(endpoint).filter(pk__in=endpoint.untold))
        failed = [owner.pk for owner in owners if not _send(endpoint, owner)]
        _note(endpoint, failed, now)
        counts.update(taken=1, told=len(owners) - len(failed), failed=len(failed))
    return counts


def owners_to_tell(endpoint: Endpoint) -> QuerySet[Member]:
    """Its workspace's owners who have an address."""
    owners = Member.objects.filter(workspace=endpoint.workspace_id, role=Role.OWNER).exclude(user__email="")
    return owners.select_related("user").order_by("pk")


@transaction.atomic
def _claim(now: datetime) -> Endpoint | None:
    due = Endpoint.objects.filter(tell_at__lte=now).select_related("workspace").order_by("tell_at", "pk")
    endpoint = due.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
    if endpoint is not None:
        endpoint.tell_at = now + AGAIN_AFTER
        endpoint.save(update_fields=["tell_at"])
    return endpoint


def _note(endpoint: Endpoint, failed: list[int], now: datetime) -> None:
    """Who still has to be told, unless it was switched on or claimed again meanwhile."""
    is_over = not failed or endpoint.disabled_at is None or now - endpoint.disabled_at >= GIVEN_UP_AFTER
    told: dict[str, Any] = {"untold": [], "tell_at": None} if is_over else {"untold": failed}
    Endpoint.objects.filter(pk=endpoint.pk, tell_at=endpoint.tell_at).update(**told)


def _send(endpoint: Endpoint, owner: Member) -> bool:
    try:
        write_mail(endpoint, owner).send()
    except (SMTPException, OSError, ValueError) as error:
        logger.warning("Mail about endpoint %s not sent, trying again later: %s", endpoint.pk, error)
        return False
    return True


def write_mail(endpoint: Endpoint, owner: Member) -> EmailMessage:
    """Which one, why, and how to switch it on again, in the language that the owner chose."""
    link = settings.BASE_URL + reverse("engagement:settings_webhook", args=[endpoint.pk])
    with translation.override(owner.language or settings.LANGUAGE_CODE):
        subject = _("%(endpoint)s is told nothing any more") % {"endpoint": endpoint}
        body = render_to_string("engagement/webhooks/off_mail.txt", {"endpoint": endpoint, "link": link})
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=body,
        to=[owner.user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
