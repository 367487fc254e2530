"""Variants of a nudge's words: which helps more, and trying, changing and ending them."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, dashboard_page
from engagement.models import Role
from nudges.comparisons import Comparison, compare_variants
from nudges.composing import CannotChange
from nudges.dashboard.nudges import find
from nudges.dashboard.results import difference_of, said_of
from nudges.models import Nudge
from nudges.results import COMPANYS, CUSTOMERS, FEWEST, SPANS, Effect
from nudges.variants import FEWEST as FEWEST_VARIANTS
from nudges.variants import name_of
from nudges.varying import end_variants, equal_shares, save_variants


class Whisker(NamedTuple):
    """Where an interval and its middle begin on a line from 0 to 100 that has 50 for no difference; as SVG takes it."""

    left: str
    width: str
    middle: str


class Row(NamedTuple):
    """One variant's outcome, in words; the first has nothing to be held against."""

    name: str
    value: str
    difference: str
    whisker: Whisker | None
    verdict: str


@dashboard_page(changes=Role.MARKETER)
def variants(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Which words help more, as a page or a part of the nudge's own; POST changes what is tried."""
    nudge = find(request, nudge_id)
    if request.method == "POST":
        return change(request, nudge)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else SPANS[1]
    found = compare_variants(nudge, days=days, now=timezone.now())
    context: dict[str, Any] = {"nudge": nudge, "found": found, "days": days, "spans": SPANS, "fewest": FEWEST}
    if found:
        context |= {
            "sentences": sentences_of(found),
            "winner": next((one.name for one, _arm in found.arms if one.won), ""),
            "groups": [
                (title, [(label, rows_of(found, outcome)) for outcome, label in labels.items()])
                for title, labels in ((_("For the customer"), CUSTOMERS), (_("For the company"), COMPANYS))
            ],
        }
    is_part = request.htmx and not request.htmx.boosted
    return render(request, f"nudges/dashboard/{'_variants' if is_part else 'variants'}.html", context)


def rows_of(found: Comparison, outcome: str) -> list[Row]:
    """Each variant's share or mean of an outcome, the first without a difference; none where nobody had it so far."""
    if not any(arm.mean(outcome) for _variant, arm in found.arms):
        return []
    widest = widest_of(found, outcome == "revenue")
    rows = []
    for place, (variant, arm) in enumerate(found.arms):
        effect = found.effects[outcome][place - 1] if place else Effect(outcome, None, None, None)
        rows.append(
            Row(
                variant.name,
                said_of(outcome, arm.mean(outcome)),
                difference_of(effect) if place else "",
                whisker_of(effect, widest),
                effect.verdict,
            )
        )
    return rows


def widest_of(found: Comparison, is_money: bool) -> float:
    """The farthest bound from 0: shares are drawn on one scale, money on another."""
    bounds = [
        max(abs(effect.interval.low), abs(effect.interval.high))
        for outcome, effects in found.effects.items()
        for effect in effects
        if (outcome == "revenue") == is_money and effect.interval
    ]
    return max(bounds, default=0)


def whisker_of(effect: Effect, widest: float) -> Whisker | None:
    if effect.interval is None or not widest:
        return None
    low, middle, high = (
        50 + 48 * bound / widest
        for bound in (effect.interval.low, effect.interval.difference, effect.interval.high)
    )
    return Whisker(f"{low:.2f}", f"{high - low:.2f}", f"{middle - 0.5:.2f}")


def sentences_of(found: Comparison) -> list[str]:
    """What can be said of the variants, and what cannot."""
    if found.is_mismatched or not found.is_enough:
        return []
    labels = {name: str(label) for name, label in (CUSTOMERS | COMPANYS).items()}
    first = found.arms[0][0].name
    said = []
    for place, (variant, _arm) in enumerate(found.arms[1:]):
        for outcome, effects in found.effects.items():
            effect = effects[place]
            told = {
                "name": variant.name,
                "first": first,
                "outcome": labels[outcome],
                "by": difference_of(effect),
            }
            if effect.verdict == "better":
                said.append(_("“%(name)s” does better than “%(first)s”: %(outcome)s, %(by)s.") % told)
            elif effect.verdict == "worse":
                said.append(_("“%(name)s” does worse than “%(first)s”: %(outcome)s, %(by)s.") % told)
    return said or [_("Nothing tells them apart so far: each difference may as well be none.")]


def change(request: DashboardRequest, nudge: Nudge) -> HttpResponse:
    """Names and shares as the form has them; `do` adds one, or removes one (`remove:b`), all with equal shares then."""
    do, _colon, key = request.POST.get("do", "").partition(":")
    names = ("key", "name", "share")
    given = zip(*(request.POST.getlist(name) for name in names), strict=False)
    rows: list[dict[str, Any]] = [dict(zip(names, one, strict=True)) for one in given]
    if do == "add":
        rows += [{}] * max(1, FEWEST_VARIANTS - len(rows))
    elif do == "remove":
        rows = [row for row in rows if row["key"] != key]
    shares = (
        [number_of(row["share"]) for row in rows] if do not in ("add", "remove") else equal_shares(len(rows))
    )
    wanted = [row | {"share": share} for row, share in zip(rows, shares, strict=True)]
    try:
        save_variants(nudge=nudge, variants=wanted, actor=request.user, now=timezone.now())
    except CannotChange as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, _("Saved. From now on customers are shared out among them so."))
    return redirect("nudges:nudge_words", nudge_id=nudge.pk)


def number_of(text: str) -> int:
    """A whole number from a form; 0, which no share may be, where it is none."""
    return int(text) if text.isdecimal() and len(text) < 4 else 0


@dashboard_action(Role.MARKETER)
def choose(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Give everybody the words of one variant (`key`), or without one the plain ones: the test ends."""
    nudge = find(request, nudge_id)
    key = request.POST.get("key", "?")  # a form that says nothing ends nothing
    try:
        end_variants(nudge=nudge, key=key, actor=request.user, now=timezone.now())
    except CannotChange as refused:
        messages.error(request, refused.text)
        return redirect("nudges:nudge_words", nudge_id=nudge.pk)
    said = _("The test is over: everybody gets the words of “%(name)s”.") % {"name": name_of(nudge, key)}
    messages.success(request, said if key else _("The test is over: everybody gets the plain words."))
    return redirect("nudges:nudge", nudge_id=nudge.pk)
