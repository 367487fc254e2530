"""The feeds that Google and Meta fetch: published reviews of the company's own products, whole each time, streamed.

Google: Product Review Feeds, schema 2.4 (developers.google.com/product-review-feeds/schema). A review is a sequence:
elements in another order make the feed invalid, and a review that is missing from the next feed is deleted there: so is
that of an author who takes back that it may be given. Meta: the Product Review Feed as CSV (developers.facebook.com,
feed schema). All star values are given; nothing is chosen but by the authors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from itertools import chain
from xml.sax.saxutils import escape

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils.crypto import salted_hmac

from engagement.models import Product, ProductKind, Workspace
from reviews.exporting.records import in_chunks, in_pieces
from reviews.exporting.sheets import csv_lines
from reviews.links import page_url
from reviews.models import Review, ReviewStatus

# What XML 1.0 cannot hold at all.
CONTROL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Attributes of a product in which catalogues keep these numbers.
GTINS, MPNS = ("gtin", "ean", "upc", "isbn"), ("mpn",)
WEB_ADDRESS = r"^https?://\S+\.\S+$"  # as the schema has it
GTIN = re.compile(r"[\d -]{6,}[\dxX]")
METHODS = {"link": "post_fulfillment", "form": "unsolicited"}
META = (
    "aggregator", "store.name", "store.id", "store.storeUrls", "reviewID", "rating", "title", "content", "created_at",
    "updated_at", "review_image_urls", "incentivized", "has_verified_purchase", "reviewer.name", "reviewer.reviewerID",
    "reviewer.isAnonymous", "product.name", "product.url", "product.imageUrls", "product.productIdentifiers.skus",
    "product.productIdentifiers.gtins", "product.productIdentifiers.mpns", "product.productIdentifiers.brand",
)  # fmt: skip


def google_feed(workspace: Workspace) -> Iterator[str]:
    """XML in pieces; valid also without any review."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns:vc="http://www.w3.org/2007/XMLSchema-versioning" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation='
        '"http://www.google.com/shopping/reviews/schema/product/2.4/product_reviews.xsd">\n'
        f"<version>2.4</version>\n<publisher>{_tag('name', workspace.name)}</publisher>\n"
    )
    reviews = map(_google_review, feed_reviews(workspace))
    # A list of no reviews would be invalid.
    if first := next(reviews, ""):
        yield from in_pieces(chain(["<reviews>\n", first], reviews, ["</reviews>\n"]))
    yield "</feed>\n"


def meta_feed(workspace: Workspace) -> Iterator[str]:
    """CSV in pieces."""
    yield from csv_lines([META])
    yield from csv_lines(_meta_review(workspace, review) for review in feed_reviews(workspace))


def feed_reviews(workspace: Workspace) -> Iterator[Review]:
    """Published reviews with stars and words whose authors agree, of own products that have a page.

    Others cannot be matched there.
    """
    rows: QuerySet[Review] = (
        Review.objects.filter(
            workspace=workspace,
            status=ReviewStatus.PUBLISHED,
            rating__isnull=False,
            shared_at__isnull=False,
            product__kind=ProductKind.OWN,
            product__is_stub=False,
            product__url__regex=WEB_ADDRESS,
        )
        .exclude(body="")
        .select_related("product", "product__workspace", "rating")
    )
    yield from in_chunks(rows.prefetch_related("photos"))


def shown_reviews(workspace: Workspace) -> dict[str, int]:
    """How many are published: `all`, and `shared`, whose authors agree that feeds hold them."""
    published = Review.objects.filter(workspace=workspace, status=ReviewStatus.PUBLISHED)
    return published.aggregate(all=Count("pk"), shared=Count("shared_at"))


def picture_urls(review: Review) -> list[str]:
    """Of the photos that readers see."""
    shown = review.shown_version
    return [
        f"{settings.BASE_URL}/e/photo/{photo.name}.jpg"
        for photo in review.photos.all()
        if photo.since <= shown and (photo.until is None or shown < photo.until)
    ]


