"""What search engines read: reviews and their mean as JSON-LD, added to the shop's own Product by its `@id`.

Only what the page shows, only published reviews, the plain mean. The shop's markup of its product stays the only one.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from engagement.embed.linked import script_json
from engagement.models import Product
from reviews.models import Review
from reviews.summaries import Summary

LONGEST_ID = 500


def linked_data(
    request: HttpRequest, product: Product, summary: Summary, reviews: list[Review]
) -> SafeString | str:
    """JSON to put into a script element of type application/ld+json; empty when it is not wanted (`jsonld=off`).

    `product-id` is the `@id` of the shop's own Product; else the product's address.
    """
    rated = [review for review in reviews if hasattr(review, "rating")]
    if request.GET.get("jsonld") == "off" or summary.mean is None or not rated:
        return ""
    data = {
        "@type": "Product",
        "@id": request.GET.get("product-id", "")[:LONGEST_ID] or product.url or product.sku,
        "name": product.name,
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": round(summary.mean, 2),
            "ratingCount": summary.rated,
            "reviewCount": summary.published,
            "bestRating": 5,
            "worstRating": 1,
        },
        "review": [_review(review) for review in rated],
    }
    return script_json(data)


def _review(review: Review) -> dict[str, Any]:
    return {
        "@type": "Review",
        "author": {"@type": "Person", "name": review.author_name},
        "datePublished": review.published_at.date().isoformat() if review.published_at else None,
        "reviewBody": review.body,
        "inLanguage": review.language,
        **({"name": review.title} if review.title else {}),
        "reviewRating": {
            "@type": "Rating",
            "ratingValue": review.rating.overall,
            "bestRating": 5,
            "worstRating": 1,
        },
    }
