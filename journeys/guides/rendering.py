"""A guide's blocks made ready to show: Markdown as safe HTML, columns as products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from engagement.models import Product, ProductKind, Workspace
from journeys.guides.weights import weights_of
from journeys.models import GuideVersion

TAGS = {
    "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "hr", "li", "ol", "p", "pre", "strong", "table", "tbody",
    "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
# A guide's own headings are h2: those of its texts begin below.
LOWERED = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h5", "h6": "h5"}

_reader = MarkdownIt("commonmark", {"html": False}).enable("table")


class RenderedGuide(NamedTuple):
    """A published version with its blocks ready to show."""

    version: GuideVersion
    blocks: list[dict[str, Any]]


def render_guide(version: GuideVersion) -> RenderedGuide:
    guide = version.guide
    return RenderedGuide(
        version, render_blocks(version.blocks, workspace=guide.workspace, need=guide.need.slug)
    )


def render_markdown(source: str) -> SafeString:
    """Safe HTML of a Markdown text: no scripts, styles, images or frames; links to the web and to mail only."""
    tokens = _reader.parse(source)
    for token in tokens:
        token.tag = LOWERED.get(token.tag, token.tag)
    html = nh3.clean(
        _reader.renderer.render(tokens, _reader.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
    )
    return mark_safe(html)  # noqa: S308 - nh3 has just cleaned it


def render_blocks(
    blocks: list[dict[str, Any]], *, workspace: Workspace, need: str = ""
) -> list[dict[str, Any]]:
    """The blocks with `html` beside every Markdown, comparisons laid out, what reviews show beside criteria.

    At most two queries.
    """
    weights = weights_of(blocks, workspace_id=workspace.pk, need=need)
    columns = [column for block in blocks for column in block.get("columns", [])]
    skus = {column["sku"] for column in columns}
    products = {p.sku: p for p in Product.objects.filter(workspace=workspace, sku__in=skus)} if skus else {}
    return [_rendered(block, products, weights) for block in blocks]


def _rendered(
    block: dict[str, Any], products: dict[str, Product], weights: Mapping[str, str]
) -> dict[str, Any]:
    match block["kind"]:
        case "checklist":
            return block | {
                "items": [
                    item | {"weight": weights.get(item.get("attribute", ""), "")} for item in block["items"]
                ]
            }
        case "text":
            return block | {"html": render_markdown(block["markdown"])}
        case "question":
            return block | {"html": render_markdown(block["answer"])}
        case "not_for":
            return block | {"items": [render_markdown(item) for item in block["items"]]}
        case "care":
            return block | {"steps": [_with_html(step) for step in block["steps"]]}
        case "changed":
            return block | {"situations": [_with_html(one) for one in block["situations"]]}
        case "comparison":
            return _comparison(block, products)
        case _:
            return block


def _with_html(part: dict[str, Any]) -> dict[str, Any]:
    return part | {"html": render_markdown(part["markdown"])}


def _comparison(block: dict[str, Any], products: dict[str, Product]) -> dict[str, Any]:
    """Columns as products, must-haves first, and in each row the cells that differ from what several have."""
    columns = [column | {"product": products.get(column["sku"])} for column in block["columns"]]
    for column in columns:
        product = column["product"]
        column["is_outside"] = product is not None and product.kind == ProductKind.OUTSIDE
        if product is not None and product.source_url and not column.get("source"):
            column["source"] = {"title": "", "url": product.source_url}
    rows = sorted((_row(row, columns) for row in block["rows"]), key=lambda row: not row.get("must_have"))
    has_points = any(column.get("pros") or column.get("cons") for column in columns)
    return block | {"columns": columns, "rows": rows, "has_points": has_points}


def _row(row: dict[str, Any], columns: list[dict[str, Any]]) -> dict[str, Any]:
    value, count = Counter(row["values"]).most_common(1)[0]
    usual = value if count > 1 else None
    cells = [
        {
            "value": cell,
            "differs": usual is not None and cell != usual,
            "name": str(column["product"] or column["sku"]),
            "is_outside": column["is_outside"],
        }
        for cell, column in zip(row["values"], columns, strict=True)
    ]
    return row | {"cells": cells}
