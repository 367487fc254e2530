"""What the people who run a workspace are told of a decision, by the code of its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import models
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.models import Channel
from journeys.models import Stage
from nudges.reasons.decided import Decided, plain

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Reasons that pass by themselves, so that it can be said when.
_LETS_GO = {
    "capped",
    "adapted",
    "min_gap",
    "own_cap",
    "paused",
    "business_budget",
    "outranked",
    "quiet_hours",
    "send_window",
    "expired",
    "snoozed",
}


def when(reason: str, decision: Decided) -> str:
    """When what held lets go, if a rule held that does; else empty."""
    if reason not in _LETS_GO or decision.outcome == "send" or decision.allowed_at is None:
        return ""
    moment = formats.date_format(timezone.localtime(decision.allowed_at), _("j M Y, H:i"))
    if decision.outcome == "defer":
        return _("It is looked at again at %(moment)s.") % {"moment": moment}
    return _("It would have been allowed from %(moment)s.") % {"moment": moment}


def _used(decision: Decided) -> str:
    """The numbers of the rule that held, such as "2 of 2"."""
    if decision.limit is None:
        return ""
    if decision.limit == 0:
        return _("The limit is 0: never.")
    return _("%(count)s of %(limit)s were used.") % {"count": decision.count or 0, "limit": decision.limit}


def _with_rule(text: StrOrPromise) -> Callable[[Decided], str]:
    def sentence(decision: Decided) -> str:
        rule = f" ({decision.rule})" if decision.rule else ""
        return " ".join(filter(None, [f"{text}{rule}.", _used(decision)]))

    return sentence


def _label(choices: type[models.TextChoices], value: str) -> str:
    return str(choices(value).label) if value in choices.values else value


def _sent(decision: Decided) -> str:
    return _("Nothing stood against it: sent by %(channel)s.") % {
        "channel": _label(Channel, decision.channel)
    }


def _outranked(decision: Decided) -> str:
    winner = {"winner": decision.winner_id, "rule": decision.rule}
    return _("Candidate %(winner)s ranks higher for this customer and has the slot (%(rule)s).") % winner


def _moved(decision: Decided) -> str:
    return _("The need has left the stage that put this forward; it is now at: %(stage)s.") % {
        "stage": _label(Stage, decision.stage)
    }


def _settled(decision: Decided) -> str:
    if decision.rule == "products":
        return _("Every product of the order has been reviewed, asked about or given back by now.")
    event = decision.rule.removeprefix("event:")
    return _("It is no longer wanted: “%(event)s” has happened since.") % {"event": event}


def _expired(decision: Decided) -> str:
    if not decision.rule:
        return _("Its time had passed before it could be decided.")
    return _("What held it back (%(rule)s) lasts longer than the message stays true.") % {
        "rule": decision.rule
    }


def _with_flow(text: StrOrPromise) -> Callable[[Decided], str]:
    return lambda decision: str(text) % {"flow": decision.rule.removeprefix("flow:")}


def _refused(decision: Decided) -> str:
    if decision.rule.startswith("flow:"):
        flow = {"flow": decision.rule.removeprefix("flow:")}
        return _("Not let into the flow “%(flow)s”: its conditions did not fit this customer then.") % flow
    return _("It was not put forward: the nudge's conditions did not fit this customer then.")


def _held_out(decision: Decided) -> str:
    if decision.rule.startswith("flow:"):
        flow = {"flow": decision.rule.removeprefix("flow:")}
        return (
            _("Not let into the flow “%(flow)s”: in the group that is left out to show what it does.") % flow
        )
    return _("Every check passed, but the customer is in the holdout group that shows what messages change.")


def _aborted(decision: Decided) -> str:
    return _("The nudge's own words ended it for this customer: “%(why)s”.") % {
        "why": decision.rule.partition(":")[2] or "–"
    }


MARKETER: dict[str, Callable[[Decided], str]] = {
    "sent": _sent,
    "capped": _with_rule(gettext_lazy("A cap was reached")),
    "adapted": _with_rule(
        gettext_lazy("This customer responds little, so the adaptive cap allows fewer than the limit")
    ),
    "min_gap": _with_rule(gettext_lazy("The minimum gap since the last message had not passed")),
    "own_cap": _with_rule(gettext_lazy("The customer chose to get fewer messages")),
    "paused": plain(gettext_lazy("The customer paused all messages.")),
    "business_budget": _with_rule(
        gettext_lazy("This customer's budget for business-centric messages was used up")
    ),
    "workspace_budget": _with_rule(
        gettext_lazy("One more business-centric message would exceed the workspace's share")
    ),
    "outranked": _outranked,
    "quiet_hours": plain(gettext_lazy("Quiet hours where the customer is.")),
    "send_window": plain(
        gettext_lazy("Outside the hours of the week in which it may leave, where the customer is.")
    ),
    "no_consent": plain(
        gettext_lazy("The customer has not allowed this category on any channel of the nudge.")
    ),
    "unreachable": plain(gettext_lazy("The customer has no address on any channel of the nudge.")),
    "suppressed_address": plain(
        gettext_lazy("The only address is on the suppression list (it bounced, or the customer complained).")
    ),
    "conditions_not_met": plain(gettext_lazy("The nudge's conditions no longer fitted this customer.")),
    "refused": _refused,
    "need_closed": plain(gettext_lazy("The need that it is about is closed.")),
    "snoozed": plain(gettext_lazy("The customer answered “not now” about this need.")),
    "stage_moved": _moved,
    "settled": _settled,
    "holdout": _held_out,
    "expired": _expired,
    "nudge_inactive": plain(gettext_lazy("The nudge was not active when this was decided.")),
    "broadcast_paused": plain(gettext_lazy("Its broadcast is paused; it goes on when the broadcast does.")),
    "broadcast_stopped": plain(gettext_lazy("Its broadcast was stopped before this was decided.")),
    "flow_paused": _with_flow(
        gettext_lazy("The flow “%(flow)s” is paused, and so is what it has put forward.")
    ),
    "flow_ended": _with_flow(gettext_lazy("The flow “%(flow)s” was ended before this was decided.")),
    "left_flow": _with_flow(
        gettext_lazy(
            "The customer had left the flow “%(flow)s”: its goal or its condition for leaving fitted."
        )
    ),
    "already_inside": _with_flow(
        gettext_lazy("Not let into the flow “%(flow)s”: the customer was inside already.")
    ),
    "inside_before": _with_flow(
        gettext_lazy(
            "Not let into the flow “%(flow)s”: the customer was inside before, and its rule for again says no."
        )
    ),
    "aborted": _aborted,
    "unapproved": plain(
        gettext_lazy(
            "The nudge was changed and is for many: it waits until somebody approves the new version."
        )
    ),
    "abandoned": plain(
        gettext_lazy("It was decided to be sent, and then given up: nothing reached the customer.")
    ),
}
