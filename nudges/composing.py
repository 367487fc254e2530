"""Nudges made and changed: what they declare, and whether they may speak. Their words are in `writing`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.auditing import changes, record
from engagement.conditions import ConditionError
from engagement.models import ApiKey, Member, Role
from nudges.approvals import is_watched, standing_of
from nudges.considering.listening import hear_events
from nudges.models import Interest, Nudge, NudgeContent, NudgeStatus, Policy, Promise, Trigger
from nudges.starts import BadStart, check_start
from nudges.variants import tried

# What says which events start a nudge: a change lets nobody in for what happened before.
STARTED_BY = ("trigger_event", "trigger_where")
FIELDS = (
    "name",
    "promise",
    "interest",
    "category",
    "channels",
    "priority",
    "trigger",
    "trigger_need",
    "trigger_stage",
    *STARTED_BY,
    "trigger_delay_seconds",
    "trigger_unless",
    "conditions",
    "on_cap",
    "send_windows",
    "expires_after_hours",
    "respects_caps",
    "counts",
)
# What takes a nudge out of the limits when it is off.
LOOSE = ("respects_caps", "counts")
# Of a nudge with a purpose: whom it goes to, and when.
LOCKED = {
    "trigger",
    "trigger_need",
    "trigger_stage",
    *STARTED_BY,
    "trigger_delay_seconds",
    "trigger_unless",
    "conditions",
    "on_cap",
}
# From which state into which a person may bring a nudge; archived is the end.
MOVES = {
    NudgeStatus.DRAFT: {NudgeStatus.ACTIVE, NudgeStatus.ARCHIVED},
    NudgeStatus.ACTIVE: {NudgeStatus.PAUSED, NudgeStatus.ARCHIVED},
    NudgeStatus.PAUSED: {NudgeStatus.ACTIVE, NudgeStatus.ARCHIVED},
    NudgeStatus.ARCHIVED: set(),
}


class CannotChange(Exception):
    """A change that a nudge's state or declaration does not allow. `field` names what to change, `text` why."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        self.text = text


@transaction.atomic
def save_nudge(
    *,
    nudge: Nudge,
    values: dict[str, Any],
    actor: User | ApiKey | None,
    now: datetime,
    by_program: bool = False,
) -> Nudge:
    """Create a draft (a nudge without id) or change one; `values` holds any of FIELDS, already of the right type.

    Whom a nudge goes to that has a purpose of the program's own, and when, is changed `by_program` only.

    The version rises with every real change; decisions made before keep what they were made on. Raises CannotChange.
    """
    is_new = nudge.pk is None
    held = nudge if is_new else Nudge.objects.select_for_update().get(pk=nudge.pk)
    if held.status == NudgeStatus.ARCHIVED:
        raise CannotChange("status", _("An archived nudge can't be changed; make a new one."))
    # A new row has no former values: compared with nothing, everything given is a change.
    before = {} if is_new else {field: getattr(held, field) for field in values}
    for field in FIELDS:
        if field in values:
            setattr(held, field, values[field])
    check_declaration(held)
    changed = changes(before, {field: getattr(held, field) for field in FIELDS if field in values})
    check_looseness(held, changed, actor)
    if not is_new and not changed:
        return held
    if held.purpose and not by_program and (locked := sorted(LOCKED & changed.keys())):
        raise CannotChange(
            locked[0],
            _("This one asks everybody or nobody; when it asks is set under Settings → Review requests."),
        )
    if not is_new:
        held.version += 1
    if held.status == NudgeStatus.ACTIVE and {"trigger", *STARTED_BY} & changed.keys():
        begin_listening(held, now)
    held.edited_by = _person(actor)
    if held.status == NudgeStatus.ACTIVE and "conditions" in changed:
        count_audience(held, now)
    held.save()
    if "trigger" in changed and not is_new:
        hear_events(held.workspace_id)
    action = "create_nudge" if is_new else "change_nudge"
    record(workspace=held.workspace, actor=actor, action=action, target=held, detail=changed, now=now)
    return held


def check_declaration(nudge: Nudge) -> None:
    """What a nudge must declare before the database would refuse it; raises CannotChange naming the field."""
    if nudge.promise == Promise.SERVICE and nudge.interest != Interest.CUSTOMER:
        raise CannotChange("interest", _("A service message always serves the customer."))
    if nudge.promise != Promise.SERVICE and not nudge.respects_caps:
        raise CannotChange("respects_caps", _("Only a service message may be sent beyond the caps."))
    if nudge.trigger == Trigger.STAGE_CHANGE and not nudge.trigger_stage:
        raise CannotChange("trigger_stage", _("Choose the stage that starts this nudge."))
    if nudge.trigger == Trigger.EVENT:
        try:
            check_start(nudge)
        except BadStart as bad:
            raise CannotChange(bad.field, str(bad)) from bad
    if not nudge.channels:
        raise CannotChange("channels", _("Choose at least one channel."))
    if nudge.priority > 100:
        raise CannotChange("priority", _("Priority goes from 0 to 100."))


