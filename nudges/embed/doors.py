"""What all message pages share: the token in the address is the credential, and nothing else is looked at.

No session, no cookie, no login: so a forged request from another site could only do what its sender already holds a
signed link for, and Django's CSRF token, which rests on a cookie, would protect nothing here. Pages are not kept, not
indexed, and tell no other site their address. GET and HEAD show; only POST acts, because mail scanners open links.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from engagement.models import Customer, Workspace
from engagement.signing import BadToken
from nudges.links import customer_named, message_named
from nudges.models import Message

View = Callable[..., HttpResponseBase]


def message_page(*methods: str) -> Callable[[View], View]:
    """Makes a view a message page; a link that is not ours is 404, one of ours that is too old says so with 410."""

    def decorate(view: View) -> View:
        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                with translation.override(translation.get_language()):  # what the view speaks ends with it
                    response = view(request, *args, **kwargs)
            except BadToken as error:
                if not error.expired:
                    raise Http404 from error
                response = show("expired", {}, language="", status=410)
            return private(response)

        return csrf_exempt(require_http_methods(list(methods))(page))

    return decorate


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Nobody keeps, indexes or passes on the address of this answer."""
    patch_cache_control(response, no_store=True, private=True)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def show(page: str, context: dict[str, Any], *, language: str, status: int = 200) -> HttpResponse:
    """A page in the customer's language where we speak it, else in the one the browser asked for.

    Rendered without the request, so that nothing of the dashboard (session, user) comes near it.
    """
    speaks = speakable(language)
    with translation.override(speaks):
        return HttpResponse(
            render_to_string(f"nudges/embed/{page}.html", {**context, "language": speaks}), status=status
        )


def speakable(language: str) -> str:
    """The language itself where we speak it, else what the browser asked for."""
    wanted = language.lower().replace("_", "-").partition("-")[0]
    return wanted if wanted and translation.check_for_language(wanted) else translation.get_language() or "en"


def message_of(purpose: str, token: str) -> Message:
    """The message that a link names, with all that its page shows; from here on we speak its customer's language.

    Raises BadToken and Http404.
    """
    message = (
        Message.objects.select_related(
            "workspace", "category", "nudge", "customer__merged_into", "customer_need__need"
        )
        .filter(pk=message_named(purpose, token))
        .first()
    )
    if message is None:  # its customer was erased
        raise Http404
    translation.activate(speakable(languages(message.customer, message.workspace)))
    return message


def customer_of(purpose: str, token: str) -> Customer:
    """The customer whom a link names, or who they were merged into; from here on we speak their language.

    Raises BadToken and Http404.
    """
    workspace_id, customer_id = customer_named(purpose, token)
    customer = (
        Customer.objects.select_related("workspace", "merged_into__workspace")
        .filter(workspace_id=workspace_id, pk=customer_id)
        .first()
    )
    if customer is None:
        raise Http404
    found = customer.merged_into or customer
    translation.activate(speakable(languages(found, found.workspace)))
    return found


def languages(customer: Customer, workspace: Workspace) -> str:
    """The language to speak to this customer: theirs, else the workspace's."""
    return customer.locale or workspace.locale
