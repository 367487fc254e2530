"""Where watched links and pictures lead: on to where the link led all along, noted or not.

They are fetched by GET like any page, by readers and by machines; all that it changes is the note that somebody did.
"""

from __future__ import annotations

import base64
import logging

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from nudges.embed.doors import message_page
from nudges.links import PICTURE, link_named, message_named
from nudges.models import HitKind
from nudges.watching import notice
from nudges.watching.choosing import proof_of

logger = logging.getLogger(__name__)
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # one transparent pixel


@message_page("GET", "HEAD")
def link(request: HttpRequest, token: str) -> HttpResponse:
    """On to where the link leads. The address is the one that was signed, so it stood in the message."""
    followed = link_named(token)
    kind = HitKind.TRAP if followed.is_trap else HitKind.CLICK
    _notice(request, followed.message_id, kind, followed.link)
    return HttpResponseRedirect(followed.link)


@message_page("GET", "HEAD")
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """One transparent pixel."""
    _notice(request, message_named(PICTURE, token), HitKind.OPEN, "")
    return HttpResponse(GIF, content_type="image/gif")


@message_page("GET")
def here(request: HttpRequest) -> HttpResponse:
    """Proof that this installation answers under the name that was asked; see `nudges.watching.choosing.prove`."""
    return HttpResponse(proof_of(request.GET.get("ask", "")), content_type="text/plain")


def _notice(request: HttpRequest, message_id: int, kind: HitKind, link: str) -> None:
    """Write it down if that may be; nobody is kept from where they are going because it cannot be."""
    try:
        with transaction.atomic():
            notice(
                message_id=message_id,
                kind=kind,
                link=link,
                method=request.method or "",
                headers=request.headers,
                now=timezone.now(),
            )
    except DatabaseError:
        logger.exception("a hit on message %s was not noted", message_id)
