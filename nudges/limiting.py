"""A workspace's limits on pressure changed: caps, quiet hours, gap and budgets.

Every change raises the policy's version (decisions name the version they were made under) and stands in the trail.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from engagement.auditing import changes, record
from engagement.models import ApiKey, Channel, Workspace
from nudges.models import Cap, CapScope, Interest, Policy, Promise, WindowKind

# What a cap counts, to follow "messages": those of one value, or of each by itself.
OF_ONE = {
    CapScope.CHANNEL: gettext_lazy(" by %(value)s"),
    CapScope.CATEGORY: gettext_lazy(" on “%(value)s”"),
    CapScope.INTEREST: gettext_lazy(" of the interest “%(value)s”"),
    CapScope.PROMISE: gettext_lazy(" of the promise “%(value)s”"),
    CapScope.FLOW: gettext_lazy(" of the flow “%(value)s”"),
    CapScope.NEED: gettext_lazy(" about “%(value)s”"),
}
OF_EACH = {
    CapScope.CHANNEL: gettext_lazy(" by each channel"),
    CapScope.CATEGORY: gettext_lazy(" on each topic"),
    CapScope.INTEREST: gettext_lazy(" of each interest"),
    CapScope.PROMISE: gettext_lazy(" of each promise"),
    CapScope.FLOW: gettext_lazy(" of each flow"),
    CapScope.NEED: gettext_lazy(" about each need"),
}
LABELS: dict[str, type[Channel | Interest | Promise]] = {
    CapScope.CHANNEL: Channel,
    CapScope.INTEREST: Interest,
    CapScope.PROMISE: Promise,
}
CAP_FIELDS = ("scope", "scope_value", "window", "seconds", "unit", "limit", "floor")


class CapExists(Exception):
    """A cap for the same scope and window is in force already; change its limit instead."""


class NotTried(Exception):
    """The adaptive cap may be switched on only after its simulation was seen for the limits as they are now."""


def policy_of(workspace: Workspace) -> Policy:
    """The workspace's policy, or an unsaved one that limits nothing."""
    return Policy.objects.filter(workspace=workspace).first() or Policy(workspace=workspace)


@transaction.atomic
def change_policy(
    *, workspace: Workspace, values: dict[str, Any], actor: User | ApiKey | None, now: datetime
) -> Policy:
    """Set some of the policy's fields, already checked; the first change makes the row."""
    policy = locked_policy(workspace)
    changed = changes({field: getattr(policy, field) for field in values}, values)
    if not changed:
        return policy
    for field in changed:
        setattr(policy, field, values[field])
    raise_version(policy, now)
    record(workspace=workspace, actor=actor, action="change_limits", target=policy, detail=changed, now=now)
    return policy


@transaction.atomic
def add_cap(
    *, workspace: Workspace, values: dict[str, Any], actor: User | ApiKey | None, now: datetime
) -> Cap:
    """A new cap from CAP_FIELDS, in force at once. Raises CapExists."""
    policy = locked_policy(workspace)
    cap = Cap(workspace=workspace, changed_at=now, **values)
    if caps_in_force(workspace).filter(**place_of(cap)).exists():
        raise CapExists
    cap.save()
    raise_version(policy, now)
    record(
        workspace=workspace,
        actor=actor,
        action="add_cap",
        target=cap,
        detail={field: getattr(cap, field) for field in CAP_FIELDS},
        now=now,
    )
    return cap


def place_of(cap: Cap) -> dict[str, Any]:
    """A filter for caps of exactly this scope and window, where null equals null."""
    place = {field: getattr(cap, field) for field in CAP_FIELDS if field not in ("limit", "floor")}
    return {
        (f"{field}__isnull" if value is None else field): (value is None) or value
        for field, value in place.items()
    }


@transaction.atomic
def change_cap(
    *, cap: Cap, limit: int, floor: int | None = None, actor: User | ApiKey | None, now: datetime
) -> Cap:
    """Another limit for the same scope and window; `floor` (at most the limit) lets it adapt, None keeps it fixed."""
    policy = locked_policy(cap.workspace)
    held = Cap.objects.select_for_update().get(pk=cap.pk)
    changed = changes({"limit": held.limit, "floor": held.floor}, {"limit": limit, "floor": floor})
    if not changed or held.archived_at is not None:
        return held
    held.limit, held.floor = limit, floor
    held.version += 1
    held.changed_at = now
    held.save(update_fields=["limit", "floor", "version", "changed_at"])
    raise_version(policy, now)
    detail = changed | {"scope": held.scope, "scope_value": held.scope_value}
    record(workspace=held.workspace, actor=actor, action="change_cap", target=held, detail=detail, now=now)
    return held


