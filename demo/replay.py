"""Real logs through the front door: a Segment client tracks them, the API sets up what they speak of.

    make replay                      # against the running demo
    python -m demo.replay --data ../shared/data --log households --most 20000 --rate 500

Campaigns of the household log are started as broadcasts, in the order of their dates and spread evenly over the replay
(a part of the log would otherwise meet few of them). At the end the ledger is added up.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from segment.analytics import Client
from tqdm import tqdm

from demo.logs import Call, Log, clicks, households

LOGS = {"clicks": clicks, "households": households}
QUEUE = 10_000


class Api:
    """The REST API as an integrator's script would use it."""

    def __init__(self, base: str, key: str) -> None:
        self.http = httpx.Client(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=60)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call; waits when it is told to, and stops the replay with the server's words when it is refused."""
        for _ in range(20):
            answer = self.http.request(method, path, json=body)
            if answer.status_code != 429:
                break
            time.sleep(int(answer.headers.get("Retry-After", "1")))
        if answer.status_code >= 400:
            sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def rows(self, path: str, **filters: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list."""
        cursor = None
        while True:
            query = httpx.QueryParams({"limit": 100, **filters} | ({"cursor": cursor} if cursor else {}))
            page = self.call("GET", f"{path}?{query}")
            yield from page["data"]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return


def prepare(api: Api, log: Log) -> dict[str, int]:
    """Make the needs, a nudge for each that reaches a shortlist, and one for each campaign: campaign → nudge id."""
    category = ensure(api, "categories", "slug", {"slug": "replay", "name": "Replay", "opt_in": False})
    for slug, categories in log.needs.items():
        name = slug.replace("-", " ").capitalize()
        need = ensure(api, "needs", "slug", {"slug": slug, "name": name, "rules": {"categories": categories}})
        nudge(
            api,
            f"Replay: choosing {name}",
            category,
            {"trigger": "stage_change", "trigger_need": need["slug"], "trigger_stage": "shortlist"},
            promise="choose_well",
            interest="customer",
        )
    return {
        campaign: nudge(
            api,
            f"Replay: campaign {campaign}",
            category,
            {"trigger": "broadcast", "conditions": {"trait": "campaigns", "contains": campaign}},
            promise="choose_us",
            interest="business",
        )["id"]
        for campaign in sorted(log.campaigns, key=lambda name: log.campaigns[name])
    }


def ensure(api: Api, path: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    """The row with this key, made when it is missing."""
    for row in api.rows(path):
        if row[key] == body[key]:
            return row
    made: dict[str, Any] = api.call("POST", path, body)
    return made


def nudge(
    api: Api, name: str, category: dict[str, Any], how: dict[str, Any], *, promise: str, interest: str
) -> dict[str, Any]:
    body = {
        "name": name,
        "promise": promise,
        "interest": interest,
        "category": category["slug"],
        "channels": ["email"],
        "contents": [
            {
                "channel": "email",
                "language": "en",
                "subject": name,
                "body": 'Hello {{ customer.name | default: "there" }}.',
            }
        ],
    }
    made = ensure(api, "nudges", "name", body | how)
    if made["status"] != "active":
        api.call("POST", f"nudges/{made['id']}/activate", {})
    return made


def replay(client: Client, api: Api, log: Log, campaigns: dict[str, int], *, rate: float) -> None:
    """Track every call in order; start each campaign when its turn has come."""
    turns = {round(len(log.calls) * (n + 1) / (len(campaigns) + 1)): name for n, name in enumerate(campaigns)}
    started = time.monotonic()
    for number, call in enumerate(
        tqdm(log.calls, desc=log.name, unit="call", disable=not sys.stderr.isatty())
    ):
        if name := turns.get(number):
            client.flush()
            api.call("POST", f"nudges/{campaigns[name]}/broadcasts", {})
        while not track(client, call):
            time.sleep(0.05)  # the client's queue is full: the server sets the pace
        if rate:
            time.sleep(max(0.0, started + number / rate - time.monotonic()))
    client.flush()


def track(client: Client, call: Call) -> bool:
    """Hand one call to the client; false when its queue is full."""
    if call.kind == "identify":
        taken, _ = client.identify(call.user_id, call.body, timestamp=call.at)
    else:
        taken, _ = client.track(call.user_id, call.event, call.body, timestamp=call.at)
    return bool(taken)


def tally(api: Api, nudges: list[int]) -> dict[str, dict[str, int]]:
    """Decisions by outcome and reason, counted over every row of the ledger of these nudges."""
    counts: dict[str, dict[str, int]] = {}
    for number in nudges:
        for row in api.rows("decisions", nudge=number):
            reasons = counts.setdefault(row["outcome"], {})
            reasons[row["reason"]] = reasons.get(row["reason"], 0) + 1
    return counts


def settle(api: Api, *, seconds: float = 600) -> None:
    """Wait until broadcasts have ended and the ledger no longer grows."""
    end, newest, quiet = time.monotonic() + seconds, None, 0
    while quiet < 3 and time.monotonic() < end:
        time.sleep(4)
        running = api.call("GET", "broadcasts?state=running&limit=1")["data"]
        page = api.call("GET", "decisions?limit=1")["data"]
        quiet = quiet + 1 if page == newest and not running else 0
        newest = page


def main() -> None:
    options = arguments()
    info = json.loads(options.info.read_text())
    api = Api(info["api"], info["secret_key"])
    log = LOGS[options.log](options.data, most=options.most, end=datetime.now(UTC))
    errors: list[Any] = []
    client = Client(
        info["write_key"],
        host=info["dashboard"].rstrip("/"),
        max_queue_size=QUEUE,
        gzip=True,
        on_error=lambda error, items: errors.append((error, len(items))),
    )
    campaigns = prepare(api, log)
    replay(client, api, log, campaigns, rate=options.rate)
    client.join()
    if errors:
        sys.exit(f"{sum(n for _, n in errors)} calls were not taken: {errors[0][0]}")
    print(f"{len(log.calls)} calls tracked; waiting for the ledger to settle")
    nudges = [row["id"] for row in api.rows("nudges") if row["name"].startswith("Replay: ")]
    settle(api)
    for outcome, reasons in sorted(tally(api, nudges).items()):
        print(f"{outcome:<9} {sum(reasons.values()):>8}")
        for reason, number in sorted(reasons.items(), key=lambda pair: -pair[1]):
            print(f"  {reason:<20} {number:>6}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.replay", description=__doc__)
    parser.add_argument(
        "--info", type=Path, default=Path(".demo/info.json"), help="where the demo says what runs where"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the logs")
    parser.add_argument("--log", choices=sorted(LOGS), default="households")
    parser.add_argument("--most", type=int, default=20_000, help="lines of the log")
    parser.add_argument("--rate", type=float, default=0, help="calls a second; 0: as fast as they are taken")
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"{options.data} is not there: name the folder of the logs with --data")
    return options


if __name__ == "__main__":
    main()
