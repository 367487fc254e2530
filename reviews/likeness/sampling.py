"""Which reviews are learned from when there are too many to compare all with all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from reviews.likeness.attributes import Codes

MOST_PAIRS = 1_500_000  # of reviews compared when all categories are learned together


@dataclass(frozen=True, slots=True)
class Answer:
    """One review as learning sees it. `option` is an index; `mass` its weight."""

    product: int
    category: str
    codes: Codes
    option: int
    mass: float


def by_category_of(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.category, []).append(answer)
    return dict(sorted(found.items()))


def parts_of(by_category: dict[str, list[Answer]], each: int) -> Iterator[list[Answer]]:
    pairs = 0
    for members in sorted(by_category.values(), key=len, reverse=True):
        part = whole_products(members, each)
        pairs += len(part) ** 2
        yield part
        if pairs > 6 * MOST_PAIRS:
            return


def whole_products(members: Sequence[Answer], most: int) -> list[Answer]:
    """About `most` reviews, product by product: thinning out products would make them look emptier than they are."""
    products: dict[int, list[Answer]] = {}
    for answer in members:
        products.setdefault(answer.product, []).append(answer)
    chosen: list[Answer] = []
    for number in sorted(products, key=_mixed):
        chosen += _by_lot(products[number])[: most - len(chosen)]
        if len(chosen) >= most:
            break
    return chosen


def _mixed(thing: object) -> bytes:
    """A key that sorts by lot, always the same lot: sorted by what they say, the first reviews would say one thing."""
    return blake2b(repr(thing).encode(), digest_size=8).digest()


def _by_lot(answers: Sequence[Answer]) -> list[Answer]:
    """Shuffled, always the same way, whatever order they come in. Equal ones are told apart by counting them."""
    seen: Counter[Answer] = Counter()
    keyed = []
    for answer in answers:
        seen[answer] += 1
        keyed.append((_mixed((answer.codes, answer.option, answer.mass, seen[answer])), answer))
    return [answer for _, answer in sorted(keyed, key=lambda item: item[0])]
