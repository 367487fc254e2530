"""What the audit trail says was done, in words: an action is a verb and its object, such as revoke_key.

A word that stands in no table is shown as it is kept, so a new action is readable before it is added here.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

VERBS = {
    "add": pgettext_lazy("what was done", "add"),
    "approve": pgettext_lazy("what was done", "approve"),
    "archive": pgettext_lazy("what was done", "archive"),
    "ask": pgettext_lazy("what was done", "ask for"),
    "change": pgettext_lazy("what was done", "change"),
    "close": pgettext_lazy("what was done", "close"),
    "create": pgettext_lazy("what was done", "create"),
    "delete": pgettext_lazy("what was done", "delete"),
    "disable": pgettext_lazy("what was done", "switch off"),
    "enable": pgettext_lazy("what was done", "switch on"),
    "end": pgettext_lazy("what was done", "end"),
    "erase": pgettext_lazy("what was done", "erase"),
    "hold": pgettext_lazy("what was done", "hold"),
    "import": pgettext_lazy("what was done", "import"),
    "invite": pgettext_lazy("what was done", "invite"),
    "join": pgettext_lazy("what was done", "join"),
    "keep": pgettext_lazy("what was done", "keep"),
    "lift": pgettext_lazy("what was done", "lift"),
    "open": pgettext_lazy("what was done", "open"),
    "pause": pgettext_lazy("what was done", "pause"),
    "publish": pgettext_lazy("what was done", "publish"),
    "refuse": pgettext_lazy("what was done", "refuse"),
    "reject": pgettext_lazy("what was done", "reject"),
    "remove": pgettext_lazy("what was done", "remove"),
    "respond": pgettext_lazy("what was done", "respond"),
    "restore": pgettext_lazy("what was done", "restore"),
    "resume": pgettext_lazy("what was done", "resume"),
    "revoke": pgettext_lazy("what was done", "revoke"),
    "schedule": pgettext_lazy("what was done", "schedule"),
    "set": pgettext_lazy("what was done", "set"),
    "share": pgettext_lazy("what was done", "agree that feeds hold it"),
    "start": pgettext_lazy("what was done", "start"),
    "stop": pgettext_lazy("what was done", "stop"),
    "submit": pgettext_lazy("what was done", "submit"),
    "undo": pgettext_lazy("what was done", "undo"),
    "unpublish": pgettext_lazy("what was done", "unpublish"),
    "unshare": pgettext_lazy("what was done", "take back that feeds hold it"),
    "verify": pgettext_lazy("what was done", "verify"),
    "withdraw": pgettext_lazy("what was done", "withdraw"),
}
OBJECTS = {
    "answer": pgettext_lazy("to what it was done", "answer"),
    "approval": pgettext_lazy("to what it was done", "approval"),
    "broadcast": pgettext_lazy("to what it was done", "broadcast"),
    "cap": pgettext_lazy("to what it was done", "cap"),
    "category": pgettext_lazy("to what it was done", "topic"),
    "channel": pgettext_lazy("to what it was done", "channel"),
    "customer": pgettext_lazy("to what it was done", "customer"),
    "endpoint": pgettext_lazy("to what it was done", "program that is told of changes"),
    "endpoint_secret": pgettext_lazy("to what it was done", "secret of a program that is told of changes"),
    "evidence": pgettext_lazy("to what it was done", "evidence"),
    "factor": pgettext_lazy("to what it was done", "second factor of signing in"),
    "fit_topic": pgettext_lazy("to what it was done", "rules of fit"),
    "flow": pgettext_lazy("to what it was done", "flow"),
    "guide": pgettext_lazy("to what it was done", "guide"),
    "invitation": pgettext_lazy("to what it was done", "invitation"),
    "key": pgettext_lazy("to what it was done", "key"),
    "limits": pgettext_lazy("to what it was done", "limits"),
    "member": pgettext_lazy("to what it was done", "member"),
    "need": pgettext_lazy("to what it was done", "need"),
    "nudge": pgettext_lazy("to what it was done", "nudge"),
    "picture": pgettext_lazy("to what it was done", "picture"),
    "product": pgettext_lazy("to what it was done", "product"),
    "question": pgettext_lazy("to what it was done", "question"),
    "review": pgettext_lazy("to what it was done", "review"),
    "review_import": pgettext_lazy("to what it was done", "import of reviews"),
    "review_policy": pgettext_lazy("to what it was done", "rules of reviews"),
    "review_requests": pgettext_lazy("to what it was done", "review requests"),
    "role": pgettext_lazy("to what it was done", "role"),
    "settings": pgettext_lazy("to what it was done", "settings"),
    "snippet": pgettext_lazy("to what it was done", "snippet"),
    "status": pgettext_lazy("to what it was done", "state"),
    "suppression": pgettext_lazy("to what it was done", "address on the suppression list"),
    "suppressions": pgettext_lazy("to what it was done", "suppression list"),
    "survey": pgettext_lazy("to what it was done", "survey"),
    "throughput": pgettext_lazy("to what it was done", "pace"),
    "variants": pgettext_lazy("to what it was done", "variants"),
    "watch": pgettext_lazy("to what it was done", "opens and clicks"),
    "words": pgettext_lazy("to what it was done", "words"),
    "workspace": pgettext_lazy("to what it was done", "workspace"),
}


def deed(action: str) -> str:
    """An action of the trail or of a review's history: `revoke_key` → "revoke key"."""
    verb, _mark, thing = action.partition("_")
    done = str(VERBS.get(verb, verb))
    return _("%(done)s %(thing)s") % {"done": done, "thing": object_name(thing)} if thing else done


def object_name(code: str) -> str:
    """A kind of thing in words."""
    return str(OBJECTS.get(code, code.replace("_", " ")))
