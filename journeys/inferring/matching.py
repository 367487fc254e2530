"""Which needs an event speaks of, by the rules of the workspace's needs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from engagement.unread import LoggedEvent
from journeys.inferring.signs import (
    BASKET,
    GUIDE_CHECKED,
    ORDERS,
    PAGE_VIEWED,
    UNDOINGS,
    WORDS,
    Kind,
    Product,
    Sign,
    plain,
    products_of,
    subject_of,
)

WORD = re.compile(r"\w+")


def words(text: str) -> str:
    """The words of a text with one blank around each, so that `" rain jacket " in words(title)` finds whole words."""
    return f" {' '.join(WORD.findall(text))} "


def categories_of(text: str) -> list[str]:
    """A category and the parts of its path: "Shoes > Running" is also "Shoes" and "Running"."""
    return (
        [text, *(part.strip() for part in re.split(r"[>/|]", text))] if re.search(r"[>/|]", text) else [text]
    )


class Matcher:
    """The rules of one workspace's active needs, turned round for quick look-up."""

    def __init__(self, rules: Mapping[int, Mapping[str, Any]], slugs: Mapping[int, str]) -> None:
        self.by_slug = {slug: need_id for need_id, slug in slugs.items()}
        self.by_category = turn_round(rules, "categories")
        self.by_sku = turn_round(rules, "skus")
        self.terms = [(words(text), needs) for text, needs in turn_round(rules, "search_terms").items()]
        self.topics = [(words(text), needs) for text, needs in turn_round(rules, "page_topics").items()]

    def read(self, event: LoggedEvent, category_of: Mapping[str, str]) -> tuple[dict[int, Sign], Sign | None]:
        """The signs that an event gives to needs by id, and one for all needs that a story already knows of.

        `category_of`: the catalogue's category of a SKU, for events that name none.
        """
        signal = event.name.casefold() if event.type == "track" else PAGE_VIEWED
        if signal in WORDS:
            return self.read_word(event, WORDS[signal], signal), None
        products = [filled(product, category_of) for product in products_of(event.properties)]
        if signal == GUIDE_CHECKED and event.properties.get("on") is False:
            return {}, None  # a tick taken back says nothing
        if signal in UNDOINGS:
            return {}, undoing(event, signal, products)
        matched = self.needs_of(event, products)
        kind = Kind.ORDER if signal in ORDERS else Kind.EVIDENCE
        order_id = plain(event.properties.get("order_id")) if kind is Kind.ORDER else ""
        subject = order_id if kind is Kind.ORDER else subject_of(event, products)
        signs = {
            need_id: Sign(kind, event.id, event.at, event.name, signal, subject, skus, order_id)
            for need_id, skus in sorted(matched.items())
        }
        if not products and (signal in BASKET or signal in ORDERS):
            basket = Sign(kind, event.id, event.at, event.name, signal, subject, (), order_id, of_basket=True)
            return signs, basket
        return signs, None

    def needs_of(self, event: LoggedEvent, products: list[Product]) -> dict[int, tuple[str, ...]]:
        """Ids of the needs that an event speaks of, each with the products by which it does."""
        found: dict[int, list[str]] = {}
        for product in products:
            for need_id in self.needs_of_product(product):
                found.setdefault(need_id, []).append(product.sku)
        for need_id in self.needs_of_text(event, has_products=bool(products)):
            found.setdefault(need_id, [])
        return {need_id: tuple(dict.fromkeys(skus)) for need_id, skus in found.items()}

    def needs_of_product(self, product: Product) -> set[int]:
        found: set[int] = set()
        for sku in product.ids:
            found.update(self.by_sku.get(sku, ()))
        if product.category:
            for category in categories_of(product.category):
                found.update(self.by_category.get(category, ()))
        return found

    def needs_of_text(self, event: LoggedEvent, *, has_products: bool) -> Iterable[int]:
        properties = event.properties
        found: set[int] = set()
        for key in ("need", "topic"):
            found.update([self.by_slug[slug]] if (slug := plain(properties.get(key))) in self.by_slug else ())
        if not has_products and (category := plain(properties.get("category"))):
            for part in categories_of(category):
                found.update(self.by_category.get(part, ()))
        if self.terms and (query := plain(properties.get("query") or properties.get("search"))):
            found.update(needs_in(self.terms, words(query)))
        if self.topics and event.type in ("page", "screen"):
            found.update(needs_in(self.topics, page_words(event)))
        return found

    def read_word(self, event: LoggedEvent, kind: Kind, signal: str) -> dict[int, Sign]:
        need_id = self.by_slug.get(plain(event.properties.get("need")))
        if need_id is None:
            return {}
        sequence = event.properties.get("sequence")
        return {
            need_id: Sign(
                kind,
                event.id,
                event.at,
                event.name,
                signal,
                reason=plain(event.properties.get("reason"))[:30],
                until=moment(event.properties.get("until")),
                sequence=sequence if isinstance(sequence, int) else None,
            )
        }


def turn_round(rules: Mapping[int, Mapping[str, Any]], key: str) -> dict[str, tuple[int, ...]]:
    """From need → texts to text → needs."""
    turned: dict[str, list[int]] = {}
    for need_id in sorted(rules):
        for text in rules[need_id].get(key) or ():
            if plain(text):
                turned.setdefault(plain(text), []).append(need_id)
    return {text: tuple(needs) for text, needs in turned.items()}


def needs_in(known: list[tuple[str, tuple[int, ...]]], text: str) -> set[int]:
    return {need_id for sought, needs in known if sought in text for need_id in needs}


def page_words(event: LoggedEvent) -> str:
    properties = event.properties
    told = (properties.get(key) for key in ("category", "name", "title", "path", "url"))
    return words(" ".join([plain(event.name), *map(plain, told)]))


def filled(product: Product, category_of: Mapping[str, str]) -> Product:
    return product if product.category else product._replace(category=category_of.get(product.sku, ""))


def undoing(event: LoggedEvent, signal: str, products: list[Product]) -> Sign | None:
    order_id = plain(event.properties.get("order_id"))
    if not order_id:
        return None
    skus = tuple(product.sku for product in products)
    reason = UNDOINGS[signal]
    return Sign(Kind.UNDO, event.id, event.at, event.name, signal, order_id, skus, order_id, reason=reason)


def moment(value: Any) -> datetime | None:
    """A point in time as our own events write it; None for anything else."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None
