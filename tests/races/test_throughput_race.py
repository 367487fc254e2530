"""Workers in processes of their own let out together exactly what one would."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from nudges.models import Message, Throughput
from tests import make, make_messages, make_nudges
from tests.races.claim_messages import claim
from tests.races.workers import Worker, all_at_once

pytestmark = pytest.mark.usefixtures("committed")
WORKERS, LETTERS = (16, 3000) if os.environ.get("RACES") == "long" else (4, 90)


def test_all_together_take_what_there_is_and_no_more() -> None:
    shop, free = make.workspace(), make.workspace()
    burst = make_nudges.throughput(shop, 1500).burst
    make_nudges.throughput(shop, 1500, channel="")
    for workspace, number in ((shop, LETTERS), (free, 10)):
        nudge = make_messages.nudge(workspace)
        for place in range(number):
            make_messages.message(nudge, make.customer(workspace, email=f"{place}@example.org"))

    kept = [pk for ids in all_at_once([Worker(claim, 15) for _ in range(WORKERS)]) for pk in ids]
    kept += make_messages.claim(limit=LETTERS)  # whatever is left

    assert len(kept) == len(set(kept))
    claimed = Counter(Message.objects.filter(state="claimed").values_list("workspace", flat=True))
    assert claimed == {shop.pk: burst, free.pk: 10}
    assert sum(claimed.values()) == len(kept)
    assert Message.objects.filter(workspace=shop, state="decided").count() == LETTERS - burst
    assert list(Throughput.objects.values_list("tokens", flat=True)) == [0, 0]
