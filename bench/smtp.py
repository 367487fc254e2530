"""E-mails a second from decided messages to accepted by an SMTP server, beside a bare smtplib loop with texts prepared.

Ours: one process runs the program's own step on messages that the program decided: claim, every gate asked again, words
filled, signed links, MIME, hand-over, outcome, slot, event, durable. The reference: one process, one kept connection,
`sendmail` of the very same texts, no database. Both to the same server, a process of its own that offers PIPELINING.
Then ours in turn with django-post-office on the same server, where it can be installed (notes.post_office): with its
defaults, and as quick as it can be made in one process and in two, there beside ours in two.

MAILS=100000: one long round of ours, to see the memory (notes.memory_mb).
"""

from __future__ import annotations

import importlib
import os
import resource
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from bench.mailing.peer import counted, peer
from bench.mailing.work import send_at_once, use_server
from bench.measuring import Measured, interleaved, say
from bench.world import settle

MAILS, ROUNDS, TURNS = 2000, 5, 3
Sender = Callable[[int], float]


def measure() -> Measured:
    """Five rounds of 2,000 mails by each, and three rounds each way beside django-post-office."""
    senders: Any = importlib.import_module("bench.mailing.senders")
    with peer() as port:
        use_server(port)
        nudge = senders.make_nudge()
        customers = senders.make_customers(nudge, MAILS)
        costs: dict[str, list[Any]] = {"ours": [], "bare": []}
        texts = senders.prepare_texts(nudge, customers)
        occasions = count()

        def make_due() -> None:
            senders.make_due(nudge, customers, f"round:{next(occasions)}")
            settle()

        def ours(_number: int) -> float:
            make_due()
            before = counted(port)
            costs["ours"].append(cost := senders.send_ours(MAILS))
            taken, different, _cpu = (now - then for now, then in zip(counted(port), before, strict=True))
            assert taken == different == MAILS, (
                f"the server has {taken} mails with {different} ids of {MAILS}"
            )
            return float(cost.rate)

        def bare(_number: int) -> float:
            costs["bare"].append(cost := senders.send_bare(port, texts))
            return float(cost.rate)

        def two_processes(_number: int) -> float:
            senders.make_due(nudge, customers, f"round:{next(occasions)}")
            mails, seconds = send_at_once(port, 2, make_due)
            assert mails == MAILS, f"{mails} of {MAILS} were sent"
            return mails / seconds

        ours(-1)  # everything is loaded and planned once
        costs["ours"].clear()
        measured = interleaved(ours, bare, rounds=ROUNDS, unit="mails/s", mails=MAILS)
        measured.notes |= {name: senders.per_cpu_second(found) for name, found in costs.items()}
        told = {"mail_port": port, "mails": MAILS, **senders.parts_of_one()}
        measured.notes["post_office"] = beside_post_office(ours, two_processes, told)
        if number := int(os.environ.get("MAILS", "0")):
            measured.notes["memory_mb"] = memory(senders, nudge, number)
    return measured


def beside_post_office(one: Sender, two: Sender, told: dict[str, Any]) -> dict[str, Any] | str:
    """How many times as quick ours is, in as many processes, with both rates; or why that is not known."""
    post_office: Any = importlib.import_module("bench.mailing.django_post_office")
    found = {}
    with post_office.installed() as python:
        if isinstance(python, str):
            return python
        for way, (processes, _batch) in post_office.WAYS.items():
            say(f"  django-post-office, {way.replace('_', ' ')}:")
            theirs = partial(post_office.send, python, way, told)
            pairs = interleaved(two if processes == 2 else one, theirs, rounds=TURNS, unit="mails/s")
            found[way] = {
                "times": round(pairs.ratio, 2),
                "ours": round(pairs.ours),
                "theirs": round(pairs.reference),
            }
    return found


def memory(senders: Any, nudge: Any, number: int) -> list[int]:
    """The memory that this process has, in MB, after each tenth of a long run."""
    customers = senders.make_customers(nudge, number, named="long")
    senders.make_due(nudge, customers, "long")
    del customers
    settle()
    seen = []
    for tenth in range(10):
        senders.send_some(number // 10)
        # What it has now, not the most it ever had: that was when these were made.
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        seen.append(pages * resource.getpagesize() // 2**20)
        say(f"  {(tenth + 1) * number // 10:,} mails: {seen[-1]} MB")
    return seen
