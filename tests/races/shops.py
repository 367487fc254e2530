"""Run inside the installation: makes workspaces whose customers want things, and counts what became of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum

from engagement.keeping import make_partitions
from engagement.keys import SCOPES, make_key
from engagement.models import Category, Customer, Event, Unread, Workspace
from journeys.models import CustomerNeed, Need, Stage, StageChange
from journeys.needs import install_default_evidence
from nudges.audits import find_drift, find_violations
from nudges.considering import let_into, put_forward, start_broadcast
from nudges.flowing import create_flow, publish_flow
from nudges.models import (
    Broadcast,
    Candidate,
    Cap,
    Decision,
    Flow,
    FlowRun,
    FlowTally,
    Message,
    Nudge,
    NudgeContent,
    Policy,
    Waiting,
)
from tests import make

CAP = 2
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland"]


def make_storm_shop(name: str, customers: int, now: datetime) -> dict[str, Any]:
    """Customers in several zones, limits of several kinds, nudges that their stages start, and two flows."""
    make_partitions(now=now)
    workspace = make_workspace(name)
    Policy.objects.create(workspace=workspace, collect_seconds=0, business_share_percent=60)
    for scope, value, window, limit in [
        ("any", "", {"window": "rolling", "seconds": 86400}, CAP),
        ("interest", "business", {"window": "calendar", "unit": "day"}, 1),
        ("category", "", {"window": "calendar", "unit": "week"}, 6),
    ]:
        Cap.objects.create(workspace=workspace, scope=scope, scope_value=value, limit=limit, **window)
    for slug in ("tents", "boots"):
        need = Need.objects.create(workspace=workspace, slug=slug, name=slug, rules={"categories": [slug]})
        for number in range(2):
            make_nudge(
                workspace,
                f"{slug} {number}",
                trigger="stage_change",
                trigger_stage=Stage.SHORTLIST,
                trigger_need=need,
            )
    make_storm_flows(workspace, now - timedelta(days=1))  # clocks go backwards: it listens since before
    for number in range(customers):
        user = f"customer-{number}"
        make.customer(
            workspace, external_id=user, email=f"{user}@{name}.example", timezone=ZONES[number % len(ZONES)]
        )
    _, key = make_key(workspace=workspace, kind="write", name="storm")
    return {"workspace": workspace.pk, "write_key": key}


def make_storm_flows(workspace: Workspace, now: datetime) -> None:
    """One that an event lets in, which everybody does twice, and one for the API; waits are over within a day."""
    named = [
        {"kind": "nudge", "nudge": make_nudge(workspace, f"flow {n}", trigger="api", on_cap="defer").pk}
        for n in range(3)
    ]
    ask = {"kind": "condition", "if": {"identified": True}, "yes": [named[1]], "no": [{"kind": "exit"}]}
    both: list[dict[str, Any]] = [
        {
            "trigger": "event",
            "trigger_event": "Product Added",
            "steps": [named[0], {"kind": "wait", "for": "6h"}, ask],
        },
        {"trigger": "api", "steps": [{"kind": "wait", "for": "1h"}, named[2]]},
    ]
    for values in both:
        flow = create_flow(workspace=workspace, name=values["trigger"], values=values, actor=None, now=now)
        publish_flow(flow=flow, actor=None, now=now)


def make_replay_shop() -> dict[str, Any]:
    """An empty workspace that a replay can fill by the API, with room for two messages a week."""
    workspace = make_workspace(f"replay-{Workspace.objects.count()}")
    Policy.objects.create(workspace=workspace, collect_seconds=0)
    Cap.objects.create(workspace=workspace, scope="any", window="rolling", seconds=7 * 86400, limit=CAP)
    _, write_key = make_key(workspace=workspace, kind="write", name="replay")
    _, secret_key = make_key(workspace=workspace, kind="secret", name="replay", scopes=SCOPES)
    return {"workspace": workspace.pk, "write_key": write_key, "secret_key": secret_key}


def make_workspace(slug: str) -> Workspace:
    workspace = Workspace.objects.create(
        name=slug, slug=slug, sender_email="shop@example.org", holdout_percent=0
    )
    install_default_evidence(workspace)
    for topic in ("tips", "news"):
        Category.objects.create(workspace=workspace, slug=topic, name=topic, opt_in=False)
    return workspace


def make_nudge(workspace: Workspace, name: str, **fields: Any) -> Nudge:
    wanted = {"promise": "choose_well", "interest": "customer", "category": "tips"} | fields
    nudge = Nudge.objects.create(
        workspace=workspace,
        name=name,
        channels=["email"],
        status="active",
        **wanted | {"category": workspace.categories.get(slug=wanted["category"])},
    )
    NudgeContent.objects.create(
        workspace=workspace, nudge=nudge, channel="email", subject=name, body="Hello."
    )
    return nudge


def start_broadcasts(workspace_id: int, wanted: list[dict[str, Any]], now: datetime) -> list[int]:
    """Several broadcasts at once, each of a nudge of its own."""
    workspace = Workspace.objects.get(pk=workspace_id)
    nudges = [
        make_nudge(workspace, f"news {workspace.nudges.count()}", trigger="broadcast", **fields)
        for fields in wanted
    ]
    return [start_broadcast(nudge=nudge, started_by=None, now=now).pk for nudge in nudges]


def put_forward_to_all(workspace_id: int, occasion: str, now: datetime) -> int:
    """As the API does it, to every customer."""
    workspace = Workspace.objects.get(pk=workspace_id)
    nudge = make_nudge(workspace, occasion, trigger="api", on_cap="defer", expires_after_hours=30)
    customers = list(Customer.objects.filter(workspace=workspace).values_list("pk", flat=True))
    return put_forward(nudge=nudge, customer_ids=customers, occasion=occasion, now=now)


def let_all_in(workspace_id: int, occasion: str, now: datetime) -> int:
    """Every customer asks to come into the flow for the API."""
    flow = Flow.objects.get(workspace=workspace_id, version__trigger="api")
    customers = list(Customer.objects.filter(workspace=workspace_id).values_list("pk", flat=True))
    return let_into(flow=flow, customer_ids=customers, occasion=occasion, now=now)


def flow_books(workspace_id: int) -> dict[str, set[Any]]:
    """Of each flow: who is in which state, what stands in its tallies, and what its steps put forward."""
    runs = FlowRun.objects.filter(workspace=workspace_id)
    tallies = FlowTally.objects.filter(workspace=workspace_id).order_by()
    tallied = tallies.values_list("flow", "step", "what").annotate(n=Sum("n"))
    return {
        "finished": set(by(runs.filter(state="finished"), "flow").values()),
        "refused": set(by(runs.filter(state="refused"), "flow").values()),
        "other ends": set(runs.exclude(state="finished").values_list("state", "ended_by"))
        - {("refused", "already_inside"), ("refused", "inside_before")},
        "went on at each step": {n for _flow, step, _what, n in tallied if step},
        "put forward by each nudge": set(
            by(Candidate.objects.filter(workspace=workspace_id, flow_run__state="finished"), "nudge").values()
        ),
    }


def count(workspace_id: int, now: datetime) -> dict[str, Any]:
    """What is waiting, and what became of what was."""
    ours: dict[str, Any] = {"workspace_id": workspace_id}
    tracked = Event.objects.filter(**ours, source="tracking")
    messages = Message.objects.filter(**ours)
    waiting = {
        "unread": Unread.objects.filter(customer__workspace_id=workspace_id).count(),
        "changes": StageChange.objects.filter(**ours, considered_at=None).count(),
        "broadcasts": Broadcast.objects.filter(**ours, state="running").count(),
        "runs": FlowRun.objects.filter(**ours, state="entering").count()
        + FlowRun.objects.filter(**ours, state="running", due_at__lte=now).count(),
        "due": Waiting.objects.filter(**ours, due_at__lte=now + timedelta(minutes=6)).count(),
        "messages": messages.filter(state="decided").count(),
        "claimed": messages.filter(state="claimed").count(),
    }
    return {
        "waiting": {name: number for name, number in waiting.items() if number},
        "events": tracked.count(),
        "event_ids": tracked.values("message_id").distinct().count(),
        "candidates": Candidate.objects.filter(**ours).count(),
        "put_forward": by(Candidate.objects.filter(**ours).exclude(broadcast=None), "broadcast"),
        "decisions": Decision.objects.filter(**ours).count(),
        "outcomes": by(Decision.objects.filter(**ours), "outcome"),
        "reasons": by(Decision.objects.filter(**ours), "reason"),
        "messages": by(messages, "state"),
        "not_as_decided": not_as_decided(ours),
        "sent": ids(messages.filter(state="sent")),
        "unknown": ids(messages.filter(state="unknown")),
        "stages": by(CustomerNeed.objects.filter(**ours), "stage"),
        "most_for_one_customer": max(by(messages.filter(counts=True), "customer").values(), default=0),
    }


def by(rows: QuerySet[Any], name: str) -> dict[Any, int]:
    return dict(rows.order_by().values_list(name).annotate(n=Count("id")))


def not_as_decided(ours: dict[str, Any]) -> list[int]:
    """Candidates to be sent to that have no message, or a cancelled one; held back ones that have one that is not."""
    wanted = Decision.objects.filter(**ours, outcome="send").values_list("candidate", flat=True)
    going = Message.objects.filter(**ours).exclude(state="cancelled").values_list("candidate", flat=True)
    return sorted(set(wanted) ^ set(going))


def ids(messages: QuerySet[Message]) -> list[str]:
    return [str(dispatch_id) for dispatch_id in messages.values_list("dispatch_id", flat=True)]


def audit(now: datetime) -> list[str]:
    """What `manage.py audit_caps` finds in the whole installation."""
    return [*map(str, find_violations()), *map(str, find_drift(now=now))]
