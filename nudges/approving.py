"""Approvals asked for, given and refused. The database holds that nothing large speaks without one; see migration
`awaits_approval`.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.models import ApiKey, Member, Role
from nudges.approvals import Standing, standing_of, why_not
from nudges.composing import CannotChange, count_audience
from nudges.models import Approval, Nudge, NudgeStatus, Refusal, Waiting
from nudges.reasons import Reason


@transaction.atomic
def ask_approval(*, nudge: Nudge, actor: User | ApiKey | None, now: datetime) -> Nudge:
    """Put a nudge before those who may approve it, before it is activated. Raises CannotChange where none is needed."""
    held = Nudge.objects.select_for_update().get(pk=nudge.pk)
    if held.status == NudgeStatus.ARCHIVED:
        raise CannotChange("status", _("An archived nudge can't be approved."))
    count_audience(held, now)
    held.save(update_fields=["audience"])
    held.refresh_from_db(fields=["awaits_approval"])
    if not held.awaits_approval:
        raise CannotChange("approval", _("It needs no approval as it stands."))
    detail = {"version": held.version, "audience": held.audience}
    record(workspace=held.workspace, actor=actor, action="ask_approval", target=held, detail=detail, now=now)
    return held


@transaction.atomic
def approve_nudge(*, nudge: Nudge, version: int, member: Member, note: str = "", now: datetime) -> Approval:
    """Let one version of a nudge speak to all whom it is for now; what waited for it is due at once.

    `version` is the one that was looked at. The same twice is one approval. Raises CannotChange.
    """
    held, standing = _judged(nudge, version, member, now)
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
    _record("approve_nudge", held, member, detail, now)
    return approval


@transaction.atomic
def refuse_nudge(*, nudge: Nudge, version: int, member: Member, reason: str, now: datetime) -> Refusal:
    """Say why one version of a nudge is not to speak; it waits on. The same twice is one. Raises CannotChange."""
    if not reason.strip():
        raise CannotChange("reason", _("Say why, so that it can be mended."))
    held, standing = _judged(nudge, version, member, now)
    if standing.approval:
        raise CannotChange("version", _("This version is approved. Pause the nudge, or change it."))
    if standing.refusal:
        return standing.refusal
    refusal = Refusal.objects.create(
        workspace=held.workspace,
        nudge=held,
        version=held.version,
        reason=reason.strip()[:500],
        refused_by=member.user,
        refused_at=now,
    )
    detail = {"nudge": held.name, "version": held.version, "reason": refusal.reason}
    _record("refuse_nudge", held, member, detail, now)
    return refusal


def _judged(nudge: Nudge, version: int, member: Member, now: datetime) -> tuple[Nudge, Standing]:
    """The nudge, held, and how it stands; raises CannotChange where this member may not judge this version."""
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
    return held, standing


def _record(action: str, nudge: Nudge, member: Member, detail: dict[str, object], now: datetime) -> None:
    record(workspace=nudge.workspace, actor=member.user, action=action, target=nudge, detail=detail, now=now)
