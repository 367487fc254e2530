"""Why a candidate was sent, kept waiting or held back: every reason code, each with two sentences.

The marketer's sentence names the rule and its numbers; the customer's speaks to the person it is about and names no
internals. Both are made from one row of the ledger, without further queries.
"""

from django.db import models
from django.utils.translation import gettext_lazy

from nudges.reasons.decided import Decided
from nudges.reasons.to_customers import CUSTOMER
from nudges.reasons.to_marketers import MARKETER, when

__all__ = ["Decided", "Reason"]


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
        return f"{MARKETER[self](decision)} {when(self, decision)}".strip()

    def customer(self, decision: Decided) -> str:
        """One sentence for the customer whom it is about."""
        return CUSTOMER[self](decision)
