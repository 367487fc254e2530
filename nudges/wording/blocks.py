"""A letter made of blocks: which kinds there are, what each holds, and what is wrong with one that cannot be kept.

A block is {"kind": …} with texts by name. All of them take placeholders; `text` is Markdown, `source` is MJML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from nudges.wording.mjml import lint
from nudges.wording.placeholders import BadWording, Marking
from nudges.wording.references import check_words

MOST = 40
SHORT, ADDRESS, LONG = 200, 1000, 20_000
ADDRESSED = ("/m/pictures/", "https://", "http://", "mailto:", "tel:", "{{", "{%")


class Kind(NamedTuple):
    """What a block of a kind holds: the longest text by name, and which of them it cannot do without."""

    fields: Mapping[str, int]
    needed: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "heading": Kind({"text": SHORT}, ("text",)),
    "text": Kind({"markdown": LONG}, ("markdown",)),
    "button": Kind({"label": 80, "url": ADDRESS}, ("label", "url")),
    "picture": Kind({"src": ADDRESS, "alt": SHORT, "url": ADDRESS}, ("src",)),
    "products": Kind({"count": 1, "label": 80}, ("count",)),
    "guide": Kind({"guide": 20, "label": 80}, ("guide",)),
    "divider": Kind({}),
    "snippet": Kind({"slug": 60}, ("slug",)),
    "mjml": Kind({"source": LONG}, ("source",)),
}
ADDRESSES = {"url", "src"}
# Texts that are no words: they are read before any placeholder is.
CHOICES = {"count", "guide", "slug"}
MOST_PRODUCTS = 5

# A block as it is laid out: kind first, then texts by name, with marks where a customer's values go.
Marked = tuple[tuple[str, str], ...]


class Problem(NamedTuple):
    """What is wrong in which block (from 0) and which of its fields."""

    block: int
    field: str
    message: str

    def __str__(self) -> str:
        return _("Block %(n)s: %(what)s") % {"n": self.block + 1, "what": self.message}


def check_blocks(blocks: Any) -> list[Problem]:
    """What keeps these blocks from being kept: nothing when they are sound. Never raises."""
    if not isinstance(blocks, list):
        return [Problem(0, "", _("The blocks are a list."))]
    if len(blocks) > MOST:
        return [Problem(MOST, "", _("At most %(limit)s blocks in one letter.") % {"limit": MOST})]
    return [problem for place, block in enumerate(blocks) for problem in _problems_of(place, block)]


def _problems_of(place: int, block: Any) -> Iterator[Problem]:
    kind = KINDS.get(str(block.get("kind"))) if isinstance(block, dict) else None
    if kind is None:
        names = ", ".join(KINDS)
        yield Problem(
            place, "kind", _("There is no such kind of block; choose one of %(kinds)s.") % {"kinds": names}
        )
        return
    for name in sorted(set(block) - {"kind", *kind.fields}):
        yield Problem(
            place,
            str(name)[:40],
            _("A block of this kind has no field “%(name)s”.") % {"name": str(name)[:40]},
        )
    for name, longest in kind.fields.items():
        value = block.get(name, "")
        if not isinstance(value, str):
            yield Problem(place, name, _("Write a text."))
        elif problem := _problem_of(name, value.strip(), longest, needed=name in kind.needed):
            yield Problem(place, name, problem)


def _problem_of(name: str, value: str, longest: int, *, needed: bool) -> str:
    if not value:
        return _("“%(name)s” is missing.") % {"name": name} if needed else ""
    if len(value) > longest:
        return _("“%(name)s” takes at most %(limit)s characters.") % {"name": name, "limit": longest}
    if name == "count" and value not in map(str, range(1, MOST_PRODUCTS + 1)):
        return _("Choose from 1 to %(most)s products.") % {"most": MOST_PRODUCTS}
    if name in ADDRESSES and not value.startswith(ADDRESSED):
        return _("Write an address that begins with https://.")
    try:
        check_words("" if name in CHOICES else value)
    except BadWording as error:
        return str(error)
    return " ".join(lint(value)) if name == "source" else ""


def tidy(blocks: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Sound blocks as they are kept: in the order of their fields, without the empty ones."""
    return [
        {"kind": block["kind"]}
        | {
            name: block[name].strip()
            for name in KINDS[block["kind"]].fields
            if str(block.get(name, "")).strip()
        }
        for block in blocks
    ]


def fill_blocks(
    blocks: Sequence[Mapping[str, Any]], marking: Marking, products: Sequence[Mapping[str, Any]]
) -> tuple[Marked, ...]:
    """The blocks with marks where values go; `products` are the customer's. What comes out empty is left out.

    Raises as `Marking.fill` does, and BadWording for a snippet or a guide that is not there (see `references`).
    """
    return tuple(marked for block in blocks for marked in _filled(block, marking, products))


def _filled(
    block: Mapping[str, Any], marking: Marking, products: Sequence[Mapping[str, Any]]
) -> Iterator[Marked]:
    kind = block["kind"]
    if kind == "products":
        yield from _cards(block, marking, products[: int(block["count"])])
        return
    if kind == "snippet" or (kind == "guide" and "title" not in block):
        raise BadWording(_("The letter names a snippet or a guide that is not there any more."))
    texts = {
        name: marking.fill(str(value)).strip()
        for name, value in block.items()
        if name not in ("kind", *CHOICES)
    }
    if all(texts.get(name) for name in KINDS[kind].needed if name not in CHOICES):
        yield (("kind", kind), *texts.items())


def _cards(
    block: Mapping[str, Any], marking: Marking, products: Sequence[Mapping[str, Any]]
) -> Iterator[Marked]:
    """One card for each of these products."""
    label = marking.fill(str(block.get("label", "")))
    for product in products:
        texts = {
            name: marking.fill(f"{{{{ product.{name} }}}}", product=product)
            for name in ("name", "price", "url", "image_url")
            if product.get(name)
        }
        yield (("kind", "product"), ("label", label), *texts.items())
