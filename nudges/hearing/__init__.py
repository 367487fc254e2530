"""Step 6, hearing: what customers answer, and what it changes.

Every answer is kept as it was given, takes effect at once, says in one sentence what it changed, and can be taken back.
Free text is kept and shown to people; nothing is ever read out of it.
"""

from nudges.hearing.answers import Answer, BadReply
from nudges.hearing.leaves import ReplyLeaf
from nudges.hearing.preferring import Choices, save_preferences
from nudges.hearing.replying import hear_reply, undo_reply
from nudges.hearing.sentences import what_changed
from nudges.hearing.unsubscribing import Unsubscribed, unsubscribe
from nudges.noting import note_signs

__all__ = [
    "Answer",
    "BadReply",
    "Choices",
    "ReplyLeaf",
    "Unsubscribed",
    "hear_reply",
    "note_signs",
    "save_preferences",
    "undo_reply",
    "unsubscribe",
    "what_changed",
]
