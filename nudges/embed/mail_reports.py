"""Where providers of e-mail report: each call is proven by the secret in its address, and by its signature where the
provider signs. Anymail knows both and reads what they say; nothing is taken while no secret is set.
"""

from __future__ import annotations

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailBaseWebhookView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from nudges.sending.mail_reports import hear_mail_provider

READERS = {
    "brevo": "BrevoTrackingWebhookView",
    "mailersend": "MailerSendTrackingWebhookView",
    "mailgun": "MailgunTrackingWebhookView",
    "mailjet": "MailjetTrackingWebhookView",
    "mailtrap": "MailtrapTrackingWebhookView",
    "mandrill": "MandrillCombinedWebhookView",
    "postal": "PostalTrackingWebhookView",
    "postmark": "PostmarkTrackingWebhookView",
    "resend": "ResendTrackingWebhookView",
    "sparkpost": "SparkPostTrackingWebhookView",
    "unisender_go": "UnisenderGoTrackingWebhookView",
}


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def mail_reports(request: HttpRequest, provider: str) -> HttpResponse:
    """Events about our mails; HEAD is how some providers try the address."""
    if provider not in READERS or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()
    reader: AnymailBaseWebhookView = import_string(f"anymail.webhooks.{provider}.{READERS[provider]}")()
    reader.request = request
    try:
        reader.run_validators(request)
        events = reader.parse_events(request)
    except AnymailWebhookValidationFailure:
        return HttpResponse(
            "The secret or the signature is missing or wrong.", status=403, content_type="text/plain"
        )
    except (ValueError, KeyError, TypeError):
        return HttpResponse("This is no report of that provider.", status=400, content_type="text/plain")
    hear_mail_provider(provider=provider, events=events, now=timezone.now())
    return HttpResponse()
