"""Snippets kept: every save is a version, and every nudge that uses one gets another version too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from engagement.auditing import changes, record
from engagement.models import Workspace
from nudges.composing import CannotChange, raise_version
from nudges.models import Nudge, NudgeStatus, Snippet, SnippetVersion
from nudges.wording import BadWording
from nudges.wording.references import check_words, snippets_in


@transaction.atomic
def save_snippet(
    *,
    workspace: Workspace,
    snippet: Snippet | None = None,
    slug: str = "",
    name: str,
    texts: Mapping[str, str],
    actor: User | None,
    now: datetime,
) -> Snippet:
    """Make a snippet, or change one; its slug stays, because words name it by that. Raises CannotChange.

    The nudges that use it are another version afterwards, so what was approved of them is approved no more.
    """
    kept = {language: text.strip() for language, text in texts.items() if text.strip()}
    _refuse_bad(kept)
    if snippet is None:
        if Snippet.objects.filter(workspace=workspace, slug=slug).exists():
            raise CannotChange("slug", _("There is a snippet of this name already."))
        held = Snippet(workspace=workspace, slug=slug, version=0)
    else:
        held = Snippet.objects.select_for_update().get(pk=snippet.pk)
    changed = changes(
        {"name": held.name, "texts": held.texts if held.pk else {}}, {"name": name, "texts": kept}
    )
    if not changed:
        return held
    held.name, held.texts, held.updated_at = name, kept, now
    held.version += 1
    held.save()
    SnippetVersion.objects.create(
        workspace=workspace, snippet=held, number=held.version, texts=kept, author=actor, at=now
    )
    if "texts" in changed:
        for nudge in _nudges_with(held).order_by("pk"):
            raise_version(nudge, actor, compared_from=now)
    action = "create_snippet" if snippet is None else "change_snippet"
    detail = {"slug": held.slug, "version": held.version, "changed": sorted(changed)}
    record(workspace=workspace, actor=actor, action=action, target=held, detail=detail, now=now)
    return held


def _nudges_with(snippet: Snippet) -> QuerySet[Nudge]:
    using = snippet.uses.values("content__nudge")
    return Nudge.objects.select_for_update().filter(pk__in=using).exclude(status=NudgeStatus.ARCHIVED)


def _refuse_bad(texts: Mapping[str, str]) -> None:
    if not texts:
        raise CannotChange("texts", _("Write the words."))
    for text in texts.values():
        if len(text) > 10_000:
            raise CannotChange("texts", _("At most %(limit)s characters.") % {"limit": 10_000})
        if snippets_in(text):
            raise CannotChange("texts", _("A snippet cannot name another one."))
        try:
            check_words(text)
        except BadWording as error:
            raise CannotChange("texts", str(error)) from error


@transaction.atomic
def delete_snippet(*, snippet: Snippet, actor: User | None, now: datetime) -> None:
    """Delete one that no words name. Raises CannotChange."""
    held = Snippet.objects.select_for_update().get(pk=snippet.pk)
    if held.uses.exists():
        raise CannotChange("snippet", _("It is in use; take it out of those words first."))
    detail = {"slug": held.slug, "name": held.name}
    record(
        workspace=held.workspace, actor=actor, action="delete_snippet", target=held, detail=detail, now=now
    )
    held.delete()
