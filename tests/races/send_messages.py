"""A worker that sends until nothing is due, and can be told where to die: at a point, when it comes there the nth time.

The points: claimed (before any hand-over has begun), begun (marked, nothing said to the provider yet), accepted (the
provider has it, nothing recorded yet).
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from nudges.channels import Envelope, Outcome, Send, one_by_one
from nudges.channels.email import EmailChannel
from nudges.sending import send_messages
from tests.make import NOW

passed: Counter[str] = Counter()
death: tuple[str, int] | None = None


def pass_point(point: str) -> None:
    """Die here, as by a power cut, when this is the place."""
    passed[point] += 1
    if death == (point, passed[point]):
        os.kill(os.getpid(), signal.SIGKILL)


class MortalChannel(EmailChannel):
    """Real mail to a real server, with places to die at."""

    @contextmanager
    def session(self) -> Iterator[Send]:
        pass_point("claimed")
        with super().session() as send:

            def hand_over(envelope: Envelope) -> Outcome:
                pass_point("begun")
                [outcome] = send([envelope])
                pass_point("accepted")
                return outcome

            yield one_by_one(hand_over)


def send(*die_at: str | int) -> None:
    global death
    death = die_at or None  # type: ignore[assignment]
    settings.CHANNELS = {"email": f"{__name__}.MortalChannel"}
    while send_messages(now=NOW, limit=20)["taken"]:
        pass
