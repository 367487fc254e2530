"""The products of one order on a page, each with the way to its review: where an invitation leads."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from engagement.embed.doors import hosted, private, reading_language, render
from engagement.models import Workspace
from engagement.signing import BadToken
from reviews.links import read_collection, writing_url
from reviews.models import Review, ReviewStatus


@hosted("GET", limit=60)
def collection_page(request: HttpRequest, workspace: Workspace, token: str) -> HttpResponse:
    """Shows, and changes nothing. Which of the products are reviewed is looked up now, not when the link was made."""
    language = reading_language(request, workspace)
    try:
        customer, products = read_collection(token, workspace)
    except BadToken:
        return render("reviews/embed/expired.html", {"workspace": workspace}, language=language)
    written = Review.objects.filter(customer=customer, product__in=products).exclude(
        status__in=[ReviewStatus.UNCONFIRMED, ReviewStatus.WITHDRAWN]
    )
    done = set(written.values_list("product_id", flat=True))
    rows: list[dict[str, Any]] = [
        {
            "product": product,
            "is_done": product.pk in done,
            "url": writing_url(product, customer=customer, language=language),
        }
        for product in products
    ]
    context = {"workspace": workspace, "rows": rows, "left": sum(not row["is_done"] for row in rows)}
    return private(render("reviews/embed/collection.html", context, language=language))