@transaction.atomic
def archive_cap(*, cap: Cap, actor: User | ApiKey | None, now: datetime) -> None:
    """Take a cap out of force; decisions that name it still find it."""
    policy = locked_policy(cap.workspace)
    if not Cap.objects.filter(pk=cap.pk, archived_at=None).update(archived_at=now, version=F("version") + 1):
        return
    raise_version(policy, now)
    detail = {field: getattr(cap, field) for field in CAP_FIELDS}
    record(workspace=cap.workspace, actor=actor, action="archive_cap", target=cap, detail=detail, now=now)


@transaction.atomic
def switch_adaptive(
    *, workspace: Workspace, is_on: bool, tried_version: int, actor: User | ApiKey | None, now: datetime
) -> Policy:
    """Let caps with a floor follow how customers respond, or no longer.

    `tried_version` is the policy's version that the simulation was seen for. Raises NotTried when switching on and the
    limits have changed since, or none has a floor.
    """
    policy = locked_policy(workspace)
    has_floor = caps_in_force(workspace).exclude(floor=None).exists()
    if is_on and (policy.version != tried_version or not has_floor):
        raise NotTried
    return change_policy(workspace=workspace, values={"is_adaptive": is_on}, actor=actor, now=now)


def caps_in_force(workspace: Workspace) -> Any:
    """The caps that hold now, in the order in which a page lists them."""
    return Cap.objects.filter(workspace=workspace, archived_at=None).order_by(
        "scope", "scope_value", "window", "id"
    )


def locked_policy(workspace: Workspace) -> Policy:
    """The policy's row, made when missing, locked: two people who change limits at once go one by one."""
    Policy.objects.get_or_create(workspace=workspace)
    return Policy.objects.select_for_update().get(workspace=workspace)


def raise_version(policy: Policy, now: datetime) -> None:
    policy.version += 1
    policy.changed_at = now
    policy.save()


def describe_cap(cap: Cap) -> str:
    """A cap as a sentence: "At most 2 messages by e-mail in any 7 days."."""
    words = {"what": described_scope(cap), "window": described_window(cap), "limit": cap.limit}
    if cap.limit == 0:
        return _("Never a message%(what)s.") % words
    sentence = ngettext(
        "At most 1 message%(what)s %(window)s.",
        "At most %(limit)s messages%(what)s %(window)s.",
        cap.limit,
    )
    return sentence % words


def describe_floor(cap: Cap) -> str:
    """What the floor adds to a cap's sentence; nothing where it is fixed."""
    if cap.floor is None or cap.floor >= cap.limit:
        return ""
    return _("Down to %(floor)s for who ignores us.") % {"floor": cap.floor}


def describe_gap(policy: Policy) -> str:
    """The minimum gap as a sentence; nothing where there is none."""
    if not policy.min_gap_seconds:
        return ""
    return _("At least %(span)s between two messages.") % {"span": described_span(policy.min_gap_seconds)}


def describe_business(policy: Policy) -> str:
    """The customer's budget for what serves the business as a sentence; nothing where there is none."""
    if policy.business_limit is None:
        return ""
    return _("Of messages that serve us, at most %(n)s a customer in any %(span)s.") % {
        "n": policy.business_limit,
        "span": described_span(policy.business_window_seconds),
    }


def described_scope(cap: Cap) -> str:
    """What a cap counts, to follow "messages": nothing for all of them."""
    if cap.scope == CapScope.ANY:
        return ""
    scope = CapScope(cap.scope)
    if not cap.scope_value:
        return str(OF_EACH[scope])
    value = LABELS[scope](cap.scope_value).label if scope in LABELS else cap.scope_value.replace("_", " ")
    return str(OF_ONE[scope] % {"value": value})


def described_window(cap: Cap) -> str:
    if cap.window == WindowKind.CALENDAR:
        return {
            "day": _("a calendar day"),
            "week": _("a calendar week"),
            "month": _("a calendar month"),
        }[cap.unit]
    return _("in any %(span)s") % {"span": described_span(cap.seconds or 0)}


def described_span(seconds: int) -> str:
    """A length of time in the largest unit that fits: 86400 → "24 hours", 604800 → "7 days"."""
    if seconds % 86400 == 0 and seconds > 86400:
        n = seconds // 86400
        return ngettext("%(n)s day", "%(n)s days", n) % {"n": n}
    if seconds % 3600 == 0:
        n = seconds // 3600
        return ngettext("%(n)s hour", "%(n)s hours", n) % {"n": n}
    n = round(seconds / 60)
    return ngettext("%(n)s minute", "%(n)s minutes", n) % {"n": n}
