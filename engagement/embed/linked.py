"""Linked data for search engines: JSON that may stand in a script element of a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.safestring import SafeString, mark_safe

ESCAPED = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def script_json(data: Mapping[str, Any]) -> SafeString:
    """For `<script type="application/ld+json">`: nothing in it can end the element."""
    text = json.dumps({"@context": "https://schema.org"} | dict(data), ensure_ascii=False)
    return mark_safe(text.translate(ESCAPED))  # noqa: S308 - nothing in it can end the script element
