"""Run inside a database of its own: makes a workspace whose customers want things, and counts what became of them.

python -m tests.races.kill_world make     prints {"write_key", "broadcast"}
python -m tests.races.kill_world count    prints what the tables say
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.models import Count

from engagement.keys import SCOPES, make_key
from engagement.models import Category, Event, Unread, Workspace
from journeys.models import CustomerNeed, Need, Stage, StageChange
from journeys.needs import install_default_evidence
from nudges.considering import start_broadcast
from nudges.models import Candidate, Cap, Decision, Message, Nudge, NudgeContent, Policy

CAP = 2


def make() -> dict[str, object]:
    workspace = Workspace.objects.create(
        name="Kill world", slug="kill-world", sender_email="shop@example.org", holdout_percent=0
    )
    install_default_evidence(workspace)
    category = Category.objects.create(workspace=workspace, slug="tips", name="Tips", opt_in=False)
    Policy.objects.create(workspace=workspace, collect_seconds=0)
    Cap.objects.create(workspace=workspace, scope="any", window="rolling", seconds=86400, limit=CAP)
    for slug in ("tents", "boots"):
        need = Need.objects.create(workspace=workspace, slug=slug, name=slug, rules={"categories": [slug]})
        for number in range(2):
            make_nudge(workspace, category, f"{slug} {number}", trigger_need=need)
    _, key = make_key(workspace=workspace, kind="write", name="replay")
    return {"write_key": key, "workspace": workspace.pk}


def replay_keys() -> dict[str, object]:
    """An empty workspace that a replay can fill by the API, with room for two messages a week."""
    workspace = Workspace.objects.create(
        name="Replay", slug="replay", sender_email="shop@example.org", holdout_percent=0
    )
    install_default_evidence(workspace)
    Policy.objects.create(workspace=workspace, collect_seconds=0)
    Cap.objects.create(workspace=workspace, scope="any", window="rolling", seconds=7 * 86400, limit=CAP)
    _, write_key = make_key(workspace=workspace, kind="write", name="replay")
    _, secret_key = make_key(workspace=workspace, kind="secret", name="replay", scopes=SCOPES)
    return {"write_key": write_key, "secret_key": secret_key}


def make_nudge(workspace: Workspace, category: Category, name: str, **fields: object) -> Nudge:
    how = (
        {"trigger": "stage_change", "trigger_stage": Stage.SHORTLIST} if fields else {"trigger": "broadcast"}
    )
    nudge = Nudge.objects.create(
        workspace=workspace,
        name=name,
        promise="choose_well",
        interest="customer",
        category=category,
        channels=["email"],
        status="active",
        **how,
        **fields,
    )
    NudgeContent.objects.create(
        workspace=workspace, nudge=nudge, channel="email", subject=name, body="Hello."
    )
    return nudge


def broadcast() -> dict[str, object]:
    workspace = Workspace.objects.get(slug="kill-world")
    nudge = make_nudge(workspace, workspace.categories.get(), f"news {workspace.nudges.count()}")
    return {"broadcast": start_broadcast(nudge=nudge, started_by=None, now=datetime.now(UTC)).pk}


def count() -> dict[str, object]:
    per_customer = (
        Message.objects.filter(counts=True)
        .values("customer")
        .annotate(n=Count("id"))
        .values_list("n", flat=True)
    )
    return {
        "events": Event.objects.filter(source="tracking").count(),
        "event_ids": Event.objects.filter(source="tracking").values("message_id").distinct().count(),
        "unread": Unread.objects.count(),
        "changes_waiting": StageChange.objects.filter(considered_at=None).count(),
        "candidates": Candidate.objects.count(),
        "due": Candidate.objects.filter(state="due").count(),
        "decisions": Decision.objects.count(),
        "by_outcome": dict(Decision.objects.values_list("outcome").annotate(n=Count("id"))),
        "messages": dict(Message.objects.values_list("state").annotate(n=Count("id"))),
        "sent": [
            str(dispatch_id)
            for dispatch_id in Message.objects.filter(state="sent").values_list("dispatch_id", flat=True)
        ],
        "unknown": [
            str(dispatch_id)
            for dispatch_id in Message.objects.filter(state="unknown").values_list("dispatch_id", flat=True)
        ],
        "stages": dict(CustomerNeed.objects.values_list("stage").annotate(n=Count("id"))),
        "most_for_one_customer": max(per_customer, default=0),
    }
