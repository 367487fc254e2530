"""A workspace's own account with a provider of e-mail: what the settings ask for, and the secret of its reports."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from nudges.channels.accounts import Field
from nudges.channels.mail_providers import PROVIDERS

MOST_A_DAY = 10_000_000
REGION = re.compile(r"[a-z]{2}(-[a-z]{2,10}){1,3}-\d{1,2}")  # of Amazon's; it becomes part of a host's name


def check_date(value: str) -> str:
    """Why this is no day; nothing when it is one."""
    try:
        date.fromisoformat(value)
    except ValueError:
        return _("Write a day such as 2026-12-01.")
    return ""


def check_number(value: str) -> str:
    """Why no sender can begin with so many mails; nothing when one can."""
    is_number = value.isascii() and value.isdecimal() and len(value) < 9
    if is_number and 1 <= int(value) <= MOST_A_DAY:
        return ""
    return _("Write a number from 1 to %(most)s.") % {"most": f"{MOST_A_DAY:,}"}


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
    Field(
        "warm_up_from",
        gettext_lazy("Warming up since"),
        gettext_lazy(
            "For a sender that nobody knows yet: from this day on (UTC) a day has a limit, which doubles for two weeks."
        ),
        is_required=False,
        input_type="date",
        check=check_date,
    ),
    Field(
        "first_day",
        gettext_lazy("Mails on the first day"),
        gettext_lazy("Such as 200. What is over waits for the next day."),
        is_required=False,
        input_type="number",
        check=check_number,
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
    if bool(values.get("warm_up_from")) != bool(values.get("first_day")):
        lacking = "first_day" if values.get("warm_up_from") else "warm_up_from"
        problems[lacking] = _("Warming up needs its first day and how many mails leave on it.")
    return problems


def new_secret() -> str:
    """A user and a password, as they stand in the address that the provider reports to."""
    return f"reports:{secrets.token_urlsafe(24)}"
