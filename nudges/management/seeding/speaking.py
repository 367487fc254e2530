"""What the workspace says: limits, and nudges of every promise and both interests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engagement.models import Category, Workspace
from journeys.models import Need
from nudges.flowing import create_flow, publish_flow
from nudges.management.seeding.ground import read_data
from nudges.models import Cap, Flow, Nudge, NudgeContent, Policy
from nudges.varying import save_variants
from nudges.writing import WORDS, save_content


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


def make_variants(workspace: Workspace, *, since: datetime) -> None:
    """Words that are tried beside the plain ones from the first evening on."""
    for row in read_data("nudges")["nudges"]:
        if "variants" in row:
            nudge = Nudge.objects.get(workspace=workspace, name=row["name"])
            tried = save_variants(nudge=nudge, variants=row["variants"], actor=None, now=since).variants
            for variant, words in zip(tried, row["variants"], strict=True):
                for content in nudge.contents.filter(variant="") if "body" in words else ():
                    own = {name: getattr(content, name) for name in WORDS} | words
                    save_content(
                        nudge=nudge,
                        channel=content.channel,
                        language=content.language,
                        values=own,
                        variant=variant["key"],
                        actor=None,
                        now=since,
                    )


def make_flow(workspace: Workspace, needs: dict[str, Need], *, since: datetime) -> Flow:
    """The first weeks with trail shoes: a tip in the morning, later another for half of them, out with a review."""
    said = {nudge.name: nudge.pk for nudge in Nudge.objects.filter(workspace=workspace)}
    steps = [
        {"kind": "wait", "until": {"time": "10:00"}},
        {"kind": "nudge", "nudge": said["Lacing for long ways"]},
        {"kind": "wait", "for": "2d"},
        {
            "kind": "split",
            "branches": [
                {"name": "Care", "share": 50, "steps": [{"kind": "nudge", "nudge": said["Dry them slowly"]}]},
                {"name": "Nothing more", "share": 50, "steps": []},
            ],
        },
        {"kind": "wait", "for": "4w"},  # inside until they have told how it went
    ]
    values = {
        "trigger": "stage",
        "trigger_stage": "post_purchase",
        "trigger_need": needs["trail-shoes"],
        "goal": {"event": "Review Submitted", "within": "60d"},
        "steps": steps,
    }
    flow = create_flow(
        workspace=workspace, name="First weeks on the trail", values=values, actor=None, now=since
    )
    return publish_flow(flow=flow, actor=None, now=since)


def link(workspace: Workspace, row: dict[str, Any]) -> str:
    """A guide on the shop's own page of its need; what is no guide is a path of the shop."""
    return f"{workspace.shop_url}{row.get('path') or '/guide/' + row['guide']}"
