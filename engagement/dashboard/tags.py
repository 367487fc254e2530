"""Template tags and filters of every dashboard page: icons, times, figures, form fields."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.template.defaultfilters import floatformat
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, npgettext_lazy

from engagement.dashboard.conditions import ConditionField, vocabulary
from engagement.dashboard.deeds import deed, object_name

register = template.Library()
STAGE_COLOURS = {
    "none": "secondary",
    "awareness": "stage-awareness",
    "shortlist": "stage-shortlist",
    "purchase": "stage-purchase",
    "post_purchase": "stage-post",
}


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """One icon of the sprite; decoration only, so hidden from screen readers."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        static("vendor/tabler/icons.svg"),
        name,
    )


@register.simple_tag
def when(value: datetime | None, style: str = "relative") -> SafeString | str:
    """A moment: relative with the exact local time as its title, or ("exact") the other way round."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    exact = " ".join(filter(None, [date_format(local, _("j M Y, H:i:s")), local.tzname()]))
    shown, title = (
        (date_format(local, _("j M Y, H:i")), relative(value))
        if style == "exact"
        else (relative(value), exact)
    )
    if style == "time":
        shown, title = date_format(local, "H:i:s"), exact
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), title, shown)


# Up to this many seconds, this unit, in words that follow "in" or precede "ago".
UNITS = (
    (3600, 60, npgettext_lazy("a while", "%(n)s min", "%(n)s min", "n")),
    (86_400, 3600, npgettext_lazy("a while", "%(n)s hour", "%(n)s hours", "n")),
    (86_400 * 60, 86_400, npgettext_lazy("a while", "%(n)s day", "%(n)s days", "n")),
    (86_400 * 700, 86_400 * 30, npgettext_lazy("a while", "%(n)s month", "%(n)s months", "n")),
    (float("inf"), 86_400 * 365, npgettext_lazy("a while", "%(n)s year", "%(n)s years", "n")),
)


def relative(value: datetime) -> str:
    """A moment seen from now in its largest unit: "5 min ago", "in 3 days"."""
    seconds = (value - timezone.now()).total_seconds()
    size = abs(seconds)
    if size < 45:
        return _("just now")
    unit, text = next((unit, text) for limit, unit, text in UNITS if size < limit)
    span = text % {"n": max(1, round(size / unit))}
    return _("in %(span)s") % {"span": span} if seconds > 0 else _("%(span)s ago") % {"span": span}


@register.filter
def figure(value: Any) -> str:
    """A number with separators; a dash for none."""
    return "–" if value is None or value == "" else str(intcomma(value))


@register.filter
def compact(value: int | None) -> str:
    """A count for a tile: 950, 12.4k, 3.1M."""
    if value is None:
        return "–"
    for limit, size, text in ((1_000_000, 1_000_000, _("%(n)sM")), (10_000, 1000, _("%(n)sk"))):
        if value >= limit:
            return text % {"n": floatformat(value / size, -1)}
    return str(intcomma(value))


@register.filter
def percent(value: float | None) -> str:
    """A share between 0 and 1 as whole per cent."""
    return "–" if value is None else f"{value * 100:.0f} %"


@register.filter
def stage_colour(stage: str) -> str:
    """The colour class of a journey's stage."""
    return STAGE_COLOURS.get(stage, "secondary")


@register.filter
def initials(text: Any) -> str:
    """Up to two letters that stand for a name."""
    words = [word for word in str(text).replace("@", " ").replace(".", " ").split() if word[:1].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """A dictionary's value by a key that is only known when the page is made."""
    return mapping.get(key)


@register.inclusion_tag("base/_field.html")
def field(bound: BoundField, prefix: str = "", suffix: str = "", wide: bool = False) -> dict[str, Any]:
    """A form field with label, help, error and the kit's classes; errors are tied to the input for screen readers."""
    widget = bound.field.widget
    kind = "input"
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        kind = "options"
    elif isinstance(widget, CheckboxInput):
        kind = "check"
    attributes: dict[str, Any] = {"class": input_class(widget, kind, bool(bound.errors))}
    if bound.errors:
        attributes |= {"aria-invalid": "true", "aria-describedby": f"{bound.auto_id}-error"}
    elif bound.help_text:
        attributes["aria-describedby"] = f"{bound.auto_id}-help"
    given = widget.attrs.get("class", "")
    attributes["class"] = f"{attributes['class']} {given}".strip()
    shown = bound if kind == "options" else bound.as_widget(attrs=attributes)
    return {"field": bound, "shown": shown, "kind": kind, "prefix": prefix, "suffix": suffix, "wide": wide}


@register.inclusion_tag("engagement/dashboard/_condition.html")
def conditions(bound: BoundField) -> dict[str, Any]:
    """The editor for a `ConditionField`."""
    field = bound.field
    assert isinstance(field, ConditionField)
    return {
        "name": bound.html_name,
        "text": bound.value() or "",
        "label": bound.label,
        "help": bound.help_text,
        "errors": bound.errors,
        "vocabulary": vocabulary(field.workspace),
    }


def input_class(widget: Any, kind: str, is_wrong: bool) -> str:
    base = (
        "form-check-input"
        if kind == "check"
        else "form-select"
        if isinstance(widget, Select)
        else "form-control"
    )
    return f"{base} is-invalid" if is_wrong else base


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """The page's own query string with some parameters changed; None or "" takes one away."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.filter
def words(code: Any) -> str:
    """A code such as revoke_key as words."""
    return str(code).replace("_", " ")


register.filter("deed", deed)
register.filter("object_name", object_name)


@register.filter
def is_change(value: Any) -> bool:
    """Is a value of the audit trail a pair [before, after]?"""
    return isinstance(value, list) and len(value) == 2


@register.filter
def pretty(value: Any) -> str:
    """JSON for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def gist(properties: Any) -> str:
    """The few properties by which a person recognises an event."""
    if not isinstance(properties, dict):
        return ""
    shown = [f"{key}: {value}" for key, value in properties.items() if isinstance(value, str | int | float)]
    return " · ".join(shown[:3])[:160]


@register.filter
def plain(value: Any) -> str:
    """A JSON value as words: yes and no, lists with commas."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return "–" if value is None else str(value)


@register.filter
def moment(text: Any) -> SafeString | str:
    """A moment kept as ISO text in JSON, shown like any other."""
    try:
        value = parse_datetime(str(text))
    except ValueError:
        value = None
    return when(value) if value is not None and timezone.is_aware(value) else str(text)


@register.filter
def number_text(value: float | None) -> str:
    """A number as an input field wants it: a point, no separators; empty for none."""
    return "" if value is None else f"{value:g}"


STAGE_LABELS = {
    "none": gettext_lazy("Not started"),
    "awareness": gettext_lazy("Need awareness"),
    "shortlist": gettext_lazy("Shortlist"),
    "purchase": gettext_lazy("Purchase"),
    "post_purchase": gettext_lazy("Post-purchase"),
}


@register.filter
def stage_label(stage: str) -> str:
    """A stage kept as its code, in words. (The journeys' own enumeration stands a floor above this one.)"""
    return str(STAGE_LABELS.get(stage, stage))
