"""Whom and what the lines of a file speak of: our products, our customers, the reviews that came before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from engagement.models import Address, Channel, Customer, Product
from engagement.statements import run_statement
from reviews.models import ReviewImport, ReviewOrigin


def find_products(*, workspace_id: int, names: Iterable[str]) -> dict[str, int]:
    """{name: product id} for SKUs, ids and handles that we know; a SKU goes before the others. One query."""
    wanted = sorted(set(names))
    found: dict[str, int] = {}
    rows = run_statement("reviews.find_import_products", {"workspace": workspace_id, "names": wanted})
    for kind in ("sku", "product_id", "handle", "slug"):
        for row in rows:
            if row[kind]:
                found.setdefault(row[kind], row["id"])
    return found


def make_stubs(*, batch: ReviewImport, products: dict[str, str]) -> dict[str, int]:
    """Products for {SKU: name} that are in no catalogue yet, without a page until the shop completes them."""
    Product.objects.bulk_create(
        [
            Product(
                workspace_id=batch.workspace_id,
                sku=sku,
                name=name,
                is_stub=True,
                attributes={"made_by_import": batch.pk},
            )
            for sku, name in sorted(products.items())
        ],
        ignore_conflicts=True,
    )
    rows = Product.objects.filter(workspace_id=batch.workspace_id, sku__in=products)
    return dict(rows.values_list("sku", "pk"))


def find_or_make_customers(
    *, workspace_id: int, people: Sequence[tuple[str, str]], now: datetime
) -> list[int]:
    """Customer ids for (e-mail address or empty, name), in that order; who has no address is somebody new each time.

    Who is made here gets no `Address`: nobody is written to because they once wrote a review elsewhere.
    """
    emails = {email for email, _ in people if email}
    known = _known_by_email(workspace_id, emails)
    new: list[Customer] = []
    places: list[int | Customer] = []
    fresh: dict[str, Customer] = {}
    for email, name in people:
        if email in known or email in fresh:
            places.append(known[email] if email in known else fresh[email])
            continue
        made = Customer(
            workspace_id=workspace_id, name=name, email=email, first_seen_at=now, last_seen_at=now
        )
        new.append(made)
        places.append(made)
        if email:
            fresh[email] = made
    Customer.objects.bulk_create(new)
    return [place if isinstance(place, int) else place.pk for place in places]


def known_ids(*, batch: ReviewImport, external_ids: Iterable[str]) -> dict[str, int]:
    """{external id: review id} of what came in before from the same kind of file."""
    rows = ReviewOrigin.objects.filter(
        workspace_id=batch.workspace_id, source=batch.source, external_id__in=set(external_ids)
    )
    return dict(rows.values_list("external_id", "review_id"))


def _known_by_email(workspace_id: int, emails: set[str]) -> dict[str, int]:
    """Whose address it is; else who once told it."""
    told = Customer.objects.filter(workspace_id=workspace_id, email__in=emails, merged_into=None)
    known = dict(told.order_by("-id").values_list("email", "id"))
    addresses = Address.objects.filter(
        workspace_id=workspace_id,
        channel=Channel.EMAIL,
        value__in=emails,
        customer__merged_into=None,
    )
    return known | dict(addresses.order_by("-customer_id").values_list("value", "customer_id"))
