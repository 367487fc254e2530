"""What started a message, for its words: the event, when it was, and the products that it is about."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.ingesting.stubs import products_of
from engagement.models import Event, Product
from nudges.models import Entry, FlowRun

NAMED = 2  # products in the sentence that says why


class Started(NamedTuple):
    """An event that put a message forward. `products` are those of the catalogue that it is about, as it named them."""

    name: str
    at: datetime
    properties: Mapping[str, Any]
    products: Sequence[Product]


def read_started(entries: Collection[Entry], *, now: datetime) -> dict[int, Started]:
    """By entry id, in three queries. Of a request for reviews, the products are those that may be asked about now."""
    if not entries:
        return {}
    told = _properties(entries)
    chosen = _chosen(entries, now)
    products = Product.objects.in_bulk({pk for ids in chosen.values() for pk in ids})
    return {
        entry.pk: Started(
            entry.event_name,
            entry.event_at,
            told.get((entry.customer_id, entry.event_id), {}),
            [products[pk] for pk in chosen[entry.pk] if pk in products],
        )
        for entry in entries
    }


def read_let_in(runs: Collection[FlowRun]) -> dict[int, Started]:
    """The events that let people into flows, by run id, in two queries. A run that no event began, or whose event is
    forgotten by retention, has none.
    """
    ids = {run.pk: run.event_id for run in runs if run.event_id is not None}
    if not ids:
        return {}
    logged = Event.objects.filter(
        workspace__in={run.workspace_id for run in runs},
        customer__in={run.customer_id for run in runs},
        pk__in=ids.values(),
    )
    events = {(row.customer_id, row.pk): row for row in logged.defer("context")}
    told = {run.pk: event for run in runs if (event := events.get((run.customer_id, ids.get(run.pk, 0))))}
    catalogue = _catalogue(told.values())
    return {
        run_id: Started(
            event.name,
            event.occurred_at,
            event.properties,
            [product for sku in _skus(event) if (product := catalogue.get((event.workspace_id, sku)))],
        )
        for run_id, event in told.items()
    }


def _skus(event: Event) -> list[str]:
    return list(dict.fromkeys(sku for sku, _told in products_of(event.properties)))


def _catalogue(events: Collection[Event]) -> dict[tuple[int, str], Product]:
    skus = {sku for event in events for sku in _skus(event)}
    rows = Product.objects.filter(workspace__in={event.workspace_id for event in events}, sku__in=skus)
    return {(product.workspace_id, product.sku): product for product in rows} if skus else {}


def _properties(entries: Collection[Entry]) -> dict[tuple[int, int], dict[str, Any]]:
    rows = Event.objects.filter(
        workspace__in={entry.workspace_id for entry in entries},
        customer__in={entry.customer_id for entry in entries},
        pk__in=[entry.event_id for entry in entries],
    )
    return {(row.customer_id, row.pk): row.properties for row in rows.only("id", "customer_id", "properties")}


def _chosen(entries: Collection[Entry], now: datetime) -> dict[int, list[int]]:
    asking = Entry.objects.filter(pk__in=[entry.pk for entry in entries], nudge__purpose__startswith="review")
    left = RawSQL("nudges_products_to_ask(nudges_entry.id, %s)", [now])
    asked: dict[int, list[int]] = dict(asking.annotate(left=left).values_list("pk", "left"))
    return {entry.pk: asked.get(entry.pk, list(entry.product_ids)) for entry in entries}


def event_values(started: Started | None) -> dict[str, Any]:
    """What placeholders say of the event: its name and its own properties."""
    return {"name": started.name, **started.properties} if started else {}


def names_of(started: Started) -> str:
    """The products in a sentence: "Tent", "Tent and Lamp", "Tent, Lamp and 2 more"; empty where none has a name."""
    names = [product.name for product in started.products if product.name]
    more = len(names) - NAMED
    if more > 0:
        return ngettext("%(names)s and %(n)s more", "%(names)s and %(n)s more", more) % {
            "names": ", ".join(names[:NAMED]),
            "n": more,
        }
    if more == 0:
        return _("%(first)s and %(second)s") % {"first": names[0], "second": names[1]}
    return "".join(names)


def day_of(started: Started, *, zone: str, language: str) -> str:
    """The day of the event where the customer is, as people there write it."""
    try:
        locale = Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        locale = Locale("en")
    return str(format_date(started.at.astimezone(_zone(zone)), "long", locale=locale))


def _zone(name: str) -> tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return timezone.get_default_timezone()
