"""Lists in pages by their last row's place, not by a count: page 1,000 costs what page 1 does."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows in order, and the cursors of the pages around them (empty: there is none)."""

    rows: Sequence[M]
    next: str
    is_first: bool


def keyset_page(rows: QuerySet[M], *, field: str, descending: bool, cursor: str, size: int) -> Page[M]:
    """The page after `cursor` of `rows` ordered by `field`, then id; a cursor that is not ours starts from the top.

    `field` must not be null. One query, whatever the place in the list.
    """
    sign = "-" if descending else ""
    ordered = rows.order_by(f"{sign}{field}", f"{sign}pk")
    place = read_cursor(cursor)
    if place is not None:
        value, key = place
        side = "lt" if descending else "gt"
        try:
            ordered = ordered.filter(
                Q(**{f"{field}__{side}": value}) | Q(**{field: value, f"pk__{side}": key})
            )
            found = list(ordered[: size + 1])
        except (ValueError, TypeError, ValidationError):
            return keyset_page(rows, field=field, descending=descending, cursor="", size=size)
    else:
        found = list(ordered[: size + 1])
    shown = found[:size]
    following = write_cursor(getattr(shown[-1], field), shown[-1].pk) if len(found) > size else ""
    return Page(rows=shown, next=following, is_first=place is None)


def write_cursor(value: Any, key: int) -> str:
    text = json.dumps(
        [value.isoformat() if isinstance(value, datetime) else value, key], separators=(",", ":")
    )
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[Any, int] | None:
    try:
        value, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, binascii.Error):
        return None
    if not isinstance(value, str | int | float) or isinstance(value, bool) or not isinstance(key, int):
        return None
    return (value, key) if "\x00" not in str(value) else None
