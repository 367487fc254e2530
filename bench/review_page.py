"""Pages of reviews per CPU second of a product that has 100,000, beside isso with the same 100,000 comments.

Ours is the list fragment as a shop's page asks for it: eight reviews with stars, votes, summary and markup for search
engines. CPU is that of the web server's processes and of all of Postgres; isso's is that of its own, which hold SQLite.
Each is asked one request at a time. The ratio is for pages that are made anew each time (`EMBED_REMEMBERED_SECONDS=0`);
the notes have products with 10, 1,000 and 100,000 reviews, pages answered from memory, 304s, and an empty Django view
behind the same server and settings.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench.measuring import Measured, interleaved, say
from bench.reviewing import isso
from bench.reviewing.cpu import cost_of_requests, database_pid, median_cost
from bench.reviewing.writing import keep, write
from bench.world import settle, start_server
from config.local.demo import web
from engagement.keys import make_key
from engagement.models import Workspace
from reviews.embed.reading import PAGE_SIZE

SIZES = (10, 1_000, 100_000)
ROUNDS, REQUESTS = 5, 100
GZIP = {"Accept-Encoding": "gzip"}


class Ours(NamedTuple):
    port: int
    roots: tuple[int, ...]

    def cost(self, path: str, *, requests: int = REQUESTS, expected: int = 200, **headers: str) -> float:
        """CPU milliseconds a request, after a few that warm every worker up."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        cost_of_requests(self.port, [path] * 16, roots=self.roots, headers=named, expected=expected)
        return cost_of_requests(
            self.port, [path] * requests, roots=self.roots, headers=named, expected=expected
        )


def measure() -> Measured:
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    _, key = make_key(workspace=workspace, kind="write", name="bench")
    written = {size: write(size) for size in SIZES}
    for size in SIZES:
        keep(workspace, f"s{size}", written[size])
    settle()
    paths = {size: f"/e/f/reviews/?key={key}&product=s{size}" for size in SIZES}
    notes: dict[str, object] = {}
    with serving(remembered=5) as ours:
        notes |= remembered(ours, paths[SIZES[-1]])
    with serving(remembered=0) as ours:
        costs = {size: median_cost(lambda path=paths[size]: ours.cost(path), ROUNDS) for size in SIZES}
        notes["made anew, CPU ms by number of reviews"] = {size: round(ms, 2) for size, ms in costs.items()}
        notes["flat"] = round(max(costs.values()) / min(costs.values()), 2)
        say(f"  {notes}")
        measured = beside_isso(ours, paths[SIZES[-1]], [written[size] for size in SIZES])
    measured.notes |= notes
    return measured


def remembered(ours: Ours, path: str) -> dict[str, object]:
    """Costs of a page from memory, of a 304, and of an empty view, in turns."""
    etag = fetch_etag(ours.port, path)
    rounds = [
        (
            ours.cost(path, requests=1_000),
            ours.cost(path, requests=1_000, expected=304, If_None_Match=etag),
            ours.cost("/empty", requests=1_000),
        )
        for _ in range(ROUNDS)
    ]
    names = ("from memory, CPU ms", "304, CPU ms", "empty Django view, CPU ms")
    return {
        name: round(sorted(values)[ROUNDS // 2], 3)
        for name, values in zip(names, zip(*rounds, strict=True), strict=True)
    }


def beside_isso(ours: Ours, path: str, pages: list[list[object]]) -> Measured:
    """Pages a CPU second of both, in turns; without isso, ours alone."""
    try:
        with isso.serving(pages) as theirs:  # type: ignore[arg-type]
            listing = f"/?uri=%2Fp{len(pages)}%2F&limit={PAGE_SIZE}&nested_limit=5&sort=newest"
            return interleaved(
                lambda _: 1000 / ours.cost(path),
                lambda _: (
                    1000 / cost_of_requests(theirs.port, [listing] * 20, roots=[theirs.pid], headers={})
                ),
                rounds=ROUNDS,
                unit="pages/CPU s",
            )
    except isso.NotThere as error:
        say(f"  isso is left out: {error}")
        mine = 1000 / median_cost(lambda: ours.cost(path), ROUNDS)
        return Measured(mine, float("nan"), "pages/CPU s", notes={"isso": f"left out: {error}"})


def fetch_etag(port: int, path: str) -> str:
    import http.client

    client = http.client.HTTPConnection("127.0.0.1", port)
    client.request("GET", path)
    return client.getresponse().headers["ETag"]


@contextmanager
def serving(*, remembered: int) -> Iterator[Ours]:
    os.environ["EMBED_REMEMBERED_SECONDS"] = str(remembered)
    with start_server(web, urls="bench.urls") as (port, process):
        yield Ours(port, (process.pid, database_pid()))
