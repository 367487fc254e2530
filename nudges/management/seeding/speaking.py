"""What the workspace says: limits, and nudges of every promise and both interests."""

from __future__ import annotations

from typing import Any

from engagement.models import Category, Workspace
from journeys.models import Need
from nudges.management.seeding.ground import read_data
from nudges.models import Cap, Nudge, NudgeContent, Policy


def make_limits(workspace: Workspace) -> None:
    data = read_data("nudges")
    Policy.objects.create(workspace=workspace, **data["policy"])
    Cap.objects.bulk_create([Cap(workspace=workspace, **row) for row in data["caps"]])


def make_nudges(workspace: Workspace, categories: dict[str, Category], needs: dict[str, Need]) -> list[Nudge]:
    return [make_nudge(workspace, row, categories, needs) for row in read_data("nudges")["nudges"]]


def make_nudge(
    workspace: Workspace, row: dict[str, Any], categories: dict[str, Category], needs: dict[str, Need]
) -> Nudge:
    same = ("name", "promise", "interest", "channels", "priority", "trigger", "status")
    nudge = Nudge.objects.create(
        workspace=workspace,
        category=categories[row["category"]],
        trigger_need=needs.get(row.get("need", "")),
        trigger_stage=row.get("stage", ""),
        conditions=row.get("conditions", {}),
        **{name: row[name] for name in same},
    )
    NudgeContent.objects.bulk_create(
        [
            NudgeContent(
                workspace=workspace,
                nudge=nudge,
                channel=channel,
                subject=row["subject"],
                body=row["body"],
                link_url=link(workspace, row),
                link_label=row["link_label"],
            )
            for channel in row["channels"]
        ]
    )
    return nudge


def link(workspace: Workspace, row: dict[str, Any]) -> str:
    """A guide on the shop's own page of its need; what is no guide is a path of the shop."""
    return f"{workspace.shop_url}{row.get('path') or '/guide/' + row['guide']}"
