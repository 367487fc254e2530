"""What the customer whom it is about is told of a decision, by the code of its reason."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from nudges.reasons.decided import Decided, plain


def _capped(decision: Decided) -> str:
    if not decision.limit:
        return _("We do not send messages of this kind.")
    return ngettext(
        "You had already heard from us once in this time, so we kept this one back.",
        "You had already heard from us %(count)s times in this time, so we kept this one back.",
        decision.limit,
    ) % {"count": decision.limit}


CUSTOMER: dict[str, Callable[[Decided], str]] = {
    "sent": plain(gettext_lazy("We sent you this message.")),
    "capped": _capped,
    "adapted": plain(
        gettext_lazy("Our last messages were of little use to you, so we write less and kept this one back.")
    ),
    "min_gap": plain(gettext_lazy("You had just heard from us, so we kept this one back.")),
    "own_cap": plain(gettext_lazy("You asked for fewer messages, so we kept this one back.")),
    "paused": plain(gettext_lazy("You paused our messages, so we kept this one back.")),
    "business_budget": plain(gettext_lazy("It was more in our interest than in yours, so we kept it back.")),
    "workspace_budget": plain(gettext_lazy("It was more in our interest than in yours, so we kept it back.")),
    "outranked": plain(gettext_lazy("Another message was more useful to you, so we kept this one back.")),
    "quiet_hours": plain(gettext_lazy("It was late or early where you are, so we waited.")),
    "send_window": plain(gettext_lazy("It was not the time of the week for it, so we waited.")),
    "no_consent": plain(gettext_lazy("You have not allowed us messages on this topic this way.")),
    "unreachable": plain(gettext_lazy("We had no address of yours for it.")),
    "suppressed_address": plain(gettext_lazy("We no longer write to the address that we had.")),
    "conditions_not_met": plain(gettext_lazy("It no longer fitted your situation.")),
    "refused": plain(gettext_lazy("It did not fit your situation.")),
    "need_closed": plain(gettext_lazy("It was about something that is settled for you.")),
    "snoozed": plain(gettext_lazy("You asked us to wait with this topic.")),
    "stage_moved": plain(gettext_lazy("You had already moved on, so it would have come too late.")),
    "settled": plain(gettext_lazy("It was settled in the meantime.")),
    "holdout": plain(
        gettext_lazy("You are among the few who get no nudges, so that we learn whether they help.")
    ),
    "expired": plain(gettext_lazy("It would have come too late to be useful.")),
    "nudge_inactive": plain(gettext_lazy("We decided not to send this message any more.")),
    "broadcast_paused": plain(gettext_lazy("We are holding this message for now.")),
    "broadcast_stopped": plain(gettext_lazy("We decided not to send this message any more.")),
    "flow_paused": plain(gettext_lazy("We stopped sending messages of this kind for a while.")),
    "flow_ended": plain(gettext_lazy("We no longer send messages of this kind.")),
    "left_flow": plain(gettext_lazy("It was about something that is settled for you.")),
    "already_inside": plain(gettext_lazy("You were getting these messages already.")),
    "inside_before": plain(gettext_lazy("You have had these messages before.")),
    "aborted": plain(gettext_lazy("It would have had nothing useful to say to you.")),
    "unapproved": plain(gettext_lazy("We are holding this message for now.")),
    "abandoned": plain(gettext_lazy("We could not deliver this message, and gave it up.")),
}
