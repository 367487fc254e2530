"""Attributes of a situation: what they are, how a value becomes a small code, and how far two codes are apart.

A code is an option's index (ordinal, nominal), a bit mask of options (set) or a rank level (numeric); None where no
usable answer is known. Distances lie in [0, 1] for every kind, so that one bandwidth means the same everywhere.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

KINDS = ("ordinal", "nominal", "set", "numeric")
LEVELS = 32  # ranks a numeric attribute is cut into
MOST_ATTRIBUTES = 12
MOST_OPTIONS = 60  # a set's mask stays below 2**63

Code = int | None
Codes = tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing asked about the situation. `options` in their order; empty for numeric."""

    key: str
    label: str
    kind: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """Where an attribute's codes lie among the people seen: ranks, so that a rare extreme is no outlier.

    `cuts` are the inner quantiles of a numeric attribute; `places` the mid-rank in [0, 1] of each ordinal option.
    """

    cuts: tuple[float, ...] = ()
    places: tuple[float, ...] = ()


def check_attributes(raw: Any) -> tuple[Attribute, ...]:
    """Attributes from a need's `[{"key", "label", "kind", "options"}]`.

    Without a kind, one with options is nominal and one without is numeric. Raises ValueError naming the field.
    """
    if not isinstance(raw, list) or len(raw) > MOST_ATTRIBUTES:
        raise ValueError(f"attributes: give a list of at most {MOST_ATTRIBUTES} objects")
    found = tuple(_check_attribute(item, f"attributes[{place}]") for place, item in enumerate(raw))
    if len({attribute.key for attribute in found}) < len(found):
        raise ValueError("attributes: each key may occur once")
    return found


def _check_attribute(item: Any, where: str) -> Attribute:
    if not isinstance(item, dict) or not isinstance(item.get("key"), str) or not item["key"]:
        raise ValueError(f"{where}.key: give a name, such as 'use'")
    options = item.get("options") or []
    if not isinstance(options, list) or len(options) > MOST_OPTIONS:
        raise ValueError(f"{where}.options: give a list of at most {MOST_OPTIONS} texts")
    names = tuple(str(option["value"] if isinstance(option, dict) else option) for option in options)
    kind = item.get("kind") or ("nominal" if names else "numeric")
    if kind not in KINDS:
        raise ValueError(f"{where}.kind: choose one of {', '.join(KINDS)}")
    if kind != "numeric" and not names:
        raise ValueError(f"{where}.options: {kind} needs at least one option")
    if len(set(names)) < len(names):
        raise ValueError(f"{where}.options: each option may occur once")
    return Attribute(item["key"], str(item.get("label") or item["key"]), kind, names)


def learn_scale(attribute: Attribute, values: Iterable[Any]) -> Scale:
    """The ranks of `values` as seen; unusable ones are left out."""
    if attribute.kind == "numeric":
        numbers = sorted(number for value in values if (number := _number(value)) is not None)
        if not numbers:
            return Scale()
        return Scale(cuts=tuple(numbers[len(numbers) * level // LEVELS] for level in range(1, LEVELS)))
    if attribute.kind == "ordinal":
        counts = [1.0] * len(attribute.options)  # an option that nobody gave yet still has a place
        for value in values:
            if (code := _index(attribute, value)) is not None:
                counts[code] += 1
        return Scale(places=_mid_ranks(counts))
    return Scale()


def _mid_ranks(counts: Sequence[float]) -> tuple[float, ...]:
    """Mid-ranks stretched to [0, 1], so that the first and the last option are a whole distance apart."""
    below, ranks = 0.0, []
    for count in counts:
        ranks.append(below + count / 2)
        below += count
    width = ranks[-1] - ranks[0]
    return tuple((rank - ranks[0]) / width if width else 0.0 for rank in ranks)


def encode(attributes: Sequence[Attribute], scales: Sequence[Scale], situation: Mapping[str, Any]) -> Codes:
    """The codes of a situation. What isn't given, or isn't an option any more, is None: unknown, never an error."""
    return tuple(
        _encode(attribute, scale, situation.get(attribute.key))
        for attribute, scale in zip(attributes, scales, strict=True)
    )


def _encode(attribute: Attribute, scale: Scale, value: Any) -> Code:
    if attribute.kind == "numeric":
        number = _number(value)
        if number is None or not scale.cuts:
            return None
        return (bisect_left(scale.cuts, number) + bisect_right(scale.cuts, number)) // 2
    if attribute.kind == "set":
        return _mask(attribute, value)
    return _index(attribute, value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) else None


def _index(attribute: Attribute, value: Any) -> Code:
    text = str(value) if isinstance(value, str | int | float) else None
    return attribute.options.index(text) if text in attribute.options else None


def _mask(attribute: Attribute, value: Any) -> Code:
    """Several answers as bits. An empty list is unknown: nobody says that a thing is used for nothing."""
    given = value if isinstance(value, list | tuple) else [value]
    codes = [code for one in given if (code := _index(attribute, one)) is not None]
    return sum(1 << code for code in set(codes)) or None


def distance(attribute: Attribute, scale: Scale, one: int, other: int) -> float:
    """How far two known codes are apart, in [0, 1]; 0 only for equal ones."""
    if one == other:
        return 0.0
    if attribute.kind == "numeric":
        return abs(one - other) / (LEVELS - 1)
    if attribute.kind == "ordinal":
        return abs(scale.places[one] - scale.places[other])
    if attribute.kind == "set":
        return 1.0 - (one & other).bit_count() / (one | other).bit_count()
    return 1.0
