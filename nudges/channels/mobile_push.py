"""Mobile push to the shop's own app: Android and others through Google (FCM HTTP v1), Apple's devices through APNs.

Neither takes a key of ours that would make a second hand-over harmless: a collapse id makes a second copy replace the
first on the device, if that one is still to be seen there. So the capability is `none`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.outbound import Client
from nudges.channels import Capability, Envelope, Outcome, Refused, Send, one_by_one
from nudges.channels.accounts import Field
from nudges.channels.answers import Patience
from nudges.channels.apns import Apns
from nudges.channels.fcm import Fcm


def check_service_account(value: str) -> str:
    """Google's JSON file as it was downloaded."""
    try:
        told = json.loads(value)
        is_whole = all(told[name] for name in ("project_id", "client_email", "private_key", "token_uri"))
    except (ValueError, KeyError, TypeError):
        is_whole = False
    return "" if is_whole else _("Paste the whole JSON file of a service account.")


def check_apns_key(value: str) -> str:
    return "" if "BEGIN PRIVATE KEY" in value else _("Paste the whole .p8 file.")


class MobilePushChannel:
    """Capability `none`: at most once for nudges, at least once for service messages."""

    provider = "mobile_push"
    capability = Capability("none")
    is_pull = False
    account_fields = (
        Field(
            "fcm_service_account",
            gettext_lazy("Google: service account"),
            gettext_lazy("The JSON file of a service account that may send by Firebase Cloud Messaging."),
            is_secret=True,
            is_required=False,
            is_long=True,
            check=check_service_account,
        ),
        Field(
            "apns_key",
            gettext_lazy("Apple: key"),
            gettext_lazy("The .p8 file of an APNs key."),
            is_secret=True,
            is_required=False,
            is_long=True,
            check=check_apns_key,
        ),
        Field("apns_key_id", gettext_lazy("Apple: key's id"), is_required=False),
        Field("apns_team_id", gettext_lazy("Apple: team's id"), is_required=False),
        Field(
            "apns_topic",
            gettext_lazy("Apple: app's bundle id"),
            gettext_lazy("Such as com.example.shop."),
            is_required=False,
        ),
    )

    @contextmanager
    def session(self) -> Iterator[Send]:
        with (
            Client(timeout=settings.PROVIDER_TIMEOUT) as http1,
            Client(timeout=settings.PROVIDER_TIMEOUT, http2=True) as http2,
        ):
            patience = Patience()
            services: dict[str, Fcm | Apns] = {"fcm": Fcm(http1, patience), "apns": Apns(http2, patience)}
            yield one_by_one(lambda envelope: _send(services, envelope))


def _send(services: dict[str, Fcm | Apns], envelope: Envelope) -> Outcome:
    service = services.get(envelope.device.get("platform", ""))
    if service is None:
        return Refused("the device did not say its platform", permanent=True, is_bounce=True)
    return service.push(envelope)
