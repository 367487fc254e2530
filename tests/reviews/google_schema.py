"""What Google's schema 2.4 of Product Review Feeds asks of a document, as a table, and a check against it.

Written from the public description (developers.google.com/product-review-feeds/schema): each element is a sequence of
children in this order, with how often each may stand there, or a text of a type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

ONE, MAYBE, SOME = (1, 1), (0, 1), (1, None)
TEXT = r"\s*\S[\s\S]*"
URL = r"(https?://)?\S+\.\S+"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"
BOOLEAN = r"true|false|0|1"
CHILDREN: dict[str, dict[str, tuple[int, int | None]]] = {
    "feed": {"version": ONE, "aggregator": MAYBE, "publisher": ONE, "reviews": MAYBE},
    "feed/publisher": {"name": ONE, "favicon": MAYBE},
    "feed/reviews": {"review": SOME},
    "review": {
        "review_id": ONE, "reviewer": ONE, "is_verified_purchase": MAYBE, "is_incentivized_review": MAYBE,
        "review_timestamp": ONE, "title": MAYBE, "content": ONE, "review_language": MAYBE, "review_country": MAYBE,
        "pros": MAYBE, "cons": MAYBE, "review_url": ONE, "reviewer_images": MAYBE, "ratings": ONE, "products": ONE,
        "is_spam": MAYBE, "collection_method": MAYBE, "transaction_id": MAYBE,
    },
    "review/reviewer": {"name": ONE, "reviewer_id": MAYBE},
    "review/pros": {"pro": SOME},
    "review/cons": {"con": SOME},
    "review/reviewer_images": {"reviewer_image": SOME},
    "reviewer_images/reviewer_image": {"url": ONE},
    "review/ratings": {"overall": ONE},
    "review/products": {"product": SOME},
    "products/product": {"product_ids": MAYBE, "product_name": MAYBE, "product_url": ONE},
    "product/product_ids": {"gtins": MAYBE, "mpns": MAYBE, "skus": MAYBE, "brands": MAYBE, "asins": MAYBE},
    "product_ids/gtins": {"gtin": SOME},
    "product_ids/mpns": {"mpn": SOME},
    "product_ids/skus": {"sku": SOME},
    "product_ids/brands": {"brand": SOME},
    "product_ids/asins": {"asin": SOME},
}  # fmt: skip
TYPES = {
    "version": r"2\.4",
    "is_verified_purchase": BOOLEAN,
    "is_incentivized_review": BOOLEAN,
    "is_spam": BOOLEAN,
    "review_timestamp": TIME,
    "review_url": URL,
    "product_url": URL,
    "url": URL,
    "favicon": URL,
    "overall": r"[+-]?\d+(\.\d*)?",
    "gtin": r"[\d -xX]{7,}",
    "collection_method": "unsolicited|post_fulfillment",
}
ATTRIBUTES = {
    "review_url": {"type": "singleton|group"},
    "overall": {"min": r"\d+", "max": r"\d+"},
    "name": {"is_anonymous": BOOLEAN},
}
NEEDED = {"review_url", "overall"}  # whose attributes must be there


def wrong_with(root: Element) -> list[str]:
    """Everything in which a feed departs from the schema; empty when it is valid."""
    found = list(_walk(root, ""))
    ids = [review.findtext("review_id") for review in root.iter("review")]
    return found + ["a review_id twice"] * (len(ids) != len(set(ids)))


def _walk(element: Element, parent: str) -> Iterator[str]:
    path = f"{parent}/{element.tag}" if parent else element.tag
    sequence = CHILDREN.get(path) or CHILDREN.get("review" if element.tag == "review" else "")
    yield from _wrong_attributes(element, path)
    if sequence is None:
        if len(element) or not re.fullmatch(TYPES.get(element.tag, TEXT), element.text or ""):
            yield f"{path}: {element.text!r}"
        return
    yield from _wrong_children(element, path, sequence)
    for child in element:
        yield from _walk(child, element.tag)


def _wrong_children(
    element: Element, path: str, sequence: dict[str, tuple[int, int | None]]
) -> Iterator[str]:
    tags = [child.tag for child in element]
    if unknown := set(tags) - set(sequence):
        yield f"{path} has {', '.join(sorted(unknown))}"
    elif tags != sorted(tags, key=list(sequence).index):
        yield f"{path}: {', '.join(tags)} are in another order"
    for name, (least, most) in sequence.items():
        if not least <= tags.count(name) <= (len(tags) if most is None else most):
            yield f"{path} has {tags.count(name)} {name}"


def _wrong_attributes(element: Element, path: str) -> Iterator[str]:
    known = ATTRIBUTES.get(element.tag, {})
    given = {name: value for name, value in element.attrib.items() if not name.startswith("{")}
    if given.keys() - known.keys() or (element.tag in NEEDED and known.keys() - given.keys()):
        yield f"{path}: attributes {sorted(given)}"
    for name, value in given.items():
        if name in known and not re.fullmatch(known[name], value):
            yield f"{path} {name}: {value!r}"
