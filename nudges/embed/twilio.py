"""What Twilio tells us: texts that came in, and what became of those that went out. Each call is signed with the
account's token over the whole address, so that nobody else can say anything here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import escape
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from engagement.models import Channel
from engagement.sealing import CannotOpen, unseal
from nudges.hearing.texting import IncomingText, hear_text
from nudges.models import ChannelAccount
from nudges.sending.reporting import report_of_twilio, take_report

CHANNELS = (Channel.SMS, Channel.WHATSAPP)
# What Twilio itself did with a word, and has answered already.
OPT_OUTS = ("stop", "start", "help")
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
View = Callable[..., HttpResponse]


def from_twilio(view: View) -> View:
    """Finds the account that the address names and lets through only what its token has signed."""

    @wraps(view)
    @csrf_exempt
    @require_POST
    def answer(request: HttpRequest, account_id: int, **kwargs: object) -> HttpResponse:
        account = (
            ChannelAccount.objects.select_related("workspace")
            .filter(pk=account_id, channel__in=CHANNELS)
            .first()
        )
        if account is None or not is_signed(request, account):
            return HttpResponse("The signature is missing or wrong.", status=403, content_type="text/plain")
        return view(request, account, **kwargs)

    return answer


def is_signed(request: HttpRequest, account: ChannelAccount) -> bool:
    """Whether X-Twilio-Signature is the HMAC-SHA1 of the public address and the sorted fields under the auth token."""
    try:
        token = unseal(account.sealed).get("auth_token", "")
    except CannotOpen:
        return False
    url = f"{settings.BASE_URL}{request.get_full_path()}"
    fields = "".join(
        f"{name}{value}" for name, values in sorted(request.POST.lists()) for value in sorted(set(values))
    )
    made = base64.b64encode(hmac.new(token.encode(), (url + fields).encode(), hashlib.sha1).digest())
    return bool(token) and hmac.compare_digest(
        made, request.headers.get("X-Twilio-Signature", "").encode("utf-8", "replace")
    )


@from_twilio
def message(request: HttpRequest, account: ChannelAccount) -> HttpResponse:
    """A text came in; what is to be written back is the answer."""
    told = request.POST
    opt_out = told.get("OptOutType", "").lower()
    written = hear_text(
        workspace=account.workspace,
        incoming=IncomingText(
            channel=account.channel,
            address=told.get("From", "").removeprefix("whatsapp:")[:500],
            text=told.get("ButtonText") or told.get("Body", ""),
            provider_id=told.get("MessageSid", "")[:80],
            opt_out=opt_out if opt_out in OPT_OUTS else "",
        ),
        now=timezone.now(),
    )
    body = EMPTY.replace("></R", f"><Message>{escape(written)}</Message></R") if written else EMPTY
    return HttpResponse(body, content_type="text/xml; charset=utf-8")


@from_twilio
def status(request: HttpRequest, account: ChannelAccount, dispatch_id: UUID) -> HttpResponse:
    """What became of a message; said again, or late, it changes nothing."""
    if report := report_of_twilio(request.POST, dispatch_id=dispatch_id):
        take_report(workspace_id=account.workspace_id, report=report, now=timezone.now())
    return HttpResponse(status=204)
