"""One of several workers that claim what a throughput lets out, all of them at one and the same moment."""

from __future__ import annotations

import uuid

from nudges.sending.claiming import give_back
from nudges.sending.outlets import return_tokens
from tests import make_messages
from tests.races.workers import wait_for_the_others


def claim(attempts: int) -> list[int]:
    """The messages that it kept: the first of each claim it gives back, with its token, for whoever comes next."""
    kept: list[int] = []
    wait_for_the_others()
    for _attempt in range(attempts):
        token = uuid.uuid4()
        ids = make_messages.claim(limit=4, token=token)
        give_back(ids[:1], token=token)
        return_tokens("email", ids[:1])
        kept += ids[1:]
    return kept
