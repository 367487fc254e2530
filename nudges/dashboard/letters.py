"""What the editor of a letter's blocks needs: which kinds there are, with which fields, and what can be chosen."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.models import Workspace
from journeys.models import Guide, GuideStatus
from nudges.models import Picture, Snippet
from nudges.wording.blocks import KINDS, MOST_PRODUCTS

OFFERED = 300
NAMES = {
    "heading": gettext_lazy("Heading"),
    "text": gettext_lazy("Text"),
    "button": gettext_lazy("Button"),
    "picture": gettext_lazy("Picture"),
    "products": gettext_lazy("Products they looked at"),
    "guide": gettext_lazy("Guide"),
    "divider": gettext_lazy("Line"),
    "snippet": gettext_lazy("Snippet"),
    "mjml": gettext_lazy("Own MJML"),
}
# How a field is written: on a line, in an area, as code, or chosen.
FIELDS: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "heading": (("text", "line", gettext_lazy("Heading")),),
    "text": (("markdown", "area", gettext_lazy("Text (Markdown)")),),
    "button": (("label", "line", gettext_lazy("Words on it")), ("url", "line", gettext_lazy("Address"))),
    "picture": (
        ("src", "picture", gettext_lazy("Picture")),
        ("alt", "line", gettext_lazy("What is to be seen, for who cannot see it")),
        ("url", "line", gettext_lazy("Leads to (address)")),
    ),
    "products": (
        ("count", "choice", gettext_lazy("At most")),
        ("label", "line", gettext_lazy("Words on their buttons (empty: none)")),
    ),
    "guide": (
        ("guide", "choice", gettext_lazy("Guide")),
        ("label", "line", gettext_lazy("Words on its button")),
    ),
    "divider": (),
    "snippet": (("slug", "choice", gettext_lazy("Snippet")),),
    "mjml": (("source", "code", gettext_lazy("Sections of MJML")),),
}


def vocabulary(workspace: Workspace) -> dict[str, Any]:
    """For the script: kinds with their fields, and what may be chosen in the fields that offer a choice."""
    return {
        "kinds": [
            {
                "kind": kind,
                "name": str(NAMES[kind]),
                "fields": [[*field[:2], str(field[2])] for field in FIELDS[kind]],
            }
            for kind in KINDS
        ],
        "choices": {
            "count": [[str(n), str(n)] for n in range(1, MOST_PRODUCTS + 1)],
            "guide": guides_of(workspace),
            "slug": [
                [row.slug, row.name]
                for row in Snippet.objects.filter(workspace=workspace).order_by("name")[:OFFERED]
            ],
            "src": pictures_of(workspace),
        },
        "words": editor_words(),
    }


def guides_of(workspace: Workspace) -> list[list[str]]:
    rows = Guide.objects.filter(workspace=workspace, status=GuideStatus.PUBLISHED).order_by("title")
    return [[str(guide.pk), f"{guide.title} ({guide.language})"] for guide in rows[:OFFERED]]


def pictures_of(workspace: Workspace) -> list[list[str]]:
    rows = Picture.objects.filter(workspace=workspace).order_by("-added_at")
    return [[picture.address, picture.alt or picture.name] for picture in rows[:OFFERED]]


def editor_words() -> dict[str, str]:
    """The editor's own words, so that its script needs no language of its own."""
    return {
        "add": _("Add"),
        "remove": _("Remove"),
        "up": _("Move up"),
        "down": _("Move down"),
        "drag": _("Drag to another place"),
        "moved": _("Moved to place"),
        "removed": _("Removed"),
        "empty": _("No block yet. Begin with a heading or a text."),
        "choose": _("Choose…"),
        "upload": _("Upload a picture"),
        "uploading": _("Uploading…"),
        "address": _("or the address of one"),
        "suggestions": _("What is known"),
        "none": _("There is none yet."),
    }
