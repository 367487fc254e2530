"""Where providers of e-mail report: each call is proven by the secret in its address, and by its signature where the
provider signs. Anymail knows both and reads what they say; nothing is taken while no secret is set.

One address is the installation's, for the provider of EMAIL_PROVIDER; each workspace's own account has one too.
"""

from __future__ import annotations

from collections.abc import Callable

from anymail.exceptions import AnymailConfigurationError, AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.base import AnymailBaseWebhookView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from engagement.models import Channel
from nudges.channels.accounts import open_accounts
from nudges.channels.mail_providers import OTHERS, PROVIDERS, own_reader, reader_of
from nudges.models import ChannelAccount
from nudges.sending.mail_reports import hear_mail_provider

# What a reader raises for a body that is none of its provider's.
STRANGE = (AnymailError, ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError)


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def mail_reports(request: HttpRequest, provider: str) -> HttpResponse:
    """Events about the installation's mails; HEAD is how some providers try the address."""
    if provider not in PROVIDERS | OTHERS or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    return _answer(request, provider, lambda: reader_of(provider))


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def own_mail_reports(request: HttpRequest, account_id: int) -> HttpResponse:
    """Events about the mails of one workspace, by its own account; they can be about no other's."""
    row = ChannelAccount.objects.filter(pk=account_id, channel=Channel.EMAIL).first()
    account = (
        open_accounts(Channel.EMAIL, workspace_ids=[row.workspace_id]).get(row.workspace_id) if row else None
    )
    if row is None or not account or not (account.get("provider") and account.get("webhook_secret")):
        raise Http404
    return _answer(request, account["provider"], lambda: own_reader(account), workspace_id=row.workspace_id)


def _answer(
    request: HttpRequest,
    provider: str,
    make_reader: Callable[[], AnymailBaseWebhookView],
    workspace_id: int | None = None,
) -> HttpResponse:
    if request.method == "HEAD":
        return HttpResponse()
    if (
        "Authorization" not in request.headers
    ):  # Amazon shows the address's secret only where it is asked for it
        refusal = _refused("The secret of the address is missing.", 401)
        refusal.headers["WWW-Authenticate"] = 'Basic realm="reports"'
        return refusal
    try:
        reader = make_reader()
        reader.request = request
        reader.run_validators(request)
        events = reader.parse_events(request)
    except AnymailWebhookValidationFailure:
        return _refused("The secret or the signature is missing or wrong.", 403)
    except AnymailConfigurationError:
        return _refused("The key that proves this provider's reports is not set up.", 403)
    except STRANGE:
        return _refused("This is no report of that provider.", 400)
    hear_mail_provider(provider=provider, events=events, workspace_id=workspace_id, now=timezone.now())
    return HttpResponse()


def _refused(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain")
