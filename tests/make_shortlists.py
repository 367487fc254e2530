"""Shortlists, by the functions that the doors use."""

from __future__ import annotations

from datetime import datetime

from engagement.models import Customer, Product
from journeys.models import Need, Shortlist, ShortlistItem
from journeys.shortlists import Outside, keep_item, set_must_haves
from tests.make import NOW


def kept(customer: Customer, need: Need, *what: Product | str, at: datetime = NOW) -> list[ShortlistItem]:
    """Put these on the customer's shortlist: products, or anything else by its name."""
    found = [one if isinstance(one, Product) else Outside(one) for one in what]
    return [keep_item(customer=customer, need=need, what=one, now=at) for one in found]


def shortlist(customer: Customer, need: Need, *what: Product | str, must: tuple[str, ...] = ()) -> Shortlist:
    kept(customer, need, *what)
    found = Shortlist.objects.select_related("customer", "need", "workspace").get(
        customer=customer, need=need
    )
    return set_must_haves(shortlist=found, texts=must, now=NOW) if must else found
