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
from django.utils.translation import gettext as _

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
        remedy = _("write the name of an event, or a list of names")
        problems = check_texts({"event": leaf["event"]}, "event", remedy)
        problems += [p for p in check_no_more(leaf, list(self.keys)) if p.path not in self.keys]
        chosen = [key for key in (*COUNTS, *ENDS) if key in leaf]
        if len(chosen) > 1:
            said = _("does not go with %(other)s; keep one of them") % {"other": quote(chosen[0])}
            problems.append(Problem(chosen[1], said))
        problems += [
            Problem(key, _("write a whole number from 0 to %(most)s") % {"most": MAX_COUNT})
            for key in COUNTS
            if key in leaf and not _is_count(leaf[key])
        ]
        problems += _check_within(leaf)
        for end in ENDS:
            if end in leaf:
                problems += [problem.inside(end) for problem in _check_end(leaf[end])]
                if "within" in leaf:
                    said = _("does not go with %(other)s; put it inside") % {"other": quote(end)}
                    problems.append(Problem("within", said))
        return problems + _check_filters(leaf.get("where", []))

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        events = _events(workspace, as_list(leaf["event"]), leaf, now)
        events = fitting_events(events, leaf.get("where", []))
        for end in ENDS:
            if end in leaf:
                return _compile_end(events, end, leaf[end], now)
        return _compile_count(events, leaf)

    def describe(self, leaf: dict[str, Any]) -> str:
        words = {"what": describe_events(leaf), "window": describe_window(leaf)}
        for end in ENDS:
            if end in leaf:
                said = _("whose first %(what)s was %(when)s"), _("whose last %(what)s was %(when)s")
                return said[ENDS.index(end)] % {**words, "when": _describe_end(leaf[end])}
        count = next((key for key in COUNTS if key in leaf), None)
        if count is None or (count == "at_least" and leaf[count] == 1):
            return _("who did %(what)s%(window)s") % words
        times = {
            "at_least": _("who did %(what)s at least %(n)s times%(window)s"),
            "at_most": _("who did %(what)s at most %(n)s times%(window)s"),
            "exactly": _("who did %(what)s exactly %(n)s times%(window)s"),
        }
        return times[count] % {**words, "n": leaf[count]}


def describe_events(leaf: dict[str, Any]) -> str:
    """Which events a checked leaf means, without when and how often: “Order Completed” where total is at least 50."""
    names = _(" or ").join(quote(name) for name in as_list(leaf["event"]))
    tests = [f"{one['property']} {describe_test(one)}" for one in leaf.get("where", [])]
    return (
        _("%(names)s where %(tests)s") % {"names": names, "tests": _(" and ").join(tests)} if tests else names
    )


def describe_window(leaf: dict[str, Any]) -> str:
    """A leaf's `within` in words, to be joined to others; nothing where it has none."""
    return _(" in the last %(span)s") % {"span": describe_span(leaf["within"])} if "within" in leaf else ""


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
        words = {"what": quote(leaf["purchased"]), "window": describe_window(leaf)}
        return _("who bought %(what)s%(window)s") % words


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
        words = {"what": quote(leaf["purchased_category"]), "window": describe_window(leaf)}
        return _("who bought something of %(what)s%(window)s") % words


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
    wrong = "within" in leaf and read_span(leaf["within"]) is None
    return [Problem("within", str(SPAN_REMEDY))] if wrong else []


def _check_end(test: object) -> list[Problem]:
    if (
        not isinstance(test, dict)
        or len(test) != 1
        or next(iter(test)) not in ("within", "longer_ago", "before", "after")
    ):
        return [Problem("", _("write one of within, longer_ago (a span), before, after (a moment)"))]
    [(key, value)] = test.items()
    if key in ("within", "longer_ago"):
        return [] if read_span(value) else [Problem(key, str(SPAN_REMEDY))]
    return [] if read_moment(value) else [Problem(key, str(MOMENT_REMEDY))]


def _check_filters(filters: object) -> list[Problem]:
    if not isinstance(filters, list) or len(filters) > MAX_FILTERS:
        remedy = _("write a list of up to %(most)s tests on properties") % {"most": MAX_FILTERS}
        return [Problem("where", remedy)]
    problems: list[Problem] = []
    for index, one in enumerate(filters):
        if not isinstance(one, dict) or not is_text(one.get("property")):
            found = [Problem("property", _("write the name of a property"))]
        else:
            found = check_test(one, also=["property"])
        problems += [problem.inside(f"where[{index}]") for problem in found]
    return problems


def _describe_end(test: dict[str, str]) -> str:
    [(key, value)] = test.items()
    if key in ("within", "longer_ago"):
        said = _("in the last %(span)s") if key == "within" else _("more than %(span)s ago")
        return said % {"span": describe_span(value)}
    return (_("before %(moment)s") if key == "before" else _("after %(moment)s")) % {"moment": value}
