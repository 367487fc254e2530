"""What endpoints can be told of, and what makes it so: events on a customer's timeline, deeds in the audit trail.

What a shop itself reports (tracking, traits, products) and mere reading is no news to its own programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

# Sent by hand, to any endpoint.
TEST = "endpoint.tested"
# Names somebody who is gone, so it is kept no longer than it must be.
ERASED = "customer.erased"

TYPES = {
    "customer.stage_changed": _("A customer's stage changed"),
    "customer.merged": _("Two customers were found to be one"),
    ERASED: _("A customer was erased"),
    "consent.changed": _("A customer allowed or refused a topic"),
    "preferences.changed": _("A customer changed how often and when they are written to"),
    "context.told": _("A customer told about their situation"),
    "need.closed": _("A customer's need was closed"),
    "need.snoozed": _("A customer put a need off"),
    "need.reopened": _("A customer's need was opened again"),
    "message.sent": _("A message was sent"),
    "message.delivered": _("A message was delivered"),
    "message.bounced": _("A message bounced"),
    "message.failed": _("A message failed"),
    "message.complained": _("A customer complained about a message"),
    "message.opened": _("A message was opened"),
    "message.clicked": _("A link in a message was followed"),
    "text.received": _("A customer wrote a text"),
    "reply.given": _("A customer replied to a nudge"),
    "reply.undone": _("A customer took a reply back"),
    "review.submitted": _("A review was submitted"),
    "review.edited": _("A review's author sent another version"),
    "review.published": _("A review was published"),
    "review.rejected": _("A review was turned down"),
    "review.reopened": _("A decision on a review was taken back"),
    "review.appealed": _("A review's author asked to look again"),
    "review.withdrawn": _("A review was withdrawn by its author"),
    "review.answered": _("The company answered a review"),
    "question.asked": _("A question was asked"),
    "question.published": _("A question was published"),
    "question.rejected": _("A question was turned down"),
    "question.reopened": _("A decision on a question was taken back"),
    "answer.given": _("An answer was given"),
    "answer.published": _("An answer was published"),
    "answer.rejected": _("An answer was turned down"),
    "answer.reopened": _("A decision on an answer was taken back"),
    "guide.published": _("A guide was published"),
    "guide.unpublished": _("A guide was taken back"),
    "guide.archived": _("A guide was archived"),
    "shortlist.item_added": _("Something was put on a shortlist"),
    "shortlist.item_removed": _("Something was taken off a shortlist"),
    "shortlist.item_checked": _("A must-have of a shortlist was ticked"),
    "shortlist.item_chosen": _("A customer chose from a shortlist"),
    "shortlist.alternative_chosen": _("A customer chose something that is sold elsewhere"),
    "shortlist.shared": _("A shortlist was shared"),
    "shortlist.deleted": _("A shortlist was deleted"),
    "shortlist.voted": _("A friend voted on a shortlist"),
    "survey.opened": _("A survey was opened"),
    "survey.closed": _("A survey was closed"),
    "survey.answered": _("A survey was answered"),
    "nudge.status_changed": _("A nudge's state was changed"),
    "broadcast.started": _("A broadcast was started"),
    "broadcast.paused": _("A broadcast was paused"),
    "broadcast.resumed": _("A broadcast went on"),
    "broadcast.stopped": _("A broadcast was stopped"),
    "flow.published": _("A flow was published"),
    "flow.paused": _("A flow was paused"),
    "flow.resumed": _("A flow went on"),
    "flow.stopped": _("A flow was stopped"),
}

OF_EVENTS = {
    "Consent Changed": "consent.changed",
    "Preference Changed": "preferences.changed",
    "Context Told": "context.told",
    "Need Closed": "need.closed",
    "Need Snoozed": "need.snoozed",
    "Need Reopened": "need.reopened",
    "Message Sent": "message.sent",
    "Message Delivered": "message.delivered",
    "Message Bounced": "message.bounced",
    "Message Failed": "message.failed",
    "Message Complained": "message.complained",
    "Message Opened": "message.opened",
    "Message Clicked": "message.clicked",
    "Text Received": "text.received",
    "Nudge Replied": "reply.given",
    "Nudge Reply Undone": "reply.undone",
    "Review Submitted": "review.submitted",
    "Review Published": "review.published",
    "Review Rejected": "review.rejected",
    "Review Appealed": "review.appealed",
    "Review Withdrawn": "review.withdrawn",
    "Review Answered": "review.answered",
    "Question Asked": "question.asked",
    "Question Published": "question.published",
    "Question Rejected": "question.rejected",
    "Question Answered": "answer.given",
    "Answer Published": "answer.published",
    "Answer Rejected": "answer.rejected",
    "Shortlist Item Added": "shortlist.item_added",
    "Shortlist Item Removed": "shortlist.item_removed",
    "Shortlist Item Checked": "shortlist.item_checked",
    "Shortlist Item Chosen": "shortlist.item_chosen",
    "Shortlist Alternative Chosen": "shortlist.alternative_chosen",
    "Shortlist Shared": "shortlist.shared",
    "Shortlist Deleted": "shortlist.deleted",
    "Shortlist Friend Answered": "shortlist.voted",
    "Survey Answered": "survey.answered",
}

OF_DEEDS = {
    "undo_review": "review.reopened",
    "undo_question": "question.reopened",
    "undo_answer": "answer.reopened",
    "publish_guide": "guide.published",
    "unpublish_guide": "guide.unpublished",
    "archive_guide": "guide.archived",
    "open_survey": "survey.opened",
    "close_survey": "survey.closed",
    "change_status": "nudge.status_changed",
    "publish_flow": "flow.published",
    "pause_flow": "flow.paused",
    "resume_flow": "flow.resumed",
    "stop_flow": "flow.stopped",
}


def type_of_event(name: str, properties: Mapping[str, Any]) -> str:
    """As what an event of our own is announced; empty: not at all."""
    if name == "Review Submitted" and properties.get("version", 1) != 1:
        return "review.edited"
    return OF_EVENTS.get(name, "")
