"""What reviews show about a criterion, computed: whether people's situations in this respect change how things fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from engagement.questions import what_matters

# Below this many nats a forecast is hardly better for knowing the answer.
LEAST = 0.005


def weights_of(blocks: Sequence[Mapping[str, Any]], *, workspace_id: int, need: str) -> dict[str, str]:
    """{attribute: a sentence} for the attributes that criteria name; empty before anything was learned. One query."""
    named = {
        item["attribute"]
        for block in blocks
        if block.get("kind") == "checklist"
        for item in block.get("items", [])
        if item.get("attribute")
    }
    if not named or not need:
        return {}
    return sentences(what_matters(workspace_id=workspace_id, topic=need), named)


def sentences(found: Sequence[tuple[str, str, float]], named: set[str]) -> dict[str, str]:
    """In words, by the place among those that matter; `found` has the most important first."""
    matter = [key for key, _label, gain in found if gain >= LEAST]
    said = {}
    for key, label, _gain in found:
        if key not in named:
            continue
        if key not in matter:
            said[key] = _("In our reviews “%(what)s” has made no difference to the fit so far.")
        elif key == matter[0]:
            said[key] = _("Of all that reviewers told of themselves, “%(what)s” changed the fit most.")
        else:
            said[key] = _("In our reviews “%(what)s” changed how well things fitted.")
        said[key] %= {"what": label}
    return said
