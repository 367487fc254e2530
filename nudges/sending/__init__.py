"""Step 5, sending: due messages → sent, with what became of each.

A message is claimed before it is sent, under a token that fences off everybody else; what was true when it was decided
is asked again; its hand-over is marked before it begins and its outcome written together with its window's, in the same
transaction as the mark of the next. So whenever a worker dies, in doubt is at most what it was just handing over, and
what happens to that follows from what its channel's provider can do (`reconcile_claims`).
"""

from nudges.sending.delivering import send_messages
from nudges.sending.reconciling import reconcile_claims

__all__ = ["reconcile_claims", "send_messages"]
