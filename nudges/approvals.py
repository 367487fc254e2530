"""Whether a nudge needs an approval before it speaks, and who may give it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from engagement.access import may
from engagement.conditions import customers_matching
from engagement.models import Member, Role
from nudges.models import Approval, Nudge, NudgeStatus, Policy, Refusal


class Standing(NamedTuple):
    """How a nudge stands: `audience` is whom it would be for now, `threshold` None where nothing needs an approval."""

    audience: int
    threshold: int | None
    role: str
    approval: Approval | None
    refusal: Refusal | None

    @property
    def needs(self) -> bool:
        return self.threshold is not None and self.audience > self.threshold

    @property
    def lacks(self) -> bool:
        return self.needs and self.approval is None


def standing_of(nudge: Nudge, *, now: datetime, audience: int | None = None) -> Standing:
    """How a nudge stands in the version that it has. Counts whom it is for unless told. Raises ConditionError."""
    policy = Policy.objects.filter(workspace=nudge.workspace_id).first()
    approval = (
        Approval.objects.filter(nudge=nudge, version=nudge.version).select_related("approved_by").first()
    )
    if audience is None:
        audience = customers_matching(nudge.conditions, workspace=nudge.workspace, now=now).count()
    return Standing(
        audience=audience,
        threshold=policy.approval_above if policy else None,
        role=policy.approval_role if policy else Role.OWNER,
        approval=approval,
        refusal=Refusal.objects.filter(nudge=nudge, version=nudge.version)
        .select_related("refused_by")
        .first(),
    )


def waiting_nudges(rows: QuerySet[Nudge], *, waits: bool = True) -> QuerySet[Nudge]:
    """Of these nudges those that wait for somebody to approve or refuse them as they stand, or all others."""
    refused = Exists(Refusal.objects.filter(nudge=OuterRef("pk"), version=OuterRef("version")))
    waiting = Q(awaits_approval=True) & ~Q(status=NudgeStatus.ARCHIVED) & ~refused
    return rows.filter(waiting if waits else ~waiting)


def is_watched(workspace_id: int) -> bool:
    """Whether the workspace asks for approvals at all."""
    return Policy.objects.filter(workspace=workspace_id, approval_above__isnull=False).exists()


def why_not(nudge: Nudge, member: Member, *, role: str) -> str:
    """What keeps this member from approving: "role", "own" for their own last change, or nothing.

    An owner answers for everything anyway, and may approve their own.
    """
    if not may(member, role):
        return "role"
    return "own" if nudge.edited_by_id == member.user_id and member.role != Role.OWNER else ""
