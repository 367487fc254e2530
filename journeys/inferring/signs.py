"""What one event says to one need: evidence, an order and its undoing, or the customer's own word. Pure."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any, NamedTuple

from engagement.unread import LoggedEvent


class Kind(enum.Enum):
    """How a story takes a sign."""

    EVIDENCE = "evidence"
    ORDER = "order"
    UNDO = "undo"
    CLOSE = "close"
    SNOOZE = "snooze"
    REOPEN = "reopen"


class Sign(NamedTuple):
    """An event as one need sees it.

    `signal` is the event's name in lower case; `subject` what it is about (a product, a query, a page). `skus` are the
    need's own products in an order. A sign `of_basket` names no product: it holds for needs with something in the cart.
    """

    kind: Kind
    event_id: int
    at: datetime
    name: str
    signal: str
    subject: str = ""
    skus: tuple[str, ...] = ()
    order_id: str = ""
    of_basket: bool = False
    reason: str = ""
    until: datetime | None = None
    sequence: int | None = None


PAGE_VIEWED = "page viewed"
PRODUCT_VIEWED = "product viewed"
GUIDE_CHECKED = "guide checked"
# Derived: not events of their own but what a view means after the ones before.
FIRST_VIEW = "first product viewed"
SECOND_PRODUCT = "second product within 7 days"
FURTHER_PRODUCT = "further product within 7 days"
SEEN_AGAIN = "same product on another day"

PUT_INTO_CART = frozenset({"product added", "wishlist product added to cart"})
TAKEN_FROM_CART = "product removed"
# Without any weight of their own these still matter: later signs are compared with them.
REMEMBERED = PUT_INTO_CART | {PRODUCT_VIEWED, TAKEN_FROM_CART}
ORDERS = frozenset({"order completed"})
UNDOINGS = {"order refunded": "refunded", "order cancelled": "cancelled"}
# Steps with a basket: the specification asks for no products in them.
BASKET = frozenset(
    {
        "cart viewed",
        "coupon entered",
        "coupon applied",
        "checkout started",
        "checkout step viewed",
        "checkout step completed",
        "payment info entered",
    }
)

NEED_CLOSED, NEED_SNOOZED, NEED_REOPENED = "Need Closed", "Need Snoozed", "Need Reopened"
WORDS = {
    NEED_CLOSED.lower(): Kind.CLOSE,
    NEED_SNOOZED.lower(): Kind.SNOOZE,
    NEED_REOPENED.lower(): Kind.REOPEN,
}


class Product(NamedTuple):
    """What an event says of one product; the category may be filled in from the catalogue.

    `ids` are the texts to compare, the one by which the catalogue knows it first; `sku` is that one as it was sent.
    """

    ids: tuple[str, ...]
    category: str
    sku: str


LONGEST_SKU = 200
LONGEST_TEXT = 100
MOST_PRODUCTS = 200  # of one event; a longer list says nothing more about a need


def plain(value: Any) -> str:
    """A value of an event as text to compare: trimmed, without regard to case; "" for what is no text or number."""
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def products_of(properties: dict[str, Any]) -> list[Product]:
    """The products that an event names: itself, or those of its list."""
    listed = properties.get("products")
    items = [properties, *(listed[:MOST_PRODUCTS] if isinstance(listed, list) else [])]
    found = []
    for item in items:
        if not isinstance(item, dict):
            continue
        told = [item.get(name) for name in ("product_id", "productId", "sku")]
        ids = tuple(dict.fromkeys(filter(None, map(plain, told))))
        if ids:
            sku = next(str(text).strip() for text in told if plain(text))[:LONGEST_SKU]
            found.append(Product(ids, plain(item.get("category")), sku))
    return found


def subject_of(event: LoggedEvent, products: list[Product]) -> str:
    """What an event is about: its product by SKU, else its query, list or page, cut to a sensible length."""
    if products and "products" not in event.properties:
        return products[0].sku
    if event.type != "track" and (name := plain(event.name)):
        return name[:LONGEST_TEXT]
    for name in ("query", "category", "list_id", "name", "promotion_id", "coupon", "need", "path", "url"):
        if text := plain(event.properties.get(name)):
            return text[:LONGEST_TEXT]
    return ""
