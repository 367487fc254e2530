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

LONGEST = {
    "sku": 200,
    "name": 300,
    "category": 200,
    "brand": 120,
    "currency": 3,
    "url": 1000,
    "image_url": 1000,
}
HIGHEST_PRICE = Decimal("9999999999")
# What this process has noted lately, so that a known product costs no statement. Only committed work is remembered.
MOST_NOTED = 20_000
_noted: dict[tuple[Any, ...], None] = {}


def note_products(*, workspace_id: int, events: Iterable[IncomingEvent]) -> None:
    """Make stubs of unknown products and fill gaps of stubs from what events tell; one statement at most.

    A product that the company described itself is never changed.
    """
    told: dict[str, dict[str, Any]] = {}
    for event in events:
        for product in products_of(event.properties):
            known = told.setdefault(product["sku"], {})
            known |= {name: value for name, value in product.items() if value and not known.get(name)}
    marks = {
        (workspace_id, *sorted((name, str(value)) for name, value in p.items())): p for p in told.values()
    }
    new = {mark: product for mark, product in marks.items() if mark not in _noted}
    if new:
        run_statement(
            "engagement.note_products",
            {"workspace_id": workspace_id, "products": msgspec.json.encode(list(new.values())).decode()},
        )
        transaction.on_commit(partial(_remember, list(new)))


def products_of(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The products that an event's properties speak of: the event's own and those in its list."""
    listed = properties.get("products")
    for told in (properties, *(listed if isinstance(listed, list) else ())):
        if isinstance(told, Mapping) and (product := _product(told)):
            yield product


def _product(told: Mapping[str, Any]) -> dict[str, Any] | None:
    sku = _text(told.get("product_id")) or _text(told.get("productId")) or _text(told.get("sku"))
    if not sku or len(sku) > LONGEST["sku"]:
        return None
    return {
        "sku": sku,
        "name": _text(told.get("name"))[: LONGEST["name"]],
        "category": _text(told.get("category"))[: LONGEST["category"]],
        "brand": _text(told.get("brand"))[: LONGEST["brand"]],
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
    return text if text.startswith(("https://", "http://")) and len(text) <= LONGEST["url"] else ""


def _remember(marks: list[tuple[Any, ...]]) -> None:
    if len(_noted) > MOST_NOTED:
        _noted.clear()
    _noted.update(dict.fromkeys(marks))
