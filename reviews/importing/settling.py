"""Lines with what became of them, written in one statement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from engagement.statements import run_statement
from reviews.models import LineOutcome, ReviewImportLine


class Settled(NamedTuple):
    line: ReviewImportLine
    outcome: LineOutcome
    message: str = ""
    review_id: int | None = None
    parsed: dict[str, Any] | None = None


def settle_lines(settled: Sequence[Settled]) -> None:
    run_statement(
        "reviews.settle_import_lines",
        {
            "ids": [one.line.pk for one in settled],
            "outcomes": [one.outcome.value for one in settled],
            "messages": [one.message for one in settled],
            "parsed": [json.dumps(one.parsed) if one.parsed else None for one in settled],
            "external_ids": [one.parsed["external_id"] if one.parsed else None for one in settled],
            "at": [one.parsed["at"] or None if one.parsed else None for one in settled],
            "reviews": [one.review_id for one in settled],
        },
    )
