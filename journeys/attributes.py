"""What is asked about the situation behind a need: kinds of answers, bins, and what is wrong with either. Pure.

A row of `Need.context_attributes` is {"key", "label", "purpose", "kind", "options"} and, for a number, {"cuts",
"unit"}; {"is_sensitive": true} asks for consent of its own. Kinds:

    nominal   one of the options              set      several of them
    ordinal   the same, in an order           yes_no   two options, in the workspace's language
    numeric   with `cuts`: one of the bins between them, so that no exact figure is ever asked; without: a number

`options` are written out for every kind that has them, so that whoever only offers a choice need not know the kinds.
Without a kind a row with options is nominal and one without is numeric, as rows were before kinds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from engagement.questions import Attribute

NOMINAL, ORDINAL, SET, NUMERIC, YES_NO = "nominal", "ordinal", "set", "numeric", "yes_no"
KINDS = {
    NOMINAL: gettext_lazy("One of these"),
    ORDINAL: gettext_lazy("One of these, in this order"),
    SET: gettext_lazy("Several of these"),
    YES_NO: gettext_lazy("Yes or no"),
    NUMERIC: gettext_lazy("A number, in bins"),
}
# As much as the learning of fit takes.
MOST_ATTRIBUTES, MOST_OPTIONS, MOST_CUTS = 12, 50, 12
LONGEST_OPTION = 120


class Fault(NamedTuple):
    """What is wrong with a row: its place, its field, what to do."""

    place: int
    field: str
    message: str


class BadAnswer(ValueError):
    """An answer that the question does not take; the message says what it takes."""


def kind_of(row: Mapping[str, Any]) -> str:
    return str(row.get("kind") or (NOMINAL if row.get("options") else NUMERIC))


def tidy_attributes(rows: Sequence[Mapping[str, Any]], *, locale: str) -> list[dict[str, Any]]:
    """The rows as they are kept, with the options of bins and of yes and no written out."""
    return [_tidy(row, locale) for row in rows]


def _tidy(row: Mapping[str, Any], locale: str) -> dict[str, Any]:
    kind = kind_of(row)
    kept = {
        "key": row["key"],
        "label": row.get("label") or row["key"],
        "purpose": row.get("purpose", ""),
        "kind": kind,
        "options": list(row.get("options") or []),
    }
    if kind == YES_NO:
        with override(locale.replace("_", "-").lower() or "en"):
            kept["options"] = [_("Yes"), _("No")]
    if kind == NUMERIC:
        cuts, unit = list(row.get("cuts") or []), str(row.get("unit") or "")
        kept |= {"options": bins_of(cuts, unit), "cuts": cuts, "unit": unit}
    if row.get("is_sensitive"):
        kept["is_sensitive"] = True
    return kept


def check_attributes(rows: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Everything wrong with the rows that somebody wrote, in their order."""
    faults = [fault for place, row in enumerate(rows) for fault in _check(row, place)]
    keys = [row.get("key") for row in rows]
    faults += [
        Fault(place, "key", _("Another question has this name already."))
        for place, key in enumerate(keys)
        if key in keys[:place]
    ]
    if len(rows) > MOST_ATTRIBUTES:
        message = _("At most %(most)s questions; people answer few.") % {"most": MOST_ATTRIBUTES}
        faults.append(Fault(MOST_ATTRIBUTES, "key", message))
    return sorted(faults)


def _check(row: Mapping[str, Any], place: int) -> list[Fault]:
    kind, options, cuts = kind_of(row), list(row.get("options") or []), list(row.get("cuts") or [])
    faults = []
    if kind not in KINDS:
        faults.append(Fault(place, "kind", _("Choose one of %(known)s.") % {"known": ", ".join(KINDS)}))
    if kind in (NOMINAL, ORDINAL, SET):
        faults += [Fault(place, "options", message) for message in _wrong_options(options)]
    if kind == NUMERIC:
        faults += [Fault(place, "cuts", message) for message in _wrong_cuts(cuts)]
    if row.get("is_sensitive") and not str(row.get("purpose", "")).strip():
        faults.append(Fault(place, "purpose", _("Say why it is asked: people have to agree to that.")))
    return faults


def _wrong_options(options: list[Any]) -> list[str]:
    if not 2 <= len(options) <= MOST_OPTIONS:
        return [_("Give 2 to %(most)s answers.") % {"most": MOST_OPTIONS}]
    if len(set(options)) < len(options):
        return [_("Each answer may occur once.")]
    if any(not str(option).strip() or len(str(option)) > LONGEST_OPTION for option in options):
        return [_("An answer has 1 to %(most)s characters.") % {"most": LONGEST_OPTION}]
    return []


def _wrong_cuts(cuts: list[Any]) -> list[str]:
    if len(cuts) > MOST_CUTS:
        return [_("At most %(most)s limits.") % {"most": MOST_CUTS}]
    if any(_number(cut) is None for cut in cuts) or cuts != sorted(set(cuts)):
        return [_("Limits are numbers that rise, such as 60, 75, 90.")]
    return []


def bins_of(cuts: Sequence[float], unit: str = "") -> list[str]:
    """What can be answered between the cuts, in words that need no translation: "< 60 kg", "60–75 kg", "≥ 75 kg".

    A bin holds its lower limit and not its upper one. No cuts: no bins.
    """
    if not cuts:
        return []
    tail = f" {unit}" if unit else ""
    between = [f"{low:g}–{high:g}{tail}" for low, high in pairwise(cuts)]
    return [f"< {cuts[0]:g}{tail}", *between, f"≥ {cuts[-1]:g}{tail}"]


def attribute_of(row: Mapping[str, Any]) -> Attribute:
    """The row as other floors see it: bins are options in an order, yes and no two options without one."""
    kind = kind_of(row)
    options = tuple(str(option) for option in row.get("options") or ())
    shown = {YES_NO: NOMINAL, NUMERIC: ORDINAL if options else NUMERIC}.get(kind, kind)
    return Attribute(
        key=str(row["key"]),
        label=str(row.get("label") or row["key"]),
        purpose=str(row.get("purpose", "")),
        options=options,
        kind=shown,
        is_sensitive=bool(row.get("is_sensitive")),
    )


def answer_to(row: Mapping[str, Any], given: Any) -> Any:
    """What was given as it is kept: an option, a list of options in their order, or a number. Raises BadAnswer.

    A figure told for a number with bins becomes its bin, true and false become yes and no.
    """
    kind, options = kind_of(row), [str(option) for option in row.get("options") or []]
    if kind == SET:
        return _several(options, given if isinstance(given, list | tuple) else [given])
    if kind == YES_NO and isinstance(given, bool):
        return options[0 if given else 1]
    if isinstance(given, str) and given in options:
        return given
    number = _number(given)
    if kind == NUMERIC and number is not None:
        cuts = list(row.get("cuts") or [])
        return options[sum(cut <= number for cut in cuts)] if options else number
    if options:
        raise BadAnswer(_("Choose one of: %(known)s.") % {"known": ", ".join(options)})
    raise BadAnswer(_("Write a number."))


def _several(options: list[str], given: Sequence[Any]) -> list[str]:
    if not given or any(one not in options for one in given):
        raise BadAnswer(_("Choose some of: %(known)s.") % {"known": ", ".join(options)})
    return [option for option in options if option in given]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
