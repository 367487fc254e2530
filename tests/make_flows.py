"""Factories for flows and for who is in them."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from engagement.models import Customer, Workspace
from nudges.models import Flow, FlowRun, FlowVersion, Nudge
from tests.make import NOW

_serial = count(1)


def flow(workspace: Workspace, *steps: dict[str, Any], **fields: Any) -> Flow:
    """A live flow with these steps that your program lets people into, once; `state`, `name`, `slug` are the flow's.

    All other fields are its version's.
    """
    n = next(_serial)
    own = {name: fields.pop(name) for name in ("name", "slug", "state", "listens_since") if name in fields}
    made = Flow.objects.create(
        workspace=workspace, **{"name": f"Flow {n}", "slug": f"flow-{n}"} | own | {"state": "draft"}
    )
    made.version = version(made, *steps, published_at=NOW, **fields)
    made.state = own.get("state", "live")
    made.listens_since = own.get("listens_since", NOW)
    made.save()
    return made


def version(flow: Flow, *steps: dict[str, Any], **fields: Any) -> FlowVersion:
    number = FlowVersion.objects.filter(flow=flow).count() + 1
    named = [{"id": f"s{place}"} | step for place, step in enumerate(steps, 1)]
    return FlowVersion.objects.create(flow=flow, number=number, steps=named, **{"trigger": "api"} | fields)


def say(nudge: Nudge, **fields: Any) -> dict[str, Any]:
    """A step that puts a nudge forward."""
    return {"kind": "nudge", "nudge": nudge.pk} | fields


def wait(span: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "wait", "for": span} | fields


def run(flow: Flow, customer: Customer, *, at: datetime = NOW, **fields: Any) -> FlowRun:
    """A customer inside, at the first step, unless the fields say otherwise."""
    assert flow.version is not None
    return FlowRun.objects.create(
        workspace=flow.workspace,
        customer=customer,
        flow=flow,
        version=flow.version,
        **{
            "occasion": f"test:{next(_serial)}",
            "state": "running",
            "step": "s1",
            "asked_at": at,
            "due_at": at,
        }
        | fields,
    )
