"""One sentence to the customer: what a reply changed, or would change."""

from __future__ import annotations

from typing import Any

from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from nudges.models import Reply


def what_changed(reply: Reply) -> str:
    """What stands now because of the reply."""
    if reply.undone_at is not None:
        return _("Your answer is taken back, and everything is as it was before.")
    effect = reply.effect
    match effect.get("what"):
        case "snoozed_need":
            return _("You will hear nothing from us about “%(need)s” until %(until)s.") % {
                "need": effect["need"],
                "until": _day(effect["until"]),
            }
        case "paused_category":
            return _("You will get no messages of “%(category)s” until %(until)s.") % {
                "category": effect["category"],
                "until": _day(effect["until"]),
            }
        case "closed_need":
            return _("We have closed “%(need)s” for you and will not write about it any more.") % effect
        case "left_category":
            return _("You will get no more messages of “%(category)s”.") % effect
        case "told":
            return _("We now know this about your situation: %(facts)s.") % {"facts": _facts(effect["facts"])}
        case "noted":
            return _("We have noted that your situation changed.")
        case _:
            return _("Thank you: we know now that this was helpful to you.")


def _day(moment: str) -> str:
    parsed = parse_datetime(moment)
    return formats.date_format(timezone.localtime(parsed), "DATE_FORMAT") if parsed else moment


def _facts(facts: dict[str, Any]) -> str:
    return ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in facts.items())
