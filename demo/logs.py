"""Real logs as tracking calls: shop clicks (RecSys 2015), household purchases and campaigns (Complete Journey).

Neither log has everything that a shop would track, so two things are added, and said here. Clicks carry no category, so
an item's range of ids takes its place (of two different items that one session views in a row, 33 % are of one range;
if ids said nothing it would be far fewer). And both logs are moved in time by one constant: the last call happens
"now" and windows of days mean what they mean.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

RANGE = 10_000  # item ids
NEEDS = 12  # at most, of the categories that come most often


class Call(NamedTuple):
    """One call of a tracking client."""

    kind: str  # identify or track
    user_id: str
    at: datetime
    event: str = ""
    body: dict[str, Any] = {}


class Log(NamedTuple):
    """What a replay sends and what the workspace must know first."""

    name: str
    needs: dict[str, list[str]]  # need slug → product categories
    calls: list[Call]  # in order of time
    campaigns: dict[str, datetime]  # campaign → its start; contacts are trait `campaigns` of the customers


def moved_to(
    calls: list[Call], campaigns: dict[str, datetime], *, end: datetime
) -> tuple[list[Call], dict[str, datetime]]:
    """The same calls and campaigns, moved so that the last call happens at `end`."""
    shift = end - max(call.at for call in calls)
    return (
        [call._replace(at=call.at + shift) for call in calls],
        {name: start + shift for name, start in campaigns.items()},
    )


def clicks(folder: Path, *, most: int, end: datetime) -> Log:
    """The first `most` clicks of the shop log: a session is a customer, a click is `Product Viewed`."""
    calls: list[Call] = []
    seen: set[str] = set()
    groups: dict[str, int] = defaultdict(int)
    for session, item, at in _rows(folder / "yoochoose_100k" / "train_full.tsv", most):
        user, moment = f"session-{session}", datetime.fromtimestamp(float(at), UTC)
        if user not in seen:
            seen.add(user)
            calls.append(Call("identify", user, moment, body={"email": f"{user}@replay.example"}))
        group = f"range-{int(item) // RANGE}"
        groups[group] += 1
        calls.append(Call("track", user, moment, "Product Viewed", {"product_id": item, "category": group}))
    calls.sort(key=lambda call: call.at)
    moved, _ = moved_to(calls, {}, end=end)
    return Log("clicks", {name: [name] for name in _most_frequent(groups)}, moved, {})


def households(folder: Path, *, most: int, end: datetime) -> Log:
    """The first `most` purchases by time: a basket is `Order Completed`; campaign contacts become a trait."""
    base = folder / "completejourney"
    categories = {
        row["product_id"]: row["product_category"] or row["department"]
        for row in _records(base / "products.csv.gz")
    }
    contacts: dict[str, list[str]] = defaultdict(list)
    for row in _records(base / "campaigns.csv.gz"):
        contacts[row["household_id"]].append(row["campaign_id"])
    starts = {
        row["campaign_id"]: datetime.fromisoformat(row["start_date"]).replace(tzinfo=UTC)
        for row in _records(base / "campaign_descriptions.csv.gz")
    }
    purchases = sorted(
        _records(base / "transactions_sample.csv.gz"), key=lambda row: row["transaction_timestamp"]
    )[:most]
    calls = [*_identified(purchases, contacts), *_baskets(purchases, categories)]
    calls.sort(key=lambda call: call.at)
    moved, campaigns = moved_to(calls, starts, end=end)
    return Log("households", _most_bought(purchases, categories), moved, campaigns)


def _identified(purchases: list[dict[str, str]], contacts: dict[str, list[str]]) -> Iterator[Call]:
    first: dict[str, datetime] = {}
    for row in purchases:
        first.setdefault(row["household_id"], _time(row))
    for household, at in first.items():
        user = f"household-{household}"
        traits = {"email": f"{user}@replay.example", "campaigns": contacts[household]}
        yield Call("identify", user, at, body=traits)


def _baskets(purchases: list[dict[str, str]], categories: dict[str, str]) -> Iterator[Call]:
    baskets: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in purchases:
        baskets[row["basket_id"]].append(row)
    for basket, rows in baskets.items():
        products = [
            {
                "product_id": row["product_id"],
                "category": categories.get(row["product_id"], ""),
                "quantity": float(row["quantity"]),
                "price": round(float(row["sales_value"]), 2),
            }
            for row in rows
        ]
        body = {
            "order_id": basket,
            "total": round(sum(p["price"] for p in products), 2),
            "products": products,
        }
        yield Call("track", f"household-{rows[0]['household_id']}", _time(rows[0]), "Order Completed", body)


def _most_bought(purchases: list[dict[str, str]], categories: dict[str, str]) -> dict[str, list[str]]:
    bought: dict[str, int] = defaultdict(int)
    for row in purchases:
        bought[categories.get(row["product_id"], "")] += 1
    bought.pop("", None)
    return {
        "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split()): [name]
        for name in _most_frequent(bought)
    }


def _most_frequent(counts: dict[str, int]) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))[:NEEDS]


def _time(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["transaction_timestamp"]).replace(tzinfo=UTC)


def _rows(path: Path, most: int) -> Iterator[list[str]]:
    with path.open(newline="") as file:
        rows = csv.reader(file, delimiter="\t")
        next(rows)
        for _, row in zip(range(most), rows, strict=False):
            yield row


def _records(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as file:
        yield from csv.DictReader(file)
