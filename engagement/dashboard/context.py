"""What every dashboard page's frame shows."""

from typing import Any

from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """Variables of the frame; empty outside the dashboard."""
    return {}
