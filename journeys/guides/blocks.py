"""What a guide is made of, and what is wrong with a list of blocks that somebody wrote.

A block is {"kind": …, "heading"?: text, "sources"?: [{"title", "url"}], …} and, by its kind:

    text        "markdown"
    checklist   "items": [{"key"?, "criterion", "why", "how"?, "evidence"?, "attribute"?}]   what to look for, to be
                ticked off; `attribute` is the question about the situation whose weight in reviews is shown beside
    comparison  "columns": [{"sku", "note"?, "pros"?: [text], "cons"?: [text], "source"?: {"title", "url"}}], 2 to 5,
                own products and outside alternatives of the catalogue; "rows": [{"label", "meaning"?, "must_have"?,
                "values": [one a column]}]
    not_for     "items": [text]                          who should not buy this
    care        "steps": [{"when", "markdown"}]          first week, keeping it well
    changed     "situations": [{"situation", "markdown", "url"?}]     resize, repair, return, resell, upgrade
    question    "question", "answer"
    situation   what the need asks about a person's situation, to whom it may be noted: a known reader
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from engagement.models import Product, ProductKind, Workspace

MOST_BLOCKS = 60
MOST_ITEMS = 40
COLUMNS = (2, 5)
MOST_POINTS = 5
LINE, PARAGRAPH, PAGE = 200, 1000, 20_000


class Problem(NamedTuple):
    """Where, such as "2.items.0.why", and what to do about it."""

    path: str
    message: str


Checker = Callable[[Any, str], list[Problem]]


def check_blocks(blocks: object, *, workspace: Workspace) -> list[Problem]:
    """Everything wrong with `blocks`, in order; an empty list means that they can be kept and shown."""
    if not isinstance(blocks, list):
        return [Problem("", _("Must be a list of blocks."))]
    if len(blocks) > MOST_BLOCKS:
        return [Problem("", _("At most %(most)s blocks; split the guide.") % {"most": MOST_BLOCKS})]
    problems = [problem for place, block in enumerate(blocks) for problem in _block(block, str(place))]
    return problems or _check_products(blocks, workspace)


def _block(block: object, path: str) -> list[Problem]:
    if not isinstance(block, dict):
        return [Problem(path, _("Must be an object with a kind."))]
    fields = KINDS.get(block.get("kind", ""))
    if fields is None:
        known = ", ".join(KINDS)
        return [Problem(f"{path}.kind", _("Unknown kind; choose one of %(known)s.") % {"known": known})]
    problems = _fields(fields | COMMON)({k: v for k, v in block.items() if k != "kind"}, path)
    return problems or (_check_values(block, path) if block["kind"] == "comparison" else [])


def _fields(fields: dict[str, Checker]) -> Checker:
    """An object with these fields; a name that ends in "?" may be left out."""
    names = {name.rstrip("?"): checker for name, checker in fields.items()}
    needed = [name for name in fields if not name.endswith("?")]

    def check(value: Any, path: str) -> list[Problem]:
        if not isinstance(value, dict):
            return [Problem(path, _("Must be an object."))]
        known = ", ".join(names)
        problems = [
            Problem(f"{path}.{name}", _("Is not known here; known are %(known)s.") % {"known": known})
            for name in value
            if name not in names
        ]
        problems += [Problem(f"{path}.{name}", _("Is missing.")) for name in needed if name not in value]
        for name in names.keys() & value.keys():
            problems += names[name](value[name], f"{path}.{name}")
        return sorted(problems)

    return check


def _text(longest: int, *, empty: bool = False) -> Checker:
    def check(value: Any, path: str) -> list[Problem]:
        if not isinstance(value, str):
            return [Problem(path, _("Must be text."))]
        if not empty and not value.strip():
            return [Problem(path, _("Must not be empty."))]
        if len(value) > longest:
            return [Problem(path, _("At most %(most)s characters.") % {"most": longest})]
        return []

    return check


def _list(of: Checker, *, least: int = 1, most: int = MOST_ITEMS) -> Checker:
    def check(value: Any, path: str) -> list[Problem]:
        if not isinstance(value, list):
            return [Problem(path, _("Must be a list."))]
        if not least <= len(value) <= most:
            return [
                Problem(path, _("Must have %(least)s to %(most)s entries.") % {"least": least, "most": most})
            ]
        return [problem for place, one in enumerate(value) for problem in of(one, f"{path}.{place}")]

    return check


def _url(value: Any, path: str) -> list[Problem]:
    try:
        parts = urlsplit(value) if isinstance(value, str) and len(value) <= PARAGRAPH else None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        return [Problem(path, _("Must be an address that begins with https:// or http://."))]
    return []


def _flag(value: Any, path: str) -> list[Problem]:
    return [] if isinstance(value, bool) else [Problem(path, _("Must be true or false."))]


def _check_values(block: dict[str, Any], path: str) -> list[Problem]:
    """Every row has one value a column."""
    width = len(block["columns"])
    return [
        Problem(
            f"{path}.rows.{place}.values",
            _("Must have one value for each of the %(width)s columns.") % {"width": width},
        )
        for place, row in enumerate(block["rows"])
        if len(row["values"]) != width
    ]


def _check_products(blocks: list[dict[str, Any]], workspace: Workspace) -> list[Problem]:
    """Columns name products of the catalogue; what is said of an outside one has a source."""
    columns = [
        (f"{place}.columns.{n}", column)
        for place, block in enumerate(blocks)
        if block["kind"] == "comparison"
        for n, column in enumerate(block["columns"])
    ]
    skus = {column["sku"] for _path, column in columns}
    known = {p.sku: p for p in Product.objects.filter(workspace=workspace, sku__in=skus)} if skus else {}
    problems = []
    for path, column in columns:
        product = known.get(column["sku"])
        if product is None:
            problems.append(
                Problem(f"{path}.sku", _("No product of the catalogue has this SKU; add it there first."))
            )
        elif product.kind == ProductKind.OUTSIDE and not (product.source_url or column.get("source")):
            message = _(
                "An alternative that you don't sell needs a source; add one here or in the catalogue."
            )
            problems.append(Problem(f"{path}.source", message))
    return problems


_source = _fields({"title": _text(LINE), "url": _url})
_checklist_item = _fields(
    {
        "key?": _text(60),
        "criterion": _text(LINE),
        "why": _text(PARAGRAPH),
        "how?": _text(PARAGRAPH, empty=True),
        "evidence?": _text(PARAGRAPH, empty=True),
        "attribute?": _text(60, empty=True),
    }
)
_points = _list(_text(LINE), least=0, most=MOST_POINTS)
_column = _fields(
    {
        "sku": _text(LINE),
        "note?": _text(LINE, empty=True),
        "pros?": _points,
        "cons?": _points,
        "source?": _source,
    }
)
_row = _fields(
    {
        "label": _text(LINE),
        "meaning?": _text(PARAGRAPH, empty=True),
        "must_have?": _flag,
        "values": _list(_text(LINE, empty=True), most=COLUMNS[1]),
    }
)
_situation = _fields({"situation": _text(LINE), "markdown": _text(PAGE), "url?": _url})

COMMON: dict[str, Checker] = {
    "heading?": _text(LINE, empty=True),
    "sources?": _list(_source, least=0, most=20),
}
KINDS: dict[str, dict[str, Checker]] = {
    "text": {"markdown": _text(PAGE)},
    "checklist": {"items": _list(_checklist_item)},
    "comparison": {"columns": _list(_column, least=COLUMNS[0], most=COLUMNS[1]), "rows": _list(_row)},
    "not_for": {"items": _list(_text(PARAGRAPH))},
    "care": {"steps": _list(_fields({"when": _text(LINE), "markdown": _text(PAGE)}))},
    "changed": {"situations": _list(_situation)},
    "question": {"question": _text(LINE), "answer": _text(PAGE)},
    "situation": {},
}
