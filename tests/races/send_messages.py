"""One process of many that send, which can be told where to die.

python -m tests.races.send_messages                    until nothing is due
python -m tests.races.send_messages POINT NUMBER       killed by itself when it comes to the point the NUMBERth time

The points: claimed (before any hand-over has begun), begun (marked, nothing said to the provider yet), accepted (the
provider has it, nothing recorded yet).
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import django

from nudges.channels import Envelope, Outcome, Send, one_by_one
from nudges.channels.email import EmailChannel

passed: Counter[str] = Counter()


def pass_point(point: str) -> None:
    """Die here, as by a power cut, when this is the place."""
    passed[point] += 1
    if sys.argv[1:] == [point, str(passed[point])]:
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


if __name__ == "__main__":
    django.setup()
    from django.conf import settings

    from nudges.sending import send_messages
    from tests.make import NOW

    settings.CHANNELS = {"email": f"{__spec__.name}.MortalChannel"}
    sys.modules[__spec__.name] = sys.modules["__main__"]
    while send_messages(now=NOW, limit=20)["taken"]:
        pass
