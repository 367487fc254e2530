"""What search engines read of a guide's page: what speaks for and against each product that it compares.

Search engines take such notes from editorial pages only, so a guide's own page has them and no product's page does:
neither reviews nor an element in the shop. They need two notes on a product at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString

from engagement.embed.linked import script_json
from journeys.models import GuideVersion

LEAST_NOTES = 2


def linked_data(version: GuideVersion, blocks: Iterable[Mapping[str, Any]], *, url: str) -> SafeString | str:
    """JSON-LD of the compared products (`render_blocks`); empty where nothing is said for or against one."""
    columns = [column for block in blocks for column in block.get("columns", [])]
    products = {column["sku"]: _product(version, column, url) for column in columns if _has_notes(column)}
    return script_json({"@graph": list(products.values())}) if products else ""


def _has_notes(column: Mapping[str, Any]) -> bool:
    notes = [*column.get("pros", []), *column.get("cons", [])]
    return column["product"] is not None and len(notes) >= LEAST_NOTES


def _product(version: GuideVersion, column: Mapping[str, Any], url: str) -> dict[str, Any]:
    product, guide = column["product"], version.guide
    review = {
        "@type": "Review",
        "name": version.title,
        "url": url,
        "inLanguage": guide.language,
        "author": {"@type": "Organization", "name": guide.workspace.name},
    }
    for name, notes in (("positiveNotes", column.get("pros")), ("negativeNotes", column.get("cons"))):
        if notes:
            review[name] = _list(notes)
    said = {"@type": "Product", "name": str(product), "review": review}
    return said | ({"brand": {"@type": "Brand", "name": product.brand}} if product.brand else {})


def _list(notes: Sequence[str]) -> dict[str, Any]:
    return {
        "@type": "ItemList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": note} for place, note in enumerate(notes, 1)
        ],
    }
