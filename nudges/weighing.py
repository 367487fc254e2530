"""What a nudge is worth to those who get it, weighed from their replies: the value by which deciding ranks equals."""

from __future__ import annotations

from datetime import datetime

from engagement.counts import Counts
from engagement.statements import run_statement

# A nudge without a history counts as this many messages answered as the workspace's are on average.
PRIOR_MESSAGES = 50


def weigh_nudges(*, now: datetime) -> Counts:
    """Set every nudge's expected value, overall and by stage, from the replies of the last 90 days; one statement.

    From -1 to 1. Kept beside the nudge, so that deciding reads no replies. Counts: `changed` nudges. The same replies
    and clock give the same values.
    """
    changed = run_statement("nudges.weigh_nudges", {"now": now, "prior": PRIOR_MESSAGES})
    return Counts(changed=len(changed))
