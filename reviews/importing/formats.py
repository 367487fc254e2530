"""The exports that we know by their header line, and which of their columns is what.

Sources: the vendors' help pages and files of theirs in public test suites. A file that none of them fits is read by
names that speak for themselves, and a person corrects the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# What we can keep of a line, besides all of its columns as they are.
TARGETS = (
    "external_id",
    "sku",
    "product_id",
    "product_handle",
    "product_url",
    "product_name",
    "rating",
    "title",
    "body",
    "author_name",
    "author_email",
    "date",
    "status",
    "verified",
    "incentive",
    "language",
    "reply",
    "reply_date",
    "pictures",
)
PRODUCT_TARGETS = ("sku", "product_id", "product_handle", "product_url")


class Format(NamedTuple):
    """`mapping` is {target: header}; a file is of this format when it has all headers of `signature`."""

    name: str
    label: str
    signature: tuple[str, ...]
    mapping: dict[str, str]


JUDGEME = Format(
    "judgeme",
    "Judge.me",
    ("reviewer_name", "reviewer_email", "product_handle", "body", "rating"),
    {
        "external_id": "metaobject_handle",
        "product_id": "product_id",
        "product_handle": "product_handle",
        "rating": "rating",
        "title": "title",
        "body": "body",
        "author_name": "reviewer_name",
        "author_email": "reviewer_email",
        "date": "review_date",
        "status": "curated",
        "reply": "reply",
        "reply_date": "reply_date",
        "pictures": "picture_urls",
    },
)
LOOX = Format(
    "loox",
    "Loox",
    ("nickname", "review", "handle", "rating", "verified_purchase"),
    {
        "external_id": "id",
        "product_id": "productId",
        "product_handle": "handle",
        "rating": "rating",
        "body": "review",
        "author_name": "nickname",
        "author_email": "email",
        "date": "date",
        "status": "status",
        "verified": "verified_purchase",
        "pictures": "img",
    },
)
SHOPIFY = Format(
    "shopify",
    "Shopify Product Reviews",
    ("product_handle", "state", "rating", "author", "created_at"),
    {
        "product_handle": "product_handle",
        "rating": "rating",
        "title": "title",
        "body": "body",
        "author_name": "author",
        "author_email": "email",
        "date": "created_at",
        "status": "state",
        "reply": "reply",
        "reply_date": "replied_at",
    },
)
YOTPO = Format(
    "yotpo",
    "Yotpo",
    ("review content", "review score", "product id", "display name"),
    {
        "product_id": "product id",
        "product_url": "product url",
        "product_name": "product title",
        "rating": "review score",
        "title": "review title",
        "body": "review content",
        "author_name": "display name",
        "author_email": "email",
        "date": "date",
        "verified": "verified purchase",
    },
)
OKENDO = Format(
    "okendo",
    "Okendo",
    ("review id", "product id", "rating", "body", "reviewer name", "date created"),
    {
        "external_id": "review id",
        "product_id": "product id",
        "product_name": "product name",
        "rating": "rating",
        "title": "title",
        "body": "body",
        "author_name": "reviewer name",
        "date": "date created",
        "status": "status",
        "verified": "is verified buyer",
    },
)
POWERREVIEWS = Format(
    "powerreviews",
    "PowerReviews",
    ("review id", "page id", "review text", "rating"),
    {
        "external_id": "review id",
        "product_id": "page id",
        "rating": "rating",
        "title": "review title",
        "body": "review text",
        "author_name": "review display",
        "date": "review date",
        "status": "review status",
        "verified": "verified buyer",
    },
)
OURS = Format(
    "touchstone",
    "Touchstone",
    ("review_id", "sku", "overall", "body", "written_at", "collected_by"),
    {
        "external_id": "review_id",
        "sku": "sku",
        "product_name": "product",
        "rating": "overall",
        "title": "title",
        "body": "body",
        "author_name": "author_name",
        "author_email": "author_email",
        "date": "written_at",
        "status": "status",
        "verified": "is_verified",
        "incentive": "incentive",
        "language": "language",
        "reply": "response",
        "reply_date": "responded_at",
    },
)
FORMATS = (OURS, LOOX, SHOPIFY, YOTPO, POWERREVIEWS, OKENDO, JUDGEME)
OTHER = "other"
LABELS = {form.name: form.label for form in FORMATS} | {OTHER: "CSV"}

# Names that speak for themselves, for files of other makes.
SPEAKING = {
    "external_id": r"(review )?id|uuid",
    "sku": r"(product )?sku|article( number)?",
    "product_id": r"product id|item id",
    "product_handle": r"(product )?handle|slug",
    "product_url": r"product (url|link)|url",
    "product_name": r"product( name| title)?",
    "rating": r"(overall |review )?(rating|score|stars)|overall",
    "title": r"(review )?(title|headline|subject)",
    "body": r"(review )?(body|text|content|comment|review)",
    "author_name": r"(author|reviewer|customer|display|user)( name)?|name|nickname",
    "author_email": r"((author|reviewer|customer|user) )?e ?mail( address)?",
    "date": r"(review |submission |created |date )?(date|created|created at|submitted at|time|timestamp)",
    "status": r"(review )?(status|state|published)",
    "verified": r"(is )?verified( buyer| purchase| reviewer)?",
    "incentive": r"incentive|incentivi[sz]ed",
    "language": r"language|locale|lang",
    "reply": r"reply|response|merchant (reply|response)",
    "reply_date": r"(reply|response) date|replied at|responded at",
    "pictures": r"(picture|image|photo|media)s?( urls?)?|img",
}


def detect(columns: Sequence[str]) -> tuple[str, dict[str, str]]:
    """(format, {target: column}) for a header line; the columns as they are spelt there."""
    spelt = {_plain(column): column for column in reversed(columns)}
    for form in FORMATS:
        if all(_plain(name) in spelt for name in form.signature):
            known = {
                target: spelt[_plain(name)] for target, name in form.mapping.items() if _plain(name) in spelt
            }
            return form.name, known
    return OTHER, _by_names(spelt)


def _by_names(spelt: dict[str, str]) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for target, pattern in SPEAKING.items():
        found = [column for plain, column in spelt.items() if re.fullmatch(pattern, plain)]
        if found and found[-1] not in mapping.values():
            mapping[target] = found[-1]
    return mapping


def _plain(column: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", column.lower()))
