"""How people come into a workspace, what they may do there, and how they leave. Every change is in the audit trail."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.models import Invitation, Member, Role, Workspace
from engagement.signing import BadToken, sign, unsign

INVITATION_LASTS = timedelta(days=14)


class Refused(Exception):
    """A change that the rules of a workspace do not allow; the text says which and what to do."""


def invite_member(
    *, workspace: Workspace, email: str, role: str, invited_by: User, now: datetime
) -> Invitation:
    """An open invitation of an address, one at a time; raises Refused for somebody who is in already."""
    if Member.objects.filter(workspace=workspace, user__email__iexact=email).exists():
        raise Refused(_("%(email)s is a member already.") % {"email": email})
    with transaction.atomic():
        if Invitation.objects.filter(
            workspace=workspace, email__iexact=email, accepted_at=None, revoked_at=None
        ).exists():
            raise Refused(_("%(email)s has an open invitation already.") % {"email": email})
        invitation = Invitation.objects.create(
            workspace=workspace, email=email, role=role, invited_by=invited_by
        )
        record(
            workspace=workspace,
            actor=invited_by,
            action="invite_member",
            target=invitation,
            detail={"email": email, "role": role},
            now=now,
        )
    return invitation


def invitation_token(invitation: Invitation) -> str:
    """What the mailed link carries."""
    return sign("invitation", {"id": invitation.pk})


def find_invitation(token: str) -> Invitation | None:
    """The open invitation that a link names, or None when it is forged, too old, used or withdrawn."""
    try:
        payload = unsign("invitation", token, max_age=INVITATION_LASTS)
    except BadToken:
        return None
    return (
        Invitation.objects.select_related("workspace", "invited_by")
        .filter(pk=payload["id"], accepted_at=None, revoked_at=None)
        .first()
    )


def accept_invitation(*, invitation_id: int, user: User, now: datetime) -> Member:
    """Make `user` a member as invited. Raises Refused when the invitation is for another address or no longer open."""
    with transaction.atomic():
        invitation = (
            Invitation.objects.select_for_update(of=("self",))
            .select_related("workspace")
            .filter(pk=invitation_id, accepted_at=None, revoked_at=None)
            .first()
        )
        if invitation is None:
            raise Refused(_("This invitation was used or withdrawn. Ask for a new one."))
        if invitation.email.lower() != user.email.lower():
            raise Refused(
                _("This invitation is for %(email)s: sign in with that address.")
                % {"email": invitation.email}
            )
        member, _made = Member.objects.get_or_create(
            workspace=invitation.workspace,
            user=user,
            defaults={"role": invitation.role, "language": language_of(user.email)},
        )
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        record(
            workspace=invitation.workspace,
            actor=user,
            action="join_workspace",
            target=member,
            detail={"role": member.role},
            now=now,
        )
    return member


def revoke_invitation(*, invitation: Invitation, actor: User, now: datetime) -> None:
    """The mailed link stops working."""
    with transaction.atomic():
        changed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
            revoked_at=now
        )
        if changed:
            record(
                workspace=invitation.workspace,
                actor=actor,
                action="revoke_invitation",
                target=invitation,
                detail={"email": invitation.email},
                now=now,
            )


def change_role(*, member: Member, role: str, actor: User, now: datetime) -> None:
    """Give a member another role. The last owner stays one: raises Refused."""
    with transaction.atomic():
        held = locked(member)
        if held.role == role:
            return
        before, held.role = held.role, role
        if before == Role.OWNER:
            refuse_without_owner(held)
        held.save(update_fields=["role"])
        record(
            workspace=held.workspace,
            actor=actor,
            action="change_role",
            target=held,
            detail={"member": held.user.email, "role": [before, role]},
            now=now,
        )


def remove_member(*, member: Member, actor: User, now: datetime) -> None:
    """Take a person out of the workspace; the account itself stays. The last owner cannot go: raises Refused."""
    with transaction.atomic():
        held = locked(member)
        if held.role == Role.OWNER:
            refuse_without_owner(held)
        record(
            workspace=held.workspace,
            actor=actor,
            action="remove_member",
            target=held,
            detail={"member": held.user.email, "role": held.role},
            now=now,
        )
        held.delete()


def choose_language(*, user: User, language: str) -> None:
    """In which language a person reads and is written to, in every workspace; empty leaves it to the browser."""
    Member.objects.filter(user=user).update(language=language)


def language_of(email: str) -> str:
    """The language that the member with this address chose; empty when there is none."""
    chosen = Member.objects.filter(user__email__iexact=email).exclude(language="")
    return chosen.order_by("joined_at", "id").values_list("language", flat=True).first() or ""


def locked(member: Member) -> Member:
    """The member's row, with the workspace's row locked: two owners who demote each other at once go one by one."""
    workspace = Workspace.objects.select_for_update().get(pk=member.workspace_id)
    return Member.objects.select_related("user", "workspace").get(pk=member.pk, workspace=workspace)


def refuse_without_owner(leaving: Member) -> None:
    others = Member.objects.filter(workspace=leaving.workspace, role=Role.OWNER).exclude(pk=leaving.pk)
    if not others.exists():
        raise Refused(_("A workspace needs an owner. Make somebody else an owner first."))
