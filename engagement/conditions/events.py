"""Leaves about what a customer did: events, counted, in a window, by their properties; and what they bought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    DateTimeField,
    Exists,
    F,
    Func,
    JSONField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)

from engagement.conditions.people import as_list, check_name, check_no_more, check_texts
from engagement.conditions.problems import Problem
from engagement.conditions.values import (
    Certain,
    Compared,
    check_test,
    compile_test,
    describe_test,
    is_text,
    json_at,
    quote,
)
from engagement.conditions.windows import (
    MOMENT_REMEDY,
    SPAN_REMEDY,
    describe_span,
    read_moment,
    read_span,
)
from engagement.models import Event, Product, Workspace

COUNTS = ("at_least", "at_most", "exactly")
ENDS = ("first", "last")
MAX_COUNT = 1000
MAX_FILTERS = 10
ORDER = "Order Completed"


class EventLeaf:
    """`{"event": "Product Viewed", "at_least": 3, "within": "7d", "where": [{"property": "category", "is": "Beds"}]}`.

    Or about the first or the last such event: `{"event": "Signed Up", "first": {"within": "7d"}}`.
    """

    keys = ("event", *COUNTS, "within", "where", *ENDS)

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        problems = check_texts(
            {"event": leaf["event"]}, "event", "write the name of an event, or a list of names"
        )
        problems += [p for p in check_no_more(leaf, list(self.keys)) if p.path not in self.keys]
        chosen = [key for key in (*COUNTS, *ENDS) if key in leaf]
        if len(chosen) > 1:
            problems.append(Problem(chosen[1], f"does not go with {quote(chosen[0])}; keep one of them"))
        problems += [
            Problem(key, f"write a whole number from 0 to {MAX_COUNT}")
            for key in COUNTS
            if key in leaf and not _is_count(leaf[key])
        ]
        problems += _check_within(leaf)
        for end in ENDS:
            if end in leaf:
                problems += [problem.inside(end) for problem in _check_end(leaf[end])]
                if "within" in leaf:
                    problems.append(Problem("within", f"does not go with {quote(end)}; put it inside"))
        return problems + _check_filters(leaf.get("where", []))

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        events = _events(workspace, as_list(leaf["event"]), leaf, now)
        events = fitting_events(events, leaf.get("where", []))
        for end in ENDS:
            if end in leaf:
                return _compile_end(events, end, leaf[end], now)
        return _compile_count(events, leaf)

    def describe(self, leaf: dict[str, Any]) -> str:
        names = " or ".join(quote(name) for name in as_list(leaf["event"]))
        filters = [f"{one['property']} {describe_test(one)}" for one in leaf.get("where", [])]
        what = f"{names}{' where ' + ' and '.join(filters) if filters else ''}"
        for end in ENDS:
            if end in leaf:
                return f"whose {end} {what} was {_describe_end(leaf[end])}"
        window = f" in the last {describe_span(leaf['within'])}" if "within" in leaf else ""
        count = next((key for key in COUNTS if key in leaf), None)
        if count is None or (count == "at_least" and leaf[count] == 1):
            return f"who did {what}{window}"
        return f"who did {what} {count.replace('_', ' ')} {leaf[count]} times{window}"


def fitting_events(events: QuerySet[Event], where: Sequence[dict[str, Any]]) -> QuerySet[Event]:
    """Those of the events whose properties pass all these tests, which have been checked as an event leaf's `where`."""
    for one in where:
        test = next(key for key in one if key != "property")
        events = events.filter(compile_test(json_at("properties", one["property"]), test, one[test]))
    return events


class PurchasedLeaf:
    """`{"purchased": "SKU-1", "within": "90d"}`: in a completed order, by the product's id or SKU."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        return (
            check_name(leaf, "purchased") + _check_within(leaf) + check_no_more(leaf, ["purchased", "within"])
        )

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        orders = _events(workspace, [ORDER], leaf, now)
        held = Q()
        for key in ("product_id", "sku"):
            held |= Q(properties__contains={"products": [{key: leaf["purchased"]}]})
        return Q(Exists(orders.filter(held)))

    def describe(self, leaf: dict[str, Any]) -> str:
        window = f" in the last {describe_span(leaf['within'])}" if "within" in leaf else ""
        return f"who bought {quote(leaf['purchased'])}{window}"


class PurchasedCategoryLeaf:
    """`{"purchased_category": "Beds", "within": "90d"}`: by what the order says, else by the catalogue."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        known = ["purchased_category", "within"]
        return check_name(leaf, known[0]) + _check_within(leaf) + check_no_more(leaf, known)

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        wanted = leaf["purchased_category"]
        orders = _events(workspace, [ORDER], leaf, now)
        skus = ArraySubquery(Product.objects.filter(workspace=workspace, category=wanted).values("sku"))
        by_catalogue = Q(Certain(Compared(_product_ids(), "?|", _as_texts(skus))))
        said = Q(properties__contains={"products": [{"category": wanted}]})
        return Q(Exists(orders.filter(said | by_catalogue)))

    def describe(self, leaf: dict[str, Any]) -> str:
        window = f" in the last {describe_span(leaf['within'])}" if "within" in leaf else ""
        return f"who bought something of {quote(leaf['purchased_category'])}{window}"


