"""The words of nudges written and taken away. Every change makes another version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.auditing import changes, record
from engagement.models import ApiKey
from journeys.models import Guide
from nudges.composing import CannotChange, lacks_words, raise_version
from nudges.models import Nudge, NudgeContent, NudgeStatus, Snippet, SnippetUse
from nudges.variants import tried
from nudges.wording.blocks import check_blocks
from nudges.wording.references import guides_in, snippets_in

WORDS: dict[str, Any] = {"subject": "", "body": "", "blocks": [], "link_url": "", "link_label": ""}


@transaction.atomic
def save_content(
    *,
    nudge: Nudge,
    channel: str,
    language: str,
    values: dict[str, Any],
    extras: dict[str, str] | None = None,
    variant: str = "",
    actor: User | ApiKey | None,
    now: datetime,
) -> NudgeContent:
    """Write a nudge's words for one channel in one language; `values` holds WORDS, checked for placeholders before.

    `extras` are the channel's own fields (`nudges.channels.extras`); None leaves them as they are. `variant` is the key
    of one that is tried; empty: the plain words. Raises CannotChange.
    """
    held = Nudge.objects.select_for_update().get(pk=nudge.pk)
    if held.status == NudgeStatus.ARCHIVED:
        raise CannotChange("status", _("An archived nudge can't be changed; make a new one."))
    if variant and variant not in {one.key for one in tried(held)}:
        raise CannotChange("variant", _("There is no such variant."))
    words = WORDS | {word: values[word] for word in WORDS if word in values}
    used = snippets_used(held, words)
    place: dict[str, Any] = {"channel": channel, "language": language, "variant": variant}
    content = NudgeContent.objects.filter(nudge=held, **place).first()
    before: dict[str, Any] = {word: getattr(content, word) for word in WORDS} if content else {}
    kept = content.extras if content else {}
    own = kept if extras is None else extras
    changed = changes(before | kept, words | dict.fromkeys(kept, "") | own)
    if content and not changed:
        return content
    content, _made = NudgeContent.objects.update_or_create(
        nudge=held,
        **place,
        defaults={"workspace": held.workspace, "extras": own} | words,
    )
    note_uses(content, used)
    raise_version(held, actor, compared_from=now)
    detail = place | {"changed": sorted(changed)}
    record(workspace=held.workspace, actor=actor, action="change_words", target=held, detail=detail, now=now)
    return content


def snippets_used(nudge: Nudge, words: dict[str, Any]) -> list[Snippet]:
    """The snippets that these words name; raises CannotChange where words cannot be kept, naming the field."""
    if problems := check_blocks(words["blocks"]):
        raise CannotChange("blocks", " ".join(map(str, problems)))
    if words["blocks"] and words["body"]:
        raise CannotChange("body", _("A letter is made of blocks or of one text, not of both."))
    if not words["blocks"] and not words["body"]:
        raise CannotChange("body", _("Write the words."))
    named = snippets_in(words["body"], words["blocks"])
    found = list(Snippet.objects.filter(workspace=nudge.workspace_id, slug__in=named).select_for_update())
    if unknown := sorted(named - {snippet.slug for snippet in found}):
        field = "blocks" if words["blocks"] else "body"
        raise CannotChange(field, _("There is no snippet “%(slug)s”.") % {"slug": unknown[0]})
    guides = guides_in(words["blocks"])
    if Guide.objects.filter(workspace=nudge.workspace_id, pk__in=guides).count() < len(guides):
        raise CannotChange("blocks", _("There is no such guide."))
    return found


def note_uses(content: NudgeContent, used: list[Snippet]) -> None:
    """Keep which snippets the words name, in place of what was kept before."""
    content.snippet_uses.exclude(snippet__in=used).delete()
    SnippetUse.objects.bulk_create(
        [SnippetUse(workspace_id=content.workspace_id, snippet=one, content=content) for one in used],
        ignore_conflicts=True,
    )


@transaction.atomic
def delete_content(*, content: NudgeContent, actor: User | ApiKey | None, now: datetime) -> None:
    """Take away words for one channel and language. An active nudge keeps some for everybody: raises CannotChange."""
    held = Nudge.objects.select_for_update().get(pk=content.nudge_id)
    detail = {name: getattr(content, name) for name in ("channel", "language", "variant")}
    content.delete()
    if held.status == NudgeStatus.ACTIVE and lacks_words(held):
        raise CannotChange("contents", _("An active nudge needs words; pause it first."))
    raise_version(held, actor, compared_from=now)
    record(workspace=held.workspace, actor=actor, action="delete_words", target=held, detail=detail, now=now)
