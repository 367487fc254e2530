"""The on-site inbox: the customer reads it where they are, so a message is delivered as soon as it stands there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from nudges.channels import Capability, Envelope, Outcome, Send, Sent, one_by_one


class InboxChannel:
    """Nothing leaves the house: our own row is the delivery, so trying again is always safe."""

    provider = "inbox"
    capability = Capability("queryable")
    is_pull = True

    @contextmanager
    def session(self) -> Iterator[Send]:
        yield one_by_one(self._send)

    def look_up(self, dispatch_id: UUID) -> Sent | None:
        """Nothing is elsewhere: what our row does not say has not happened."""
        return None

    def _send(self, envelope: Envelope) -> Outcome:
        return Sent(is_delivered=True)
