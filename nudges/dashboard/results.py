"""Whether it helped: both groups beside each other, of one nudge or of all."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_page
from nudges.dashboard.nudges import find
from nudges.models import Nudge
from nudges.results import COMPANYS, CUSTOMERS, FEWEST, SPANS, Effect, read_results


class Row(NamedTuple):
    """One outcome, in words; `verdict` is better, worse or open."""

    label: str
    treated: str
    held_out: str
    difference: str
    verdict: str


@dashboard_page()
def results(request: DashboardRequest) -> HttpResponse:
    """What all nudges together changed."""
    return show(request, None)


@dashboard_page()
def nudge_results(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """What one nudge changed."""
    return show(request, find(request, nudge_id))


def show(request: DashboardRequest, nudge: Nudge | None) -> HttpResponse:
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else SPANS[1]
    found = read_results(request.workspace, nudge=nudge, days=days, now=timezone.now())
    context: dict[str, Any] = {
        "nudge": nudge,
        "found": found,
        "spans": SPANS,
        "fewest": FEWEST,
        "groups": [
            (title, [row_of(found.effects[outcome], str(label)) for outcome, label in labels.items()])
            for title, labels in ((_("For the customer"), CUSTOMERS), (_("For the company"), COMPANYS))
        ],
    }
    return render(request, "nudges/dashboard/results.html", context)


def row_of(effect: Effect, label: str) -> Row:
    treated, base = said_of(effect.outcome, effect.treated), said_of(effect.outcome, effect.base)
    return Row(label, treated, base, difference_of(effect), effect.verdict)


def said_of(outcome: str, value: float | None, sign: str = "") -> str:
    """A share in percent, or a mean of money."""
    if value is None:
        return "–"
    is_money = outcome == "revenue"
    shown = floatformat(value, 2) if is_money else floatformat(value * 100, 1)
    plus = sign if value > 0 else ""
    return f"{plus}{shown}" if is_money else f"{plus}{shown} %"


def difference_of(effect: Effect) -> str:
    """A difference with its bounds."""
    if effect.interval is None:
        return "–"
    bounds = effect.interval._asdict().items()
    return _("%(difference)s (%(low)s to %(high)s)") % {
        name: said_of(effect.outcome, bound, "+") for name, bound in bounds
    }
