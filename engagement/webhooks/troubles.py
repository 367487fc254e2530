"""Reads: endpoints that somebody has to look at."""

from __future__ import annotations

from engagement.models import Endpoint, Workspace


def programs_given_up(workspace: Workspace) -> list[Endpoint]:
    """Endpoints that were switched off because they took nothing, or said that they are gone. One query."""
    off = Endpoint.objects.filter(workspace=workspace, is_enabled=False).exclude(disabled_because="by_hand")
    return list(off.order_by("id"))
