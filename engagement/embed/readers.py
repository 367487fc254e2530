"""Who is reading: a customer by a token of the shop's server, a browser by the shop's own id of it, or nobody."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest

from engagement.events import LONGEST_ID, IncomingEvent
from engagement.identities import customer_from_token
from engagement.ingesting import ingest_events
from engagement.models import Customer, Workspace
from engagement.people import find_customer
from engagement.people.visitors import visitor_of

SOURCE = "embed"


class Reader(NamedTuple):
    """`customer` is known only by a valid token. Without consent of the reader, `anonymous_id` is empty."""

    customer: Customer | None = None
    anonymous_id: str = ""

    @property
    def is_known(self) -> bool:
        return self.customer is not None or bool(self.anonymous_id)


def reader_of(request: HttpRequest, workspace: Workspace, *, now: datetime) -> Reader:
    """From what the page sent: `token` (made by the shop's server) and `anonymous_id`."""
    token = request.POST.get("token", "")
    customer = customer_from_token(workspace=workspace, token=token, now=now) if token else None
    anonymous_id = request.POST.get("anonymous_id", "").strip()
    if len(anonymous_id) > LONGEST_ID or "\x00" in anonymous_id:
        anonymous_id = ""
    return Reader(customer, anonymous_id)


def keeper_of(reader: Reader, workspace: Workspace, *, now: datetime | None = None) -> Customer | None:
    """Whose own things the reader may see and change; None for nobody.

    An anonymous id opens only what a visitor keeps whom the shop does not know yet: it may be read by whoever reads the
    page. With `now` a visitor who keeps nothing so far is made.
    """
    if reader.customer is not None or not reader.anonymous_id:
        return reader.customer
    found = find_customer(workspace=workspace, anonymous_id=reader.anonymous_id)
    if found is None and now is not None:
        found = visitor_of(workspace=workspace, anonymous_id=reader.anonymous_id, now=now)
    return found if found is not None and found.external_id is None else None


def note_reading(
    reader: Reader, *, workspace: Workspace, name: str, about: str, properties: dict[str, Any], now: datetime
) -> bool:
    """Put something that a reader did on their timeline, once for each `about`; nothing for a reader who is nobody."""
    if not reader.is_known:
        return False
    who = reader.customer.external_id if reader.customer else reader.anonymous_id
    message_id = "embed-" + hashlib.sha256(f"{name}\0{who}\0{about}".encode()).hexdigest()[:40]
    event = IncomingEvent(
        type="track",
        name=name,
        message_id=message_id,
        occurred_at=now,
        properties=properties,
        user_id=reader.customer.external_id if reader.customer else None,
        anonymous_id=None if reader.customer else reader.anonymous_id,
    )
    taken = ingest_events(workspace_id=workspace.pk, events=[event], received_at=now, source=SOURCE)
    return bool(taken.accepted)
