"""Providers of e-mail: what each is called, how anymail hands mails over to it, and how its reports are read.

Amazon SES is spoken to by SMTP, which it offers, and reports by SNS (`nudges.channels.sns`): its own API would bring
30 MB of packages along.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

from anymail.exceptions import AnymailNotSupportedWarning
from anymail.webhooks.base import AnymailBaseWebhookView
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

SMTP = "django.core.mail.backends.smtp.EmailBackend"
# Anymail still speaks SendGrid's API; what it says about it belongs into its own release notes, not into every log.
warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)


class Provider(NamedTuple):
    """One provider. `reader` is anymail's view of its reports, `proof` that view's name for the key that signs them.

    `needs` are the account's fields without which nothing can be sent or heard; `api` is anymail's name for each.
    """

    label: str
    reader: str
    needs: tuple[str, ...] = ("api_key",)
    api: Mapping[str, str] = {}
    proof: str = ""
    regions: Mapping[str, str] = {}


PROVIDERS = {
    "amazon_ses": Provider("Amazon SES", "nudges.channels.sns.AmazonReports", ("user", "api_key", "region")),
    "brevo": Provider("Brevo", "anymail.webhooks.brevo.BrevoTrackingWebhookView", api={"api_key": "api_key"}),
    "mailersend": Provider(
        "MailerSend",
        "anymail.webhooks.mailersend.MailerSendTrackingWebhookView",
        ("api_key", "signing_key"),
        {"api_key": "api_token"},
        "signing_secret",
    ),
    "mailgun": Provider(
        "Mailgun",
        "anymail.webhooks.mailgun.MailgunTrackingWebhookView",
        ("api_key", "signing_key"),
        {"api_key": "api_key"},
        "webhook_signing_key",
        {"eu": "https://api.eu.mailgun.net/v3"},
    ),
    "mailjet": Provider(
        "Mailjet",
        "anymail.webhooks.mailjet.MailjetTrackingWebhookView",
        ("user", "api_key"),
        {"user": "api_key", "api_key": "secret_key"},
    ),
    "postmark": Provider(
        "Postmark",
        "anymail.webhooks.postmark.PostmarkTrackingWebhookView",
        api={"api_key": "server_token"},
    ),
    "resend": Provider(
        "Resend", "anymail.webhooks.resend.ResendTrackingWebhookView", api={"api_key": "api_key"}
    ),
    "sendgrid": Provider(
        "SendGrid",
        "anymail.webhooks.sendgrid.SendGridTrackingWebhookView",
        api={"api_key": "api_key"},
        proof="tracking_webhook_verification_key",
    ),
    "sparkpost": Provider(
        "SparkPost",
        "anymail.webhooks.sparkpost.SparkPostTrackingWebhookView",
        api={"api_key": "api_key"},
        regions={"eu": "https://api.eu.sparkpost.com/api/v1"},
    ),
}
# Those that only the installation can have, by EMAIL_PROVIDER.
OTHERS = {
    "mailtrap": "anymail.webhooks.mailtrap.MailtrapTrackingWebhookView",
    "mandrill": "anymail.webhooks.mandrill.MandrillCombinedWebhookView",
    "postal": "anymail.webhooks.postal.PostalTrackingWebhookView",
    "unisender_go": "anymail.webhooks.unisender_go.UnisenderGoTrackingWebhookView",
}


def reader_of(provider: str, **options: str) -> AnymailBaseWebhookView:
    """What proves and reads the provider's reports, by the installation's settings or by `options`.

    Raises KeyError for a provider that nobody knows, AnymailConfigurationError and ValueError for keys that are none.
    """
    path = PROVIDERS[provider].reader if provider in PROVIDERS else OTHERS[provider]
    reader: AnymailBaseWebhookView = import_string(path)(**options)
    return reader


def own_reader(account: Mapping[str, str]) -> AnymailBaseWebhookView:
    """The same for a workspace's own account; see `reader_of`."""
    provider = PROVIDERS[account["provider"]]
    options = {"webhook_secret": account["webhook_secret"]}
    if provider.proof:
        options[provider.proof] = account.get("signing_key", "")
    return reader_of(account["provider"], **options)


def own_backend(account: Mapping[str, str]) -> BaseEmailBackend:
    """What hands mails over to the provider of a workspace's own account."""
    name = account["provider"]
    if name == "amazon_ses":
        return get_connection(
            SMTP,
            host=f"email-smtp.{account['region']}.amazonaws.com",
            port=587,
            username=account["user"],
            password=account["api_key"],
            use_tls=True,
            timeout=settings.EMAIL_TIMEOUT,
        )
    provider = PROVIDERS[name]
    options: dict[str, Any] = {option: account[field] for field, option in provider.api.items()}
    if url := provider.regions.get(account.get("region", "")):
        options["api_url"] = url
    return get_connection(f"anymail.backends.{name}.EmailBackend", **options)
