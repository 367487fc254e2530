"""HTML without a template engine: whatever is filled in is escaped unless it is Html already."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape


class Html(str):
    """Text that is HTML already."""


def fill(template: str, /, **values: object) -> Html:
    """`template` with its {names} replaced; values that are not Html are escaped."""
    return Html(template.format(**{name: _safe(value) for name, value in values.items()}))


def joined(parts: Iterable[str]) -> Html:
    return Html("".join(_safe(part) for part in parts))


def data_block(name: str, value: object, *, kind: str = "application/json") -> Html:
    """JSON for a script to read; not a script itself, so a strict CSP lets it be."""
    text = json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Html(f'<script type="{kind}" id="{escape(name)}">{text}</script>')


def _safe(value: object) -> str:
    return value if isinstance(value, Html) else escape(str(value))
