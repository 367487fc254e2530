"""What starts a nudge: an event with its tests, a delay, and what settles it meanwhile; checked, and said in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.conditions import check_condition, describe_events
from engagement.conditions.values import is_text
from engagement.events import LONGEST_NAME, canonical_name
from engagement.models import Workspace
from nudges.models import Nudge

MOST_EXITS = 5
LONGEST_DELAY = 366 * 86400  # seconds
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


class BadStart(ValueError):
    """What cannot start a nudge; `field` names what to change, the message why and how."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def check_start(nudge: Nudge) -> None:
    """Refuse an event that is not named, tests that say nothing, and exits of another shape. Raises BadStart.

    Names are put into the form in which events are kept.
    """
    nudge.trigger_event = canonical_name(nudge.trigger_event)
    if not nudge.trigger_event or len(nudge.trigger_event) > LONGEST_NAME:
        raise BadStart("trigger_event", _("Write the name of the event that starts this nudge."))
    if problems := problems_of_tests(nudge.trigger_event, nudge.trigger_where, nudge.workspace):
        raise BadStart("trigger_where", "; ".join(problems))
    if nudge.trigger_delay_seconds > LONGEST_DELAY:
        raise BadStart("trigger_delay_seconds", _("Let at most a year pass."))
    nudge.trigger_unless = checked_exits(nudge.trigger_unless)


def problems_of_tests(event: str, where: object, workspace: Workspace) -> list[str]:
    """What is wrong with tests on an event's properties, in sentences that name the place."""
    found = check_condition({"event": event, "where": where}, workspace=workspace)
    return [f"{problem.path}: {problem.message}" for problem in found]


def checked_exits(exits: object) -> list[dict[str, str]]:
    """What settles it, each an event and, where it must be about the same thing, a property that says which."""
    if not isinstance(exits, list) or len(exits) > MOST_EXITS:
        raise BadStart("trigger_unless", _("Write a list of up to %(most)s events.") % {"most": MOST_EXITS})
    for one in exits:
        known = isinstance(one, dict) and one.keys() <= {"event", "same"} and is_text(one.get("event"))
        if not known or not is_text(one.get("same", "x")):
            raise BadStart(
                "trigger_unless",
                _('Write each as {"event": its name}, with "same": a property that both events must share.'),
            )
    return [{**one, "event": canonical_name(one["event"])} for one in exits]


def start_in_words(nudge: Nudge) -> str:
    """What starts it, as a sentence: which event, how much later, and unless what."""
    did = describe_events({"event": nudge.trigger_event, "where": nudge.trigger_where})
    delay = delay_in_words(nudge.trigger_delay_seconds)
    sentence = (
        _("%(delay)s after %(event)s") % {"delay": delay, "event": did}
        if delay
        else _("At once after %(event)s") % {"event": did}
    )
    exits = [exit_in_words(one) for one in nudge.trigger_unless]
    if exits:
        sentence = _("%(start)s, unless since then %(exits)s") % {
            "start": sentence,
            "exits": _(" or ").join(exits),
        }
    return f"{sentence}."


def exit_in_words(one: dict[str, Any]) -> str:
    """One event that settles it."""
    if "same" not in one:
        return _("“%(value)s”") % {"value": one["event"]}
    return _("“%(event)s” with the same %(property)s") % {"event": one["event"], "property": one["same"]}


def delay_in_words(seconds: int) -> str:
    """A delay in the largest unit that measures it whole: "14 days", "36 hours"; empty for none."""
    if not seconds:
        return ""
    size, unit = next(((size, unit) for size, unit in UNITS if seconds % size == 0), (1, "second"))
    number = seconds // size
    forms = {
        "day": ngettext("%(n)s day", "%(n)s days", number),
        "hour": ngettext("%(n)s hour", "%(n)s hours", number),
        "minute": ngettext("%(n)s minute", "%(n)s minutes", number),
        "second": ngettext("%(n)s second", "%(n)s seconds", number),
    }
    return forms[unit] % {"n": number}
