"""What placeholders can say about a customer, a need and the products looked at: plain dicts, strings and numbers.

Empty values are left out, so that `{{ customer.name | default: "there" }}` works for a name that is empty as for one
that is not known. Read for many messages at once, in a number of queries that does not grow with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency

from engagement.models import Customer, Event, Fact, Product, Workspace
from engagement.statements import among
from journeys.links import shortlist_url, situation_url, survey_url
from journeys.models import CustomerNeed
from journeys.surveys.answering import open_surveys
from nudges.models import Entry, FlowRun
from nudges.wording.started import Started, event_values, read_let_in, read_started
from reviews.links import collection_url

MAX_PRODUCTS = 5


class Known(NamedTuple):
    """What is known for one (customer, need), before it is put into a language."""

    workspace: Workspace
    customer: Customer
    need: CustomerNeed | None
    stage: str
    facts: Mapping[str, Any]
    products: Sequence[Product]
    surveys: Sequence[str] = ()
    started: Started | None = None


class Subject(NamedTuple):
    """Whom a message is for and about which of their needs, at which stage; what started it, or the flow it is of."""

    customer: Customer
    need: CustomerNeed | None
    stage: str
    entry: Entry | None = None
    run: FlowRun | None = None


def read_known(
    workspaces: Mapping[int, Workspace], subjects: Sequence[Subject], *, now: datetime
) -> list[Known]:
    """One `Known` for each subject, in their order, in four queries, and five for what events started.

    The needs must come with their `need`."""
    facts = _facts(subjects)
    surveys = open_surveys(workspaces)
    products = _products(subjects)
    started = read_started([subject.entry for subject in subjects if subject.entry], now=now)
    let_in = read_let_in([subject.run for subject in subjects if subject.run])
    return [
        Known(
            workspace=workspaces[subject.customer.workspace_id],
            customer=subject.customer,
            need=subject.need,
            stage=subject.stage,
            facts={
                **facts.get((subject.customer.pk, ""), {}),
                **(facts.get((subject.customer.pk, subject.need.need.slug), {}) if subject.need else {}),
            },
            products=products.get(subject.need.pk, []) if subject.need else [],
            surveys=surveys.get(subject.customer.workspace_id, ()),
            started=started.get(subject.entry.pk if subject.entry else 0)
            or let_in.get(subject.run.pk if subject.run else 0),
        )
        for subject in subjects
    ]


def values(known: Known, *, language: str) -> dict[str, Any]:
    """The values for placeholders: customer, need, product, products, event, facts, shop, links.

    The products are those of the event that started it, where it names some, else those looked at for the need.
    """
    customer, workspace = known.customer, known.workspace
    about = known.started.products if known.started and known.started.products else known.products
    products = [_product(product, workspace, language) for product in about]
    return {
        "customer": _filled(
            {
                "name": customer.name,
                "first_name": customer.traits.get("first_name") or customer.traits.get("firstName"),
                "email": customer.email,
                "id": customer.external_id,
            }
        )
        | {"traits": _plain(customer.traits)},
        "need": _filled(
            {"name": known.need.need.name, "slug": known.need.need.slug, "stage": known.stage}
            if known.need
            else {}
        ),
        "facts": _plain(known.facts),
        "event": _plain(event_values(known.started)),
        "product": products[0] if products else {},
        "products": products,
        "shop": _filled({"name": workspace.name, "url": workspace.shop_url}),
        "links": _links(known),
    }


class Pages(Mapping[str, Any]):
    """Links to a customer's own pages, made when the words ask for one: few do, and signing one takes as long as half
    of a letter.
    """

    def __init__(self, links: Mapping[str, Callable[[], Any]]) -> None:
        self._links = links

    def __getitem__(self, name: str) -> Any:
        return self._links[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)


def _links(known: Known) -> Pages:
    """The customer's own pages, by links that are theirs; an open survey by its short name, hyphens as underscores."""
    customer, workspace = known.customer, known.workspace
    surveys = {
        slug.replace("-", "_"): partial(survey_url, customer, workspace, slug) for slug in known.surveys
    }
    links: dict[str, Callable[[], Any]] = {
        "situation": partial(situation_url, customer, workspace),
        "surveys": partial(Pages, surveys),
    }
    if known.need:
        links["shortlist"] = partial(shortlist_url, customer, known.need.need, workspace)
    if known.started and known.started.products:
        links["review"] = partial(collection_url, customer, known.started.products)
    return Pages(links)


