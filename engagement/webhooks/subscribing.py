"""Endpoints made, changed, switched on and off; their secrets renewed; tests sent, and what failed sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from engagement.auditing import changes, record
from engagement.models import Announcement, ApiKey, Delivery, DeliveryState, Endpoint, Workspace
from engagement.outbound import refusal_of
from engagement.sealing import CannotOpen, seal, unseal
from engagement.webhooks.signatures import make_secret
from engagement.webhooks.types import TEST, TYPES

Actor = User | ApiKey | None
MOST_ENDPOINTS = 20
FIELDS = ("url", "description", "types")


class BadEndpoint(Exception):
    """`problems` are {field: what to do}."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems.items()))
        self.problems = problems


@transaction.atomic
def create_endpoint(
    *, workspace: Workspace, values: dict[str, Any], actor: Actor, now: datetime
) -> tuple[Endpoint, str]:
    """A new endpoint that is told of `types` (none: of all) from now on, and its secret. Raises BadEndpoint.

    `values` holds FIELDS; `url` must be given.
    """
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # so that two do not both find room
    problems = problems_of(values)
    if Endpoint.objects.filter(workspace=workspace).count() >= MOST_ENDPOINTS:
        problems["url"] = _("There are %(most)s already; delete one first.") % {"most": MOST_ENDPOINTS}
    if problems:
        raise BadEndpoint(problems)
    secret = make_secret()
    endpoint = Endpoint.objects.create(
        workspace=workspace,
        **{field: values[field] for field in FIELDS if field in values},
        sealed=seal({"secret": secret}),
        free_at=now,
        created_at=now,
    )
    _record("create_endpoint", endpoint, {"url": endpoint.url, "types": endpoint.types}, actor, now)
    return endpoint, secret


@transaction.atomic
def change_endpoint(*, endpoint: Endpoint, values: dict[str, Any], actor: Actor, now: datetime) -> Endpoint:
    """Set any of FIELDS. What waits for it goes to the new address. Raises BadEndpoint."""
    if problems := problems_of(values):
        raise BadEndpoint(problems)
    held = _held(endpoint)
    changed = changes({field: getattr(held, field) for field in values}, values)
    for field in changed:
        setattr(held, field, values[field])
    if changed:
        held.free_at = min(held.free_at, now)
        held.save(update_fields=[*changed, "free_at"])
        _record("change_endpoint", held, changed, actor, now)
    return held


@transaction.atomic
def switch_endpoint(*, endpoint: Endpoint, is_on: bool, actor: Actor, now: datetime) -> Endpoint:
    """Switch it off, or on again: then what waited while it was off is told, and it has five days again."""
    held = _held(endpoint)
    if held.is_enabled == is_on:
        return held
    held.is_enabled, held.failing_since = is_on, None
    held.disabled_because, held.disabled_at = ("", None) if is_on else ("by_hand", now)
    held.untold, held.tell_at = [], None  # somebody knows
    held.free_at = now
    held.save()
    _record("enable_endpoint" if is_on else "disable_endpoint", held, {"url": held.url}, actor, now)
    return held


@transaction.atomic
def renew_secret(*, endpoint: Endpoint, actor: Actor, now: datetime) -> str:
    """A new secret; for a day the old one signs beside it."""
    held = _held(endpoint)
    try:
        old = unseal(held.sealed).get("secret", "")
    except CannotOpen:
        old = ""
    secret = make_secret()
    held.sealed = seal({"secret": secret} | ({"old_secret": old} if old else {}))
    held.rotated_at = now
    held.save(update_fields=["sealed", "rotated_at"])
    _record("change_endpoint_secret", held, {"url": held.url}, actor, now)
    return secret


@transaction.atomic
def delete_endpoint(*, endpoint: Endpoint, actor: Actor, now: datetime) -> None:
    """Tell it nothing any more, and forget what it was told."""
    held = Endpoint.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=endpoint.pk)
    _record("delete_endpoint", held, {"url": held.url}, actor, now)
    held.delete()


@transaction.atomic
def send_test(*, endpoint: Endpoint, now: datetime) -> Delivery:
    """Have it told that it was tested, whatever it wants to hear of."""
    announcement = Announcement.objects.create(
        workspace_id=endpoint.workspace_id,
        key=uuid4(),
        type=TEST,
        at=now,
        announced_at=now,
        data={"endpoint_id": endpoint.pk},
    )
    return Delivery.objects.create(
        workspace_id=endpoint.workspace_id, endpoint=endpoint, announcement=announcement, due_at=now
    )


@transaction.atomic
def send_again(*, endpoint: Endpoint, delivery_id: int, now: datetime) -> bool:
    """Send what was taken, given up or waits, at once and with all its tries before it; False: there is no such."""
    chosen = Delivery.objects.filter(endpoint=endpoint, pk=delivery_id)
    return bool(_make_due(endpoint, chosen, now))


@transaction.atomic
def send_failed_again(*, endpoint: Endpoint, since: datetime, now: datetime) -> int:
    """Send again all that was given up of what was announced since then; how many."""
    chosen = Delivery.objects.filter(
        endpoint=endpoint, state=DeliveryState.FAILED, announcement__announced_at__gte=since
    )
    return _make_due(endpoint, chosen, now)


def _make_due(endpoint: Endpoint, chosen: QuerySet[Delivery], now: datetime) -> int:
    held = _held(endpoint)  # before its deliveries, as the step does
    again = chosen.update(state=DeliveryState.PENDING, due_at=now, tries=0)
    if again and held.failing_since and held.free_at > now:  # it need not rest any longer
        held.free_at = now
        held.save(update_fields=["free_at"])
    return again


def problems_of(values: dict[str, Any]) -> dict[str, str]:
    """{field: what to do} for values that cannot be taken."""
    problems = {}
    if "url" in values and (why := refusal_of(values["url"])):
        problems["url"] = _("This address cannot be used: %(why)s.") % {"why": why}
    if unknown := [one for one in values.get("types", []) if one not in TYPES]:
        words = _("Not known: %(unknown)s. Known are: %(known)s.")
        problems["types"] = words % {"unknown": ", ".join(unknown), "known": ", ".join(TYPES)}
    return problems


def _held(endpoint: Endpoint) -> Endpoint:
    held = Endpoint.objects.select_for_update(of=("self",), no_key=True).select_related("workspace")
    return held.get(pk=endpoint.pk)


def _record(action: str, endpoint: Endpoint, detail: dict[str, Any], actor: Actor, now: datetime) -> None:
    record(workspace=endpoint.workspace, actor=actor, action=action, target=endpoint, detail=detail, now=now)
