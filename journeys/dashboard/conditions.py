"""What the condition editor offers of needs."""

from __future__ import annotations

from typing import Any

from engagement.models import Workspace
from journeys.models import Need, Stage


def choices(workspace: Workspace) -> dict[str, Any]:
    """The workspace's needs by their short names, and the stages. One query."""
    needs = Need.objects.filter(workspace=workspace)
    return {
        "needs": [[need.slug, need.name] for need in needs],
        "stages": [[stage.value, str(stage.label)] for stage in Stage],
    }
