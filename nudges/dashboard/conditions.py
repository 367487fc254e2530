"""What the condition editor offers of nudges and their replies."""

from __future__ import annotations

from typing import Any

from engagement.models import Workspace
from nudges.models import Nudge, NudgeStatus, ReplyKind

MOST = 200


def choices(workspace: Workspace) -> dict[str, Any]:
    """The workspace's nudges by id, and kinds of replies. One query."""
    nudges = Nudge.objects.filter(workspace=workspace).exclude(status=NudgeStatus.ARCHIVED).order_by("name")
    return {
        "nudges": [[nudge.pk, nudge.name] for nudge in nudges[:MOST]],
        "replies": [[kind.value, str(kind.label)] for kind in ReplyKind],
    }
