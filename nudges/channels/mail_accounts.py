"""A workspace's own account with a provider of e-mail: what the settings ask for, and the secret of its reports."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from nudges.channels.accounts import Field
from nudges.channels.mail_providers import PROVIDERS

REGION = re.compile(r"[a-z]{2}(-[a-z]{2,10}){1,3}-\d{1,2}")  # of Amazon's; it becomes part of a host's name

FIELDS = (
    Field(
        "provider",
        gettext_lazy("Provider"),
        gettext_lazy("Your own account with one of these, or the installation's mail server."),
        is_required=False,
        options=(
            ("", gettext_lazy("The installation's")),
            *((name, provider.label) for name, provider in PROVIDERS.items()),
        ),
    ),
    Field(
        "user",
        gettext_lazy("User"),
        gettext_lazy("Amazon SES: the SMTP user name. Mailjet: the API key. Others have none."),
        is_required=False,
    ),
    Field(
        "api_key",
        gettext_lazy("Key"),
        gettext_lazy("The API key or server token. Amazon SES: the SMTP password. Mailjet: the secret key."),
        is_secret=True,
        is_required=False,
    ),
    Field(
        "region",
        gettext_lazy("Region"),
        gettext_lazy(
            "Amazon SES: such as eu-central-1. Mailgun and SparkPost: eu, if your account is there."
        ),
        is_required=False,
    ),
    Field(
        "signing_key",
        gettext_lazy("Key of its reports"),
        gettext_lazy(
            "Mailgun: the HTTP webhook signing key. MailerSend: the signing secret. SendGrid: the verification key."
        ),
        is_secret=True,
        is_required=False,
    ),
    Field("webhook_secret", gettext_lazy("Secret of the address"), is_secret=True, is_made=True),
)


def check_account(values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with an account as a whole, by field, in words."""
    name = values.get("provider", "")
    if not name:
        return {}
    provider = PROVIDERS[name]
    problems = {
        field: _("%(provider)s needs this.") % {"provider": provider.label}
        for field in provider.needs
        if not values.get(field)
    }
    region = values.get("region", "")
    if name == "amazon_ses" and region and not REGION.fullmatch(region):
        problems["region"] = _("Write a region such as eu-central-1.")
    if name != "amazon_ses" and region and region not in provider.regions:
        problems["region"] = _("Leave it empty, or write eu where your account is there.")
    return problems


def new_secret() -> str:
    """A user and a password, as they stand in the address that the provider reports to."""
    return f"reports:{secrets.token_urlsafe(24)}"
