"""Approvals given. The database holds that nothing large speaks without one; see migration `awaits_approval`."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.models import Member, Role
from nudges.approvals import standing_of, why_not
from nudges.composing import CannotChange
from nudges.models import Approval, Nudge, NudgeStatus, Waiting
from nudges.reasons import Reason


@transaction.atomic
def approve_nudge(*, nudge: Nudge, version: int, member: Member, note: str = "", now: datetime) -> Approval:
    """Let one version of a nudge speak to all whom it is for now; what waited for it is due at once.

    `version` is the one that was looked at. The same twice is one approval. Raises CannotChange.
    """
    held = Nudge.objects.select_for_update().select_related("workspace").get(pk=nudge.pk)
    if held.status == NudgeStatus.ARCHIVED:
        raise CannotChange("status", _("An archived nudge can't be approved."))
    if held.version != version:
        raise CannotChange("version", _("It was changed meanwhile: look at it again, then approve it."))
    standing = standing_of(held, now=now)
    match why_not(held, member, role=standing.role):
        case "role":
            raise CannotChange(
                "role", _("This needs the role “%(role)s”.") % {"role": Role(standing.role).label}
            )
        case "own":
            raise CannotChange("role", _("You changed it last: somebody else has to approve it."))
    if standing.approval:
        return standing.approval
    Nudge.objects.filter(pk=held.pk).update(audience=standing.audience)
    approval = Approval.objects.create(
        workspace=held.workspace,
        nudge=held,
        version=held.version,
        audience=standing.audience,
        note=note[:500],
        approved_by=member.user,
        approved_at=now,
    )
    Waiting.objects.filter(
        candidate__nudge=held, candidate__decision__reason=Reason.UNAPPROVED, workspace_id=held.workspace_id
    ).update(due_at=now)
    detail = {"nudge": held.name, "version": held.version, "audience": standing.audience, "note": note[:500]}
    record(
        workspace=held.workspace,
        actor=member.user,
        action="approve_nudge",
        target=held,
        detail=detail,
        now=now,
    )
    return approval
