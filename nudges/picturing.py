"""Pictures for letters: written anew when they come, so that nothing but the picture is kept; and deleted."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.models import Workspace
from nudges.composing import CannotChange
from nudges.models import NudgeContent, Picture, Snippet
from reviews.photographing import redraw


def add_picture(*, workspace: Workspace, data: bytes, alt: str, actor: User, now: datetime) -> Picture:
    """Keep a JPEG, PNG or WebP as JPEG of at most 1600 pixels a side. Raises reviews.photographing.BadPhoto."""
    drawn = redraw(data)
    picture = Picture(
        workspace=workspace,
        name=secrets.token_urlsafe(16),
        alt=alt.strip()[:200],
        width=drawn.size[0],
        height=drawn.size[1],
        size=len(drawn.large),
        added_by=actor,
        added_at=now,
    )
    default_storage.save(picture.path, ContentFile(drawn.large))
    try:
        with transaction.atomic():
            picture.save()
            detail = {"alt": picture.alt, "name": picture.name}
            record(
                workspace=workspace, actor=actor, action="add_picture", target=picture, detail=detail, now=now
            )
    except BaseException:
        default_storage.delete(picture.path)
        raise
    return picture


@transaction.atomic
def delete_picture(*, picture: Picture, actor: User, now: datetime) -> None:
    """Delete one that no words show. Letters that were sent lose it too. Raises CannotChange."""
    if is_shown(picture):
        raise CannotChange("picture", _("It is in use; take it out of those words first."))
    detail = {"alt": picture.alt, "name": picture.name}
    record(
        workspace=picture.workspace,
        actor=actor,
        action="delete_picture",
        target=picture,
        detail=detail,
        now=now,
    )
    path = picture.path
    picture.delete()
    transaction.on_commit(lambda: _delete_file(path))


def is_shown(picture: Picture) -> bool:
    """Whether words or snippets of its workspace name it."""
    words = NudgeContent.objects.filter(workspace=picture.workspace_id).annotate(
        told=Cast("blocks", TextField())
    )
    snippets = Snippet.objects.filter(workspace=picture.workspace_id).annotate(
        told=Cast("texts", TextField())
    )
    return (
        words.filter(told__contains=picture.name).exists()
        or words.filter(body__contains=picture.name).exists()
        or snippets.filter(told__contains=picture.name).exists()
    )


def _delete_file(path: str) -> None:
    with suppress(FileNotFoundError):
        default_storage.delete(path)
