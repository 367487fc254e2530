"""What the editor of a guide's blocks needs: kinds of blocks and its own words, and products to compare."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.models import Product, Workspace
from journeys.guides import KINDS
from journeys.models import Need

KIND_NAMES = {
    "text": gettext_lazy("Best practice"),
    "checklist": gettext_lazy("Checklist"),
    "comparison": gettext_lazy("Comparison, with what we don't sell"),
    "not_for": gettext_lazy("Who should not buy this"),
    "care": gettext_lazy("First week and care"),
    "changed": gettext_lazy("When circumstances change"),
    "question": gettext_lazy("Question and answer"),
    "situation": gettext_lazy("Questions about their situation"),
}


def vocabulary(workspace: Workspace) -> dict[str, Any]:
    """What the editor's script needs: kinds of blocks in words, and products to compare."""
    products = Product.objects.filter(workspace=workspace).order_by("name", "sku")[:500]
    return {
        "kinds": [[kind, str(KIND_NAMES[kind])] for kind in KINDS],
        "attributes": attributes_of(workspace),
        "products": [[p.sku, f"{p.name or p.sku} ({p.get_kind_display()})"] for p in products],
        "words": editor_words(),
    }


def attributes_of(workspace: Workspace) -> list[list[str]]:
    """What is asked about situations, for the criteria that reviews can weigh."""
    rows = [row for need in Need.objects.filter(workspace=workspace) for row in need.context_attributes]
    known = {row["key"]: str(row.get("label") or row["key"]) for row in rows}
    return [["", _("nothing")], *([key, label] for key, label in known.items())]


def read_blocks(text: str) -> list[Any] | None:
    try:
        blocks = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return None
    return blocks if isinstance(blocks, list) else None


def editor_words() -> dict[str, str]:
    """The editor's own words, so that its script needs no language of its own."""
    return {
        "add": _("Add"),
        "remove": _("Remove"),
        "up": _("Move up"),
        "down": _("Move down"),
        "heading": _("Heading"),
        "markdown": _("Text (Markdown)"),
        "criterion": _("What to look for"),
        "why": _("Why it matters"),
        "how": _("How to check it"),
        "evidence": _("What it rests on"),
        "attribute": _("Weighed in reviews by"),
        "item": _("Point"),
        "when": _("When"),
        "situation": _("If…"),
        "url": _("Link"),
        "question": _("Question"),
        "answer": _("Answer"),
        "product": _("Product"),
        "note": _("Note"),
        "pros": _("Speaks for it, one a line"),
        "cons": _("Speaks against it, one a line"),
        "row": _("Compared by"),
        "meaning": _("What it means"),
        "must_have": _("A must"),
        "value": _("Value for"),
        "sources": _("Sources"),
        "title": _("Title"),
        "asks": _("What the need asks, to readers who are known. For everybody else the block is left out."),
        "addItem": _("Add a point"),
        "addColumn": _("Add a product"),
        "addRow": _("Add a row"),
        "addSource": _("Add a source"),
        "empty": _("No block yet. Begin with what to look for: a checklist."),
        "moved": _("Moved to place"),
        "drag": _("Drag to another place"),
        "source_title": _("Source"),
        "source_url": _("Source's address"),
    }