def reviewer_id(review: Review) -> str:
    """The same for all reviews of a customer, and no way back to them."""
    return salted_hmac("touchstone.feed.reviewer", str(review.customer_id), algorithm="sha256").hexdigest()[
        :32
    ]


def bought(review: Review) -> bool:
    """An order of ours, or the word of the system that it is from."""
    return review.is_verified or bool(review.is_verified_there)


def gtins(product: Product) -> list[str]:
    """One that is none, such as “n/a”, would make the whole feed invalid."""
    return [number for number in numbers(product, GTINS) if GTIN.fullmatch(number)]


def numbers(product: Product, names: tuple[str, ...]) -> list[str]:
    told = [product.attributes.get(name) for name in names]
    return [str(one).strip() for one in told if isinstance(one, str | int) and str(one).strip()]


def _google_review(review: Review) -> str:
    pictures = [f"<reviewer_image>{_tag('url', url)}</reviewer_image>" for url in picture_urls(review)]
    method = METHODS.get(review.collected_by, "")
    parts = [
        _tag("review_id", str(review.pk)),
        f"<reviewer>{_tag('name', review.author_name)}{_tag('reviewer_id', reviewer_id(review))}</reviewer>",
        _tag("is_verified_purchase", "true" if bought(review) else "false"),
        _tag("is_incentivized_review", "true" if review.incentive else "false"),
        _tag("review_timestamp", review.submitted_at.astimezone(UTC).isoformat(timespec="seconds")),
        _tag("title", review.title),
        _tag("content", review.body),
        _tag("review_language", review.language),
        _group("pros", [_tag("pro", point) for point in review.pros]),
        _group("cons", [_tag("con", point) for point in review.cons]),
        f'<review_url type="group">{_text(page_url(review.product))}</review_url>',
        _group("reviewer_images", pictures),
        f'<ratings><overall min="1" max="5">{review.rating.overall}</overall></ratings>',
        f"<products>{_google_product(review.product)}</products>",
        _tag("collection_method", method),
    ]
    return f"<review>{''.join(parts)}</review>\n"


def _google_product(product: Product) -> str:
    """An empty container of ids would be invalid, so each is left out when there is none."""
    ids = [
        _group("gtins", [_tag("gtin", number) for number in gtins(product)]),
        _group("mpns", [_tag("mpn", number) for number in numbers(product, MPNS)]),
        _group("skus", [_tag("sku", product.sku)]),
        _group("brands", [_tag("brand", product.brand)]),
    ]
    parts = [
        _group("product_ids", ids),
        _tag("product_name", product.name),
        _tag("product_url", product.url),
    ]
    return f"<product>{''.join(parts)}</product>"


def _meta_review(workspace: Workspace, review: Review) -> list[str]:
    product = review.product
    written = review.submitted_at.astimezone(UTC).isoformat(timespec="seconds")
    shown_at = (
        review.published_at.astimezone(UTC).isoformat(timespec="seconds") if review.published_at else ""
    )
    site = "/".join(product.url.split("/")[:3])
    return [
        "Touchstone", workspace.name, workspace.slug, site, str(review.pk), str(review.rating.overall), review.title,
        review.body, written, shown_at, ",".join(picture_urls(review)), _yes(bool(review.incentive)),
        _yes(bought(review)), review.author_name, reviewer_id(review), "false", product.name, product.url,
        product.image_url, product.sku, ",".join(gtins(product)), ",".join(numbers(product, MPNS)),
        product.brand,
    ]  # fmt: skip


def _yes(value: bool) -> str:
    return "true" if value else "false"


def _tag(name: str, text: str) -> str:
    """An element, or nothing when it would be empty."""
    plain = _text(text)
    return f"<{name}>{plain}</{name}>" if plain else ""


def _text(text: str) -> str:
    return escape(CONTROL.sub("", text).strip())


def _group(name: str, elements: list[str]) -> str:
    inner = "".join(elements)
    return f"<{name}>{inner}</{name}>" if inner else ""