def _facts(subjects: Iterable[Subject]) -> dict[tuple[int, str], dict[str, Any]]:
    found: dict[tuple[int, str], dict[str, Any]] = {}
    rows = among(Fact.objects.all(), "customer_id", {subject.customer.pk for subject in subjects})
    for customer_id, topic, key, value in rows.values_list("customer_id", "topic", "key", "value"):
        found.setdefault((customer_id, topic), {})[key] = value
    return found


def _products(subjects: Sequence[Subject]) -> dict[int, list[Product]]:
    """The products in the evidence of each need, the latest looked at first, by customer-need id."""
    needs = {subject.need.pk: subject.need for subject in subjects if subject.need}
    skus = _skus(needs.values())
    wanted = {(needs[pk].workspace_id, sku) for pk, found in skus.items() for sku in found}
    rows = Product.objects.filter(
        workspace__in={workspace_id for workspace_id, _sku in wanted}, sku__in={sku for _id, sku in wanted}
    )
    products = {(product.workspace_id, product.sku): product for product in rows}
    return {
        pk: [
            product
            for sku in found
            if (product := products.get((needs[pk].workspace_id, sku))) and product.name
        ][:MAX_PRODUCTS]
        for pk, found in skus.items()
    }


def _skus(needs: Iterable[CustomerNeed]) -> dict[int, list[str]]:
    ids = {need.pk: [entry["event_id"] for entry in need.evidence if entry.get("event_id")] for need in needs}
    events = Event.objects.filter(
        customer__in={need.customer_id for need in needs},
        id__in={pk for found in ids.values() for pk in found},
    ).order_by("-occurred_at", "-id")
    told = {
        event.pk: _told_skus(event.properties) for event in events.only("id", "properties", "occurred_at")
    }
    return {
        need_id: list(
            dict.fromkeys(sku for event_id in told if event_id in set(found) for sku in told[event_id])
        )
        for need_id, found in ids.items()
    }


def _told_skus(properties: Mapping[str, Any]) -> list[str]:
    products = properties.get("products")
    entries = [properties, *(products if isinstance(products, list) else [])]
    return [
        str(sku)
        for entry in entries
        if isinstance(entry, Mapping) and (sku := entry.get("product_id") or entry.get("sku"))
    ]


def _product(product: Product, workspace: Workspace, language: str) -> dict[str, Any]:
    return _filled(
        {
            "name": product.name,
            "sku": product.sku,
            "brand": product.brand,
            "category": product.category,
            "price": _price(product.price, product.currency or workspace.currency, language),
            "url": product.url,
            "image_url": product.image_url,
            "attributes": _plain(product.attributes),
        }
    )


def _price(price: Decimal | None, currency: str, language: str) -> str:
    if price is None:
        return ""
    try:
        locale = Locale.parse(language, sep="-")
    except (ValueError, UnknownLocaleError):
        locale = Locale("en")
    return str(format_currency(price, currency, locale=locale))


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", {}, [])}


def _plain(values: Any) -> Any:
    """Plain JSON without its empty parts; nothing that a template could call."""
    if isinstance(values, Mapping):
        return _filled({str(key): _plain(value) for key, value in values.items()})
    if isinstance(values, list):
        return [_plain(value) for value in values]
    if values is None or isinstance(values, bool | int | float | str):
        return values
    return str(values)
