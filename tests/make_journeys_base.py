"""A need as shops have it, with questions about the situation."""

from __future__ import annotations

from typing import Any

from engagement.models import Workspace
from journeys.models import Need


def shoe_need(workspace: Workspace, **fields: Any) -> Need:
    given = {
        "slug": "running-shoes",
        "name": "Running shoes",
        "rules": {"categories": ["road SHOES"], "skus": [], "search_terms": [], "page_topics": []},
        "context_attributes": [
            {"key": "width", "label": "Foot width", "purpose": "Width returns more shoes than length.",
             "options": ["narrow", "regular", "wide"]},
            {"key": "ground", "label": "Ground", "purpose": "", "options": ["road", "trail"]},
        ],
        "fit_question": "How did the size turn out?",
        "fit_options": ["too small", "as expected", "too large"],
    }  # fmt: skip
    return Need.objects.create(workspace=workspace, **given | fields)
