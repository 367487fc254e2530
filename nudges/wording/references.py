"""What words only name: snippets of the workspace, `{% snippet "delivery" %}` or as a block, and published guides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F

from engagement.models import Workspace
from journeys.links import hosted_url
from journeys.models import GuideStatus, GuideVersion
from nudges.models import NudgeContent, Snippet
from nudges.wording.languages import nearest
from nudges.wording.placeholders import missing_values

SNIPPET = re.compile(r'\{%-?\s*snippet\s+"([a-z0-9_-]{1,60})"\s*-?%\}')

Texts = Mapping[tuple[int, str], Mapping[str, str]]  # of snippets, by workspace and slug, then by language


def snippets_in(body: str, blocks: Sequence[Mapping[str, Any]] = ()) -> set[str]:
    """The slugs of the snippets that these words name."""
    texts = [body, *(str(block.get("markdown", "")) for block in blocks)]
    named = {slug for text in texts for slug in SNIPPET.findall(text)}
    return named | {block["slug"] for block in blocks if block.get("kind") == "snippet"}


def guides_in(blocks: Sequence[Mapping[str, Any]]) -> set[int]:
    """The ids of the guides that these blocks name."""
    told = (str(block.get("guide", "")) for block in blocks if block.get("kind") == "guide")
    return {int(guide) for guide in told if guide.isdecimal() and len(guide) < 18}


def check_words(text: str) -> None:
    """Raises BadWording where a text's placeholders cannot be read; what it names is looked up when it is saved."""
    missing_values(SNIPPET.sub("", text), {})


def bind(contents: Sequence[NudgeContent], workspaces: Mapping[int, Workspace]) -> None:
    """Put what they name into the words, in memory: two queries at most. What is not there any more stays named."""
    texts = _texts(contents)
    guides = _guides(contents, workspaces)
    for content in contents:
        where = (content.workspace_id, [content.language, workspaces[content.workspace_id].locale])
        content.body = _expanded(content.body, where, texts)
        content.blocks = [_bound(block, where, texts, guides) for block in content.blocks]


def _texts(contents: Iterable[NudgeContent]) -> Texts:
    named = {
        (content.workspace_id, slug)
        for content in contents
        for slug in snippets_in(content.body, content.blocks)
    }
    if not named:
        return {}
    rows = Snippet.objects.filter(
        workspace__in={place for place, _slug in named}, slug__in={s for _w, s in named}
    )
    return {(row.workspace_id, row.slug): row.texts for row in rows}


def _guides(
    contents: Iterable[NudgeContent], workspaces: Mapping[int, Workspace]
) -> dict[tuple[int, str], dict[str, str]]:
    """Title, summary and address of the guides, as readers see them now, by workspace and id."""
    named = {guide for content in contents for guide in guides_in(content.blocks)}
    if not named:
        return {}
    published = GuideVersion.objects.filter(
        guide__in=named,
        guide__workspace__in=workspaces,
        guide__status=GuideStatus.PUBLISHED,
        number=F("guide__published_version"),
    ).select_related("guide")
    return {
        (version.guide.workspace_id, str(version.guide_id)): {
            "title": version.title,
            "summary": version.summary,
            "url": hosted_url("guide_page", workspaces[version.guide.workspace_id], slug=version.guide.slug),
        }
        for version in published
    }


def _bound(
    block: dict[str, Any],
    where: tuple[int, Sequence[str]],
    texts: Texts,
    guides: Mapping[tuple[int, str], Mapping[str, str]],
) -> dict[str, Any]:
    workspace_id, languages = where
    if block["kind"] == "snippet":
        text = _in_language(texts.get((workspace_id, block["slug"]), {}), languages)
        return {"kind": "text", "markdown": text} if text else block
    if block["kind"] == "guide":
        found = guides.get((workspace_id, block["guide"]))
        return block | {name: _quoted(text) for name, text in found.items()} if found else block
    if "markdown" in block:
        return block | {"markdown": _expanded(block["markdown"], where, texts)}
    return block


def _expanded(text: str, where: tuple[int, Sequence[str]], texts: Texts) -> str:
    workspace_id, languages = where
    return SNIPPET.sub(
        lambda found: _in_language(texts.get((workspace_id, found[1]), {}), languages) or found[0], text
    )


def _in_language(texts: Mapping[str, str], languages: Sequence[str]) -> str:
    return nearest(texts, languages) or next(iter(texts.values()), "")


def _quoted(text: str) -> str:
    """A guide's own words are no template."""
    return text.replace("{{", "{ {").replace("{%", "{ %")
