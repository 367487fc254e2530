"""Guides, by the functions that the doors use."""

from __future__ import annotations

from itertools import count
from typing import Any

from engagement.models import Workspace
from journeys.guides import publish_guide, save_guide
from journeys.models import Guide, Need
from tests import make
from tests.make_journeys_base import shoe_need

_serial = count(1)
CHECKLIST = {
    "kind": "checklist",
    "items": [{"criterion": "Width", "why": "Narrow shoes hurt.", "how": "Draw around your foot."}],
}
BLOCKS = [{"kind": "text", "heading": "To begin", "markdown": "Measure **twice**."}, CHECKLIST]


def guide(workspace: Workspace, *, need: Need | None = None, published: bool = True, **values: Any) -> Guide:
    n = next(_serial)
    given = {
        "need": need or shoe_need(workspace, slug=f"need-{n}"),
        "stage": "shortlist",
        "language": "en",
        "slug": f"guide-{n}",
        "title": f"Guide {n}",
        "summary": "What to look for.",
        "blocks": BLOCKS,
        "verified_on": make.NOW.date(),
    }
    made = save_guide(workspace=workspace, values=given | values, actor=None, now=make.NOW)
    return publish_guide(guide=made, actor=None, now=make.NOW) if published else made


def comparison(*skus: str, values: list[list[str]] | None = None) -> dict[str, Any]:
    rows = values or [[f"{n}" for n in range(len(skus))]]
    return {
        "kind": "comparison",
        "columns": [{"sku": sku} for sku in skus],
        "rows": [{"label": f"Row {n}", "values": row} for n, row in enumerate(rows)],
    }
