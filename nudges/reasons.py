"""Why a candidate was sent, kept waiting or held back: every reason code, each with two sentences.

The marketer's sentence names the rule and its numbers; the customer's speaks to the person it is about and names no
internals. Both are made from one row of the ledger, without further queries.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from django.db import models
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from engagement.models import Channel
from journeys.models import Stage

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Decided(Protocol):
    """What a sentence needs of a decision: `nudges.models.Decision`, or a row of a simulation."""

    @property
    def rule(self) -> str: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def count(self) -> int | None: ...
    @property
    def allowed_at(self) -> datetime | None: ...
    @property
    def stage(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def winner_id(self) -> int | None: ...


class Reason(models.TextChoices):
    """The reason codes of the ledger."""

    SENT = "sent", gettext_lazy("Sent")
    CAPPED = "capped", gettext_lazy("A cap was reached")
    ADAPTED = "adapted", gettext_lazy("The limit, lowered to how they respond, was reached")
    MIN_GAP = "min_gap", gettext_lazy("Too soon after the last message")
    OWN_CAP = "own_cap", gettext_lazy("The customer's own limit was reached")
    PAUSED = "paused", gettext_lazy("The customer paused all messages")
    BUSINESS_BUDGET = (
        "business_budget",
        gettext_lazy("The customer's budget for business-centric messages was used up"),
    )
    WORKSPACE_BUDGET = (
        "workspace_budget",
        gettext_lazy("The workspace's share of business-centric messages was used up"),
    )
    OUTRANKED = "outranked", gettext_lazy("Another message served the customer better")
    QUIET_HOURS = "quiet_hours", gettext_lazy("Quiet hours")
    SEND_WINDOW = "send_window", gettext_lazy("Outside its send windows")
    NO_CONSENT = "no_consent", gettext_lazy("No consent")
    UNREACHABLE = "unreachable", gettext_lazy("No address on any of its channels")
    SUPPRESSED_ADDRESS = "suppressed_address", gettext_lazy("The address may not be used")
    CONDITIONS_NOT_MET = "conditions_not_met", gettext_lazy("The conditions no longer fit")
    REFUSED = "refused", gettext_lazy("The conditions did not fit")
    NEED_CLOSED = "need_closed", gettext_lazy("The need is closed")
    SNOOZED = "snoozed", gettext_lazy("The customer said: not now")
    STAGE_MOVED = "stage_moved", gettext_lazy("The need has moved to another stage")
    SETTLED = "settled", gettext_lazy("Settled before it went out")
    HOLDOUT = "holdout", gettext_lazy("In the holdout group")
    EXPIRED = "expired", gettext_lazy("No longer true")
    NUDGE_INACTIVE = "nudge_inactive", gettext_lazy("The nudge is not active")
    BROADCAST_PAUSED = "broadcast_paused", gettext_lazy("The broadcast is paused")
    BROADCAST_STOPPED = "broadcast_stopped", gettext_lazy("The broadcast was stopped")
    FLOW_PAUSED = "flow_paused", gettext_lazy("The flow is paused")
    FLOW_ENDED = "flow_ended", gettext_lazy("The flow was ended")
    LEFT_FLOW = "left_flow", gettext_lazy("The customer had left the flow")
    ALREADY_INSIDE = "already_inside", gettext_lazy("Already inside the flow")
    INSIDE_BEFORE = "inside_before", gettext_lazy("Was inside the flow before")
    ABORTED = "aborted", gettext_lazy("Its own words kept it back")
    UNAPPROVED = "unapproved", gettext_lazy("Its newest version is not approved yet")
    ABANDONED = "abandoned", gettext_lazy("Given up before it was sent")

    def marketer(self, decision: Decided) -> str:
        """One or two sentences for the people who run the workspace: what held, with its numbers."""
        sentence = _MARKETER[self](decision)
        if self in _HAS_A_RULE and decision.outcome != "send":
            return f"{sentence} {_when(decision)}".strip()
        return sentence

    def customer(self, decision: Decided) -> str:
        """One sentence for the customer whom it is about."""
        return _CUSTOMER[self](decision)


_HAS_A_RULE = {
    Reason.CAPPED,
    Reason.ADAPTED,
    Reason.MIN_GAP,
    Reason.OWN_CAP,
    Reason.PAUSED,
    Reason.BUSINESS_BUDGET,
    Reason.OUTRANKED,
    Reason.QUIET_HOURS,
    Reason.SEND_WINDOW,
    Reason.EXPIRED,
    Reason.SNOOZED,
}


def _when(decision: Decided) -> str:
    if decision.allowed_at is None:
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


def _plain(text: StrOrPromise) -> Callable[[Decided], str]:
    return lambda decision: str(text)


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


_MARKETER: dict[Reason, Callable[[Decided], str]] = {
    Reason.SENT: _sent,
    Reason.CAPPED: _with_rule(gettext_lazy("A cap was reached")),
    Reason.ADAPTED: _with_rule(
        gettext_lazy("This customer responds little, so the adaptive cap allows fewer than the limit")
    ),
    Reason.MIN_GAP: _with_rule(gettext_lazy("The minimum gap since the last message had not passed")),
    Reason.OWN_CAP: _with_rule(gettext_lazy("The customer chose to get fewer messages")),
    Reason.PAUSED: _plain(gettext_lazy("The customer paused all messages.")),
    Reason.BUSINESS_BUDGET: _with_rule(
        gettext_lazy("This customer's budget for business-centric messages was used up")
    ),
    Reason.WORKSPACE_BUDGET: _with_rule(
        gettext_lazy("One more business-centric message would exceed the workspace's share")
    ),
    Reason.OUTRANKED: _outranked,
    Reason.QUIET_HOURS: _plain(gettext_lazy("Quiet hours where the customer is.")),
    Reason.SEND_WINDOW: _plain(
        gettext_lazy("Outside the hours of the week in which it may leave, where the customer is.")
    ),
    Reason.NO_CONSENT: _plain(
        gettext_lazy("The customer has not allowed this category on any channel of the nudge.")
    ),
    Reason.UNREACHABLE: _plain(gettext_lazy("The customer has no address on any channel of the nudge.")),
    Reason.SUPPRESSED_ADDRESS: _plain(
        gettext_lazy("The only address is on the suppression list (it bounced, or the customer complained).")
    ),
    Reason.CONDITIONS_NOT_MET: _plain(gettext_lazy("The nudge's conditions no longer fitted this customer.")),
    Reason.REFUSED: _refused,
    Reason.NEED_CLOSED: _plain(gettext_lazy("The need that it is about is closed.")),
    Reason.SNOOZED: _plain(gettext_lazy("The customer answered “not now” about this need.")),
    Reason.STAGE_MOVED: _moved,
    Reason.SETTLED: _settled,
    Reason.HOLDOUT: _held_out,
    Reason.EXPIRED: _expired,
    Reason.NUDGE_INACTIVE: _plain(gettext_lazy("The nudge was not active when this was decided.")),
    Reason.BROADCAST_PAUSED: _plain(
        gettext_lazy("Its broadcast is paused; it goes on when the broadcast does.")
    ),
    Reason.BROADCAST_STOPPED: _plain(gettext_lazy("Its broadcast was stopped before this was decided.")),
    Reason.FLOW_PAUSED: _with_flow(
        gettext_lazy("The flow “%(flow)s” is paused, and so is what it has put forward.")
    ),
    Reason.FLOW_ENDED: _with_flow(gettext_lazy("The flow “%(flow)s” was ended before this was decided.")),
    Reason.LEFT_FLOW: _with_flow(
        gettext_lazy(
            "The customer had left the flow “%(flow)s”: its goal or its condition for leaving fitted."
        )
    ),
    Reason.ALREADY_INSIDE: _with_flow(
        gettext_lazy("Not let into the flow “%(flow)s”: the customer was inside already.")
    ),
    Reason.INSIDE_BEFORE: _with_flow(
        gettext_lazy(
            "Not let into the flow “%(flow)s”: the customer was inside before, and its rule for again says no."
        )
    ),
    Reason.ABORTED: _aborted,
    Reason.UNAPPROVED: _plain(
        gettext_lazy(
            "The nudge was changed and is for many: it waits until somebody approves the new version."
        )
    ),
    Reason.ABANDONED: _plain(
        gettext_lazy("It was decided to be sent, and then given up: nothing reached the customer.")
    ),
}


def _customer_capped(decision: Decided) -> str:
    if not decision.limit:
        return _("We do not send messages of this kind.")
    return ngettext(
        "You had already heard from us once in this time, so we kept this one back.",
        "You had already heard from us %(count)s times in this time, so we kept this one back.",
        decision.limit,
    ) % {"count": decision.limit}


_CUSTOMER: dict[Reason, Callable[[Decided], str]] = {
    Reason.SENT: _plain(gettext_lazy("We sent you this message.")),
    Reason.CAPPED: _customer_capped,
    Reason.ADAPTED: _plain(
        gettext_lazy("Our last messages were of little use to you, so we write less and kept this one back.")
    ),
    Reason.MIN_GAP: _plain(gettext_lazy("You had just heard from us, so we kept this one back.")),
    Reason.OWN_CAP: _plain(gettext_lazy("You asked for fewer messages, so we kept this one back.")),
    Reason.PAUSED: _plain(gettext_lazy("You paused our messages, so we kept this one back.")),
    Reason.BUSINESS_BUDGET: _plain(
        gettext_lazy("It was more in our interest than in yours, so we kept it back.")
    ),
    Reason.WORKSPACE_BUDGET: _plain(
        gettext_lazy("It was more in our interest than in yours, so we kept it back.")
    ),
    Reason.OUTRANKED: _plain(
        gettext_lazy("Another message was more useful to you, so we kept this one back.")
    ),
    Reason.QUIET_HOURS: _plain(gettext_lazy("It was late or early where you are, so we waited.")),
    Reason.SEND_WINDOW: _plain(gettext_lazy("It was not the time of the week for it, so we waited.")),
    Reason.NO_CONSENT: _plain(gettext_lazy("You have not allowed us messages on this topic this way.")),
    Reason.UNREACHABLE: _plain(gettext_lazy("We had no address of yours for it.")),
    Reason.SUPPRESSED_ADDRESS: _plain(gettext_lazy("We no longer write to the address that we had.")),
    Reason.CONDITIONS_NOT_MET: _plain(gettext_lazy("It no longer fitted your situation.")),
    Reason.REFUSED: _plain(gettext_lazy("It did not fit your situation.")),
    Reason.NEED_CLOSED: _plain(gettext_lazy("It was about something that is settled for you.")),
    Reason.SNOOZED: _plain(gettext_lazy("You asked us to wait with this topic.")),
    Reason.STAGE_MOVED: _plain(gettext_lazy("You had already moved on, so it would have come too late.")),
    Reason.SETTLED: _plain(gettext_lazy("It was settled in the meantime.")),
    Reason.HOLDOUT: _plain(
        gettext_lazy("You are among the few who get no nudges, so that we learn whether they help.")
    ),
    Reason.EXPIRED: _plain(gettext_lazy("It would have come too late to be useful.")),
    Reason.NUDGE_INACTIVE: _plain(gettext_lazy("We decided not to send this message any more.")),
    Reason.BROADCAST_PAUSED: _plain(gettext_lazy("We are holding this message for now.")),
    Reason.BROADCAST_STOPPED: _plain(gettext_lazy("We decided not to send this message any more.")),
    Reason.FLOW_PAUSED: _plain(gettext_lazy("We stopped sending messages of this kind for a while.")),
    Reason.FLOW_ENDED: _plain(gettext_lazy("We no longer send messages of this kind.")),
    Reason.LEFT_FLOW: _plain(gettext_lazy("It was about something that is settled for you.")),
    Reason.ALREADY_INSIDE: _plain(gettext_lazy("You were getting these messages already.")),
    Reason.INSIDE_BEFORE: _plain(gettext_lazy("You have had these messages before.")),
    Reason.ABORTED: _plain(gettext_lazy("It would have had nothing useful to say to you.")),
    Reason.UNAPPROVED: _plain(gettext_lazy("We are holding this message for now.")),
    Reason.ABANDONED: _plain(gettext_lazy("We could not deliver this message, and gave it up.")),
}
