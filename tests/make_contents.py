"""Factories for what letters are made of: snippets, pictures, blocks."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from engagement.models import Workspace
from nudges.models import Picture, Snippet
from nudges.snippeting import save_snippet
from tests.make import NOW

_serial = count(1)


def snippet(workspace: Workspace, slug: str = "", **texts: str) -> Snippet:
    """A snippet with its first version; without texts it greets in English."""
    slug = slug or f"snippet-{next(_serial)}"
    return save_snippet(
        workspace=workspace, slug=slug, name=slug, texts=texts or {"en": "Best, **Ada**"}, actor=None, now=NOW
    )


def picture(workspace: Workspace, **fields: Any) -> Picture:
    """A picture with a file of one byte."""
    made = Picture.objects.create(
        workspace=workspace,
        **{"name": f"picture-{next(_serial)}", "width": 1, "height": 1, "size": 1, "added_at": NOW} | fields,
    )
    default_storage.save(made.path, ContentFile(b"x"))
    return made


def png(width: int = 20, height: int = 10) -> BytesIO:
    """A file that could be uploaded."""
    file = BytesIO()
    Image.new("RGB", (width, height), "red").save(file, "PNG")
    file.seek(0)
    file.name = "red.png"
    return file
