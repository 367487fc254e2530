"""A visitor who keeps something before anybody knows who they are: their row, made when it is first needed."""

from __future__ import annotations

from datetime import datetime

from django.db import OperationalError, transaction

from engagement.events import IncomingEvent
from engagement.models import Customer, Workspace
from engagement.people.finding import find_customer
from engagement.people.settling import Raced, find_links, settle_people

MOST_TRIES = 5


def visitor_of(*, workspace: Workspace, anonymous_id: str, now: datetime) -> Customer:
    """The customer who has this anonymous id; made now when nobody has it. Raises OperationalError when raced often."""
    asking = IncomingEvent(type="track", name="", message_id="", occurred_at=now, anonymous_id=anonymous_id)
    for _ in range(MOST_TRIES):
        found = find_customer(workspace=workspace, anonymous_id=anonymous_id)
        if found is not None:
            return found
        try:
            with transaction.atomic():
                links = find_links(workspace_id=workspace.pk, events=[asking], may_join_known=False)
                settle_people(
                    workspace_id=workspace.pk, links=links, events=[asking], may_join_known=False, now=now
                )
        except Raced:
            continue
    raise OperationalError("The same visitor was changed by others again and again. Send it again.")
