"""What a workspace's needs are, and what events say about them: defined and changed, with the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from engagement.auditing import changes, record
from engagement.dependents import first_dependent
from engagement.models import ApiKey, Workspace
from journeys.attributes import Fault, check_attributes, tidy_attributes
from journeys.models import EvidenceWeight, Need

FIELDS = (
    "slug",
    "name",
    "description",
    "rules",
    "context_attributes",
    "fit_question",
    "fit_options",
    "is_active",
    "position",
)
RULE_KINDS = ("categories", "skus", "search_terms", "page_topics")
# A change of these makes what was inferred before doubtful: the version rises, and a rebuild is due.
INFERRED_FROM = {"rules", "is_active"}


class BadAttributes(Exception):
    """Questions about the situation that cannot be asked so; `faults` say which and what to do."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.place}.{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults


class SlugTaken(Exception):
    """Another need of the workspace has this slug."""


class NeedInUse(Exception):
    """Rows depend on the need, such as guides; `by` names them."""

    def __init__(self, by: str) -> None:
        super().__init__(f"The need is used by {by}")
        self.by = by


@transaction.atomic
def save_need(*, need: Need, values: dict[str, Any], actor: User | ApiKey | None, now: datetime) -> Need:
    """Create (a need without id) or change one; `values` holds any of FIELDS, checked before.

    Raises SlugTaken, and BadAttributes for questions that cannot be asked so.
    """
    if "context_attributes" in values:
        rows = values["context_attributes"]
        if faults := check_attributes(rows):
            raise BadAttributes(faults)
        values = values | {"context_attributes": tidy_attributes(rows, locale=need.workspace.locale)}
    is_new = need.pk is None
    held = need if is_new else Need.objects.select_for_update().get(pk=need.pk)
    before = {} if is_new else {field: getattr(held, field) for field in values}
    for field in FIELDS:
        if field in values:
            setattr(held, field, values[field])
    others = Need.objects.filter(workspace=held.workspace, slug=held.slug).exclude(pk=held.pk)
    if others.exists():
        raise SlugTaken
    changed = changes(before, {field: getattr(held, field) for field in FIELDS if field in values})
    if is_new and "position" not in values:
        last = Need.objects.filter(workspace=held.workspace).aggregate(last=Max("position"))["last"]
        held.position = 0 if last is None else last + 1
    elif INFERRED_FROM & changed.keys():
        held.version += 1
    if is_new or changed:
        held.save()
        action = "create_need" if is_new else "change_need"
        record(workspace=held.workspace, actor=actor, action=action, target=held, detail=changed, now=now)
    return held


@transaction.atomic
def delete_need(*, need: Need, actor: User | ApiKey | None, now: datetime) -> None:
    """Delete a need and its own weights for good. Raises NeedInUse while customers, guides or nudges have it."""
    Need.objects.select_for_update().get(pk=need.pk)
    if dependent := first_dependent(need, but=[EvidenceWeight]):
        raise NeedInUse(dependent)
    detail = {"slug": need.slug}
    record(workspace=need.workspace, actor=actor, action="delete_need", target=need, detail=detail, now=now)
    need.delete()


@transaction.atomic
def save_weights(
    *,
    workspace: Workspace,
    need: Need | None,
    signal: str,
    weights: dict[str, float],
    actor: User | ApiKey | None,
    now: datetime,
) -> None:
    """Replace what one signal says about the stages ({stage: weight}); a stage left out says nothing.

    `need` None: for all needs of the workspace. Raises the version of every need it touches.
    """
    rows = EvidenceWeight.objects.select_for_update().filter(workspace=workspace, need=need, signal=signal)
    before = {row.stage: row.weight for row in rows}
    if before == weights:
        return
    rows.exclude(stage__in=weights).delete()
    EvidenceWeight.objects.bulk_create(
        [
            EvidenceWeight(workspace=workspace, need=need, signal=signal, stage=stage, weight=weight)
            for stage, weight in weights.items()
            if stage not in before
        ]
    )
    for stage, weight in weights.items():
        if stage in before and before[stage] != weight:
            EvidenceWeight.objects.filter(workspace=workspace, need=need, signal=signal, stage=stage).update(
                weight=weight
            )
    touched = Need.objects.filter(workspace=workspace) if need is None else Need.objects.filter(pk=need.pk)
    for one in touched.select_for_update():
        one.version += 1
        one.save(update_fields=["version"])
    record(
        workspace=workspace,
        actor=actor,
        action="change_evidence",
        target=need,
        detail={"signal": signal, "weights": [before, weights]},
        now=now,
    )