def _events(workspace: Workspace, names: list[str], leaf: dict[str, Any], now: datetime) -> QuerySet[Event]:
    """The customer's events of these names up to now, in the leaf's window where it has one."""
    events = Event.objects.filter(
        workspace_id=workspace.pk, customer_id=OuterRef("pk"), name__in=names, occurred_at__lte=now
    )
    span = read_span(leaf.get("within"))
    return events.filter(occurred_at__gt=now - span) if span else events


def _compile_count(events: QuerySet[Event], leaf: dict[str, Any]) -> Q:
    def at_least(number: int) -> Q:
        if number == 0:
            return Q()
        # Stops at the event that decides: nobody's whole history is counted.
        return Q(Exists(events.order_by("pk")[number - 1 : number] if number > 1 else events))

    if "at_most" in leaf:
        return ~at_least(leaf["at_most"] + 1)
    if "exactly" in leaf:
        return at_least(leaf["exactly"]) & ~at_least(leaf["exactly"] + 1)
    return at_least(leaf.get("at_least", 1))


def _compile_end(events: QuerySet[Event], end: str, test: dict[str, str], now: datetime) -> Q:
    [(key, text)] = test.items()
    span = read_span(text)
    edge = now - span if span else read_moment(text)
    moment = Min("occurred_at") if end == "first" else Max("occurred_at")
    when = Subquery(events.order_by().values("customer_id").annotate(at=moment).values("at"))
    operator = {"within": ">", "after": ">", "longer_ago": "<=", "before": "<"}[key]
    return Q(Certain(Compared(when, operator, Value(edge, output_field=DateTimeField()))))


def _product_ids() -> Func:
    """The ids and SKUs of an order's products, as one JSON list; an order without any has an empty one."""
    ids = [
        Func(
            F("properties"),
            template=f"jsonb_path_query_array(%(expressions)s, '$.products[*].{key}')",
            output_field=JSONField(),
        )
        for key in ("product_id", "sku")
    ]
    return Func(*ids, template="(%(expressions)s)", arg_joiner=" || ", output_field=JSONField())


def _as_texts(values: Any) -> Func:
    return Func(values, template="(%(expressions)s)::text[]", output_field=ArrayField(TextField()))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


def _check_within(leaf: dict[str, Any]) -> list[Problem]:
    return [Problem("within", SPAN_REMEDY)] if "within" in leaf and read_span(leaf["within"]) is None else []


def _check_end(test: object) -> list[Problem]:
    if (
        not isinstance(test, dict)
        or len(test) != 1
        or next(iter(test)) not in ("within", "longer_ago", "before", "after")
    ):
        return [Problem("", "write one of within, longer_ago (a span), before, after (a moment)")]
    [(key, value)] = test.items()
    if key in ("within", "longer_ago"):
        return [] if read_span(value) else [Problem(key, SPAN_REMEDY)]
    return [] if read_moment(value) else [Problem(key, MOMENT_REMEDY)]


def _check_filters(filters: object) -> list[Problem]:
    if not isinstance(filters, list) or len(filters) > MAX_FILTERS:
        return [Problem("where", f"write a list of up to {MAX_FILTERS} tests on properties")]
    problems: list[Problem] = []
    for index, one in enumerate(filters):
        if not isinstance(one, dict) or not is_text(one.get("property")):
            found = [Problem("property", "write the name of a property")]
        else:
            found = check_test(one, also=["property"])
        problems += [problem.inside(f"where[{index}]") for problem in found]
    return problems


def _describe_end(test: dict[str, str]) -> str:
    [(key, value)] = test.items()
    if key == "within":
        return f"in the last {describe_span(value)}"
    if key == "longer_ago":
        return f"more than {describe_span(value)} ago"
    return f"{key} {value}"
