"""What the shop sells, read once from demo/data/catalogue.json."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).resolve().parents[1] / "data" / "catalogue.json"


class Place(NamedTuple):
    """Where a guide belongs."""

    need: str
    stage: str


class Category(NamedTuple):
    slug: str
    name: str
    line: str
    need: str


class Product(NamedTuple):
    """Own products are sold; the others only have a picture, for comparisons."""

    sku: str
    name: str
    category: Category
    price: str
    line: str
    art: str
    colours: tuple[str, str, str]
    attributes: dict[str, str | int | float]
    is_own: bool

    def properties(self, **more: object) -> dict[str, object]:
        """As an event tells of it, by the Segment e-commerce specification."""
        own = {
            "product_id": self.sku,
            "name": self.name,
            "category": self.category.name,
            "price": float(self.price),
        }
        return {**own, **more}


@cache
def categories() -> dict[str, Category]:
    return {row["slug"]: Category(**row) for row in json.loads(DATA.read_text())["categories"]}


@cache
def products() -> dict[str, Product]:
    rows = json.loads(DATA.read_text())["products"]
    return {
        row["sku"]: Product(
            sku=row["sku"],
            name=row["name"],
            category=categories()[row["category"]],
            price=row["price"],
            line=row["line"],
            art=row["art"],
            colours=tuple(row["colours"]),
            attributes=row["attributes"],
            is_own=row.get("kind", "own") == "own",
        )
        for row in rows
    }


def sold(category: str = "") -> list[Product]:
    return [p for p in products().values() if p.is_own and category in ("", p.category.slug)]


def found(words: str) -> list[Product]:
    """Products in which every word occurs, in name, line or category."""
    wanted = words.lower().split()
    return (
        [p for p in sold() if all(w in f"{p.name} {p.line} {p.category.name}".lower() for w in wanted)]
        if wanted
        else []
    )


@cache
def guide_places() -> dict[str, Place]:
    """Guides by their slugs, so that messages can lead to a page of the shop."""
    rows = json.loads(DATA.with_name("guides.json").read_text())
    return {row["slug"]: Place(row["need"], row["stage"]) for row in rows}
