"""Two versions of a guide line by line: what was taken away and what was added, as a person reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from journeys.models import GuideVersion


class Line(NamedTuple):
    """`change` is same, added or removed; `gap` lines stand for unchanged ones that were left out."""

    change: str
    text: str


AROUND = 2  # unchanged lines that are shown beside a change


def compare_versions(old: GuideVersion, new: GuideVersion) -> list[Line]:
    """The lines of both in one list; empty when nothing differs."""
    before, after = list(lines_of(old)), list(lines_of(new))
    if before == after:
        return []
    found: list[Line] = []
    for tag, i, j, k, m in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if tag == "equal":
            found += shortened(before[i:j])
            continue
        found += [Line("removed", text) for text in before[i:j]]
        found += [Line("added", text) for text in after[k:m]]
    return found


def shortened(same: Sequence[str]) -> list[Line]:
    lines = [Line("same", text) for text in same]
    if len(lines) <= 2 * AROUND + 1:
        return lines
    return [*lines[:AROUND], Line("gap", "…"), *lines[-AROUND:]]


def lines_of(version: GuideVersion) -> Iterator[str]:
    """Title, summary, and every text of every block, one a line, with the field that it stands in."""
    yield version.title
    if version.summary:
        yield version.summary
    for place, block in enumerate(version.blocks, 1):
        yield f"{place}. {block['kind']}"
        yield from texts_in({key: value for key, value in block.items() if key != "kind"}, "")


def texts_in(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "key":
                yield from texts_in(inner, f"{name} {key}".strip())
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner, name)
    elif value not in ("", None):
        for line in str(value).splitlines() or [""]:
            yield f"   {name}: {line}"
