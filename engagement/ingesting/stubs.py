"""Products met in events: an unknown one becomes a stub, so that a customer's interest never waits for a catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

import msgspec
from django.db import transaction

from engagement.events import IncomingEvent
from engagement.statements import run_statement

LONGEST_SKU = 200
LONGEST_URL = 1000
HIGHEST_PRICE = Decimal("9999999999")
# Names under which events tell what a product is; the bit of each says in `_noted` that it was told before.
TOLD = ("name", "category", "brand", "price", "currency", "url", "image_url", "imageUrl")
# Which products this process has noted, and what of them, so that a known product costs no statement. A note is made
# only after the commit.
MOST_NOTED = 50_000
_noted: dict[tuple[int, str], int] = {}


def note_products(*, workspace_id: int, events: Iterable[IncomingEvent]) -> None:
    """Make stubs of unknown products and fill gaps of stubs from what events tell; one statement at most.

    A product that the company described itself is never changed, and what a stub has is not changed either.
    """
    told: dict[str, dict[str, Any]] = {}
    bits: dict[tuple[int, str], int] = {}
    for event in events:
        for sku, product in products_of(event.properties):
            mark = (workspace_id, sku)
            new = _bits(product)
            if mark in _noted and not new & ~_noted[mark]:
                continue
            bits[mark] = bits.get(mark, 0) | new
            known = told.setdefault(sku, {"sku": sku})
            known |= {name: value for name, value in _details(product).items() if not known.get(name)}
    if told:
        run_statement(
            "engagement.note_products",
            {"workspace_id": workspace_id, "products": msgspec.json.encode(list(told.values())).decode()},
        )
        transaction.on_commit(partial(_remember, bits))


def products_of(properties: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(SKU, what is told) of each product that an event speaks of: the event's own and those in its list."""
    if sku := _sku(properties):
        yield sku, properties
    listed = properties.get("products")
    if isinstance(listed, list):
        for product in listed:
            if isinstance(product, dict) and (sku := _sku(product)):
                yield sku, product


def _sku(told: Mapping[str, Any]) -> str:
    """The product's id; as in the specification `product_id` goes before `sku`."""
    for name in ("product_id", "productId", "sku"):
        if (value := told.get(name)) and (sku := _text(value)):
            return sku if len(sku) <= LONGEST_SKU else ""
    return ""


def _bits(told: Mapping[str, Any]) -> int:
    return sum(1 << place for place, name in enumerate(TOLD) if told.get(name))


def _details(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": _text(told.get("name"))[:300],
        "category": _text(told.get("category"))[:200],
        "brand": _text(told.get("brand"))[:120],
        "price": _price(told.get("price")),
        "currency": _currency(told.get("currency")),
        "url": _url(told.get("url")),
        "image_url": _url(told.get("image_url") or told.get("imageUrl")),
    }


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _price(value: object) -> str | None:
    """Numbers arrive as texts too; what is no sensible price is none."""
    try:
        price = Decimal(_text(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
    return str(price) if price.is_finite() and 0 <= price <= HIGHEST_PRICE else None


def _currency(value: object) -> str:
    text = _text(value).upper()
    return text if re.fullmatch(r"[A-Z]{3}", text) else ""


def _url(value: object) -> str:
    text = _text(value)
    return text if text.startswith(("https://", "http://")) and len(text) <= LONGEST_URL else ""


def _remember(bits: dict[tuple[int, str], int]) -> None:
    if len(_noted) > MOST_NOTED:
        _noted.clear()
    for mark, some in bits.items():
        _noted[mark] = _noted.get(mark, 0) | some
