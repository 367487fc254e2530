"""Step 5, sending: due messages → sent, with what became of each.

A message is claimed before it is sent, under a token that fences off everybody else; what was true when it was decided
is asked again; its hand-over is marked before it begins and its outcome written as soon as it is known, in the same
transaction as the mark of the next one. So whenever a worker dies, at most the message that it was just handing over is
in doubt, and what happens to that one follows from what its channel's provider can do (`reconcile_claims`).
"""

from nudges.sending.delivering import send_messages
from nudges.sending.reconciling import reconcile_claims

__all__ = ["reconcile_claims", "send_messages"]
