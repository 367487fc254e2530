"""Requests a second that carry one event each, durable, beside an empty Django view on the same server.

Ours: POST /v1/track, 64 connections, each event new, of 5,000 known customers. The reference: the same request
to a view that reads nothing and answers the same, behind the same server, middleware and settings.
"""

from __future__ import annotations

import json
import random

from bench.ingest import CUSTOMERS, event, introductions
from bench.load import loading, request
from bench.measuring import Measured, interleaved
from bench.world import served, settle
from engagement.keys import make_key
from engagement.models import Workspace

REQUESTS, ROUNDS, CONNECTIONS = 4_000, 7, 64


def measure() -> Measured:
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    _, key = make_key(workspace=workspace, kind="write", name="bench")
    chance = random.Random(2)

    def requests(path: str, count: int = REQUESTS) -> list[bytes]:
        return [
            request(path, json.dumps(event(f"u{chance.randrange(CUSTOMERS)}", chance)).encode(), key)
            for _ in range(count)
        ]

    with served(urls="bench.urls") as port, loading(port, connections=CONNECTIONS) as load:
        load.run([request("/v1/batch", body, key) for body in introductions()])
        load.run(requests("/v1/track", 3_000) + requests("/empty", 1_000))
        settle()
        return interleaved(
            lambda _: REQUESTS / load.run(requests("/v1/track")),
            lambda _: REQUESTS / load.run(requests("/empty")),
            rounds=ROUNDS,
            unit="requests/s",
            connections=CONNECTIONS,
        )