def check_looseness(nudge: Nudge, changed: Collection[str], actor: User | ApiKey | None) -> None:
    """To pass the caps, or not to count against them, is an owner's to say, of each nudge; raises CannotChange."""
    loosened = [field for field in LOOSE if field in changed and not getattr(nudge, field)]
    if loosened and actor is not None and not _is_owner(actor, nudge.workspace_id):
        raise CannotChange(loosened[0], _("Only an owner of the workspace may say so."))
    if "respects_caps" in changed:
        nudge.exempt_allowed_by = None if nudge.respects_caps else _person(actor)
    if nudge.respects_caps:
        return
    if not Policy.objects.filter(workspace_id=nudge.workspace_id, allow_service_exempt=True).exists():
        raise CannotChange(
            "respects_caps",
            _("An owner must first allow service messages beyond the caps, under Settings → Limits."),
        )


def _is_owner(actor: User | ApiKey, workspace_id: int) -> bool:
    return (
        isinstance(actor, User)
        and Member.objects.filter(user=actor, workspace_id=workspace_id, role=Role.OWNER).exists()
    )


def _person(actor: User | ApiKey | None) -> User | None:
    """Who answers for a change: of a program's, whoever made its key."""
    return actor.created_by if isinstance(actor, ApiKey) else actor


def raise_version(
    nudge: Nudge, actor: User | ApiKey | None, *, compared_from: datetime | None = None
) -> None:
    """Another version: what was approved before is approved no more.

    `compared_from`: its words, or who gets which, are others from then on, so variants are compared anew.
    """
    nudge.version += 1
    nudge.edited_by = _person(actor)
    if compared_from and tried(nudge):
        nudge.compared_since = compared_from
    nudge.save(update_fields=["version", "edited_by", "variants", "compared_since", "updated_at"])


@transaction.atomic
def change_status(*, nudge: Nudge, status: str, actor: User | ApiKey | None, now: datetime) -> Nudge:
    """Activate, pause or archive; the same twice is fine. Activating needs words: raises CannotChange."""
    held = Nudge.objects.select_for_update().get(pk=nudge.pk)
    before = NudgeStatus(held.status)
    if before == status:
        return held
    if status == NudgeStatus.ARCHIVED and held.purpose:
        raise CannotChange("status", _("Switch it off under Settings → Review requests instead."))
    if status not in MOVES[before]:
        raise CannotChange("status", _("A nudge that is archived stays so; make a new one."))
    if status == NudgeStatus.ACTIVE:
        refuse_without_words(held)
        refuse_unapproved(held, now)
    held.status = status
    if status == NudgeStatus.ACTIVE:
        begin_listening(held, now)
    held.save(update_fields=["status", "audience", "trigger_since", "updated_at"])
    hear_events(held.workspace_id)
    detail = {"status": [str(before), status]}
    record(workspace=held.workspace, actor=actor, action="change_status", target=held, detail=detail, now=now)
    return held


def begin_listening(nudge: Nudge, now: datetime) -> None:
    """What happened before now does not start it. Who has been let in already stays in."""
    nudge.trigger_since = now if nudge.trigger == Trigger.EVENT else None


def count_audience(nudge: Nudge, now: datetime) -> None:
    """Note on the nudge for how many it is, where the workspace wants that many approved; raises CannotChange."""
    if not is_watched(nudge.workspace_id):
        return
    try:
        nudge.audience = standing_of(nudge, now=now).audience
    except ConditionError as error:
        raise CannotChange("conditions", str(error)) from error


def refuse_unapproved(nudge: Nudge, now: datetime) -> None:
    """The database refuses it too; this says so in words."""
    count_audience(nudge, now)
    if nudge.audience is None or not standing_of(nudge, now=now, audience=nudge.audience).lacks:
        return
    told = {"n": nudge.audience, "version": nudge.version}
    raise CannotChange(
        "approval", _("It is for %(n)s customers: version %(version)s has to be approved first.") % told
    )


def refuse_without_words(nudge: Nudge) -> None:
    if lacks_words(nudge):
        raise CannotChange("contents", _("Write its words first."))


def lacks_words(nudge: Nudge) -> bool:
    """Whether somebody would get none. A channel without words of its own takes another's, a variant the plain ones."""
    written = set(NudgeContent.objects.filter(nudge=nudge).values_list("variant", flat=True))
    needed = {one.key for one in tried(nudge)}
    return not written or ("" not in written and not needed <= written)
