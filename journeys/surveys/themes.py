"""What open answers are about: grouped by the words they share, and by marketers' own themes. Pure, the same each time.

A term is a word or two neighbouring words; endings are cut so that "delivery" and "deliveries" are one. A term counts
once an answer. It is a group when enough answers have it; of terms that stand in nearly the same answers the longer
one is kept, since it says more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

WORD = re.compile(r"[^\W\d_]{3,}")
ENDINGS = ("ungen", "ies", "ing", "en", "er", "es", "ed", "em", "s", "e", "n", "y")
SHORTEST_STEM = 4
LEAST, MOST, QUOTES = 3, 12, 3
SAME = 0.8
STOP_WORDS = """
    aber alle als also am an and any are auch auf aus bei been bin bis bist but can could da dann das dass dein dem den
    der des did die dies diese does doch du durch ein eine einem einen einer er es euch euer für for from gar ganz get
    got had hab habe haben has hat hatte have her hier him his ich ihr ihre ihrem ihren im in into ist its ja just kann
    kein keine man me mein meine mich mir mit more most much muss my nach nicht noch nur ob oder of off on one only or
    our out over sehr sein seine sich sie sind so some soll sondern than that the their them then there these they this
    those too über um und uns unser unter us very vom von vor war waren was we weil well wenn were what when which who
    why wie wir wird with would you your zu zum zur
"""
STOP = frozenset(STOP_WORDS.split())


@dataclass(frozen=True)
class Group:
    """Answers that share something: its name, their places in the list, and some of them in full."""

    name: str
    places: list[int]
    quotes: list[str]

    @property
    def count(self) -> int:
        return len(self.places)


def groups_of(texts: Sequence[str], *, least: int = LEAST) -> list[Group]:
    """The terms that at least `least` of the answers share, the most frequent first; at most MOST."""
    places: dict[str, set[int]] = {}
    shown: dict[str, dict[str, int]] = {}
    for place, text in enumerate(texts):
        for stem, words in terms_in(text).items():
            places.setdefault(stem, set()).add(place)
            counted = shown.setdefault(stem, {})
            counted[words] = counted.get(words, 0) + 1
    frequent = [stem for stem, found in places.items() if len(found) >= least]
    kept: list[str] = []
    for stem in sorted(frequent, key=lambda stem: (-len(places[stem]), -stem.count(" "), stem)):
        if not any(is_same(places[stem], places[other]) for other in kept if shares_word(stem, other)):
            kept.append(stem)
        else:
            kept = [longer(stem, other, places) for other in kept]
    return [group(best_word(shown[stem]), places[stem], texts) for stem in dict.fromkeys(kept)][:MOST]


def themed(texts: Sequence[str], themes: Iterable[Mapping[str, object]]) -> list[Group]:
    """The marketers' own groups: answers that hold any of a theme's terms as whole words."""
    found = []
    for theme in themes:
        wanted = [stems(str(term)) for term in theme.get("terms", [])]  # type: ignore[attr-defined]
        places = {
            place
            for place, text in enumerate(texts)
            if any(term and holds(stems(text), term) for term in wanted)
        }
        found.append(group(str(theme["name"]), places, texts))
    return found


def terms_in(text: str) -> dict[str, str]:
    """{stem: the words as they were written} for each word and each two neighbours that say something."""
    words = [(stem_of(word), word.lower()) for word in WORD.findall(text)]
    said = {stem: word for stem, word in words if word not in STOP}
    pairs = {
        f"{a} {b}": f"{first} {second}"
        for (a, first), (b, second) in pairwise(words)
        if first not in STOP and second not in STOP
    }
    return said | pairs


def stems(text: str) -> list[str]:
    return [stem_of(word) for word in WORD.findall(text)]


def stem_of(word: str) -> str:
    word = word.lower()
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def holds(words: Sequence[str], term: Sequence[str]) -> bool:
    width = len(term)
    return any(list(words[place : place + width]) == list(term) for place in range(len(words) - width + 1))


def is_same(one: set[int], other: set[int]) -> bool:
    return len(one & other) >= SAME * len(one | other)


def shares_word(one: str, other: str) -> bool:
    return bool(set(one.split()) & set(other.split()))


def longer(stem: str, other: str, places: Mapping[str, set[int]]) -> str:
    """Of two terms in nearly the same answers the one that says more."""
    if (
        shares_word(stem, other)
        and is_same(places[stem], places[other])
        and stem.count(" ") > other.count(" ")
    ):
        return stem
    return other


def best_word(counted: Mapping[str, int]) -> str:
    return min(counted, key=lambda words: (-counted[words], words))


def group(name: str, places: set[int], texts: Sequence[str]) -> Group:
    """With the quotes that are neither too short nor too long to show, shortest of those first."""
    order = sorted(places)
    telling = sorted(order, key=lambda place: (abs(len(texts[place]) - 120), place))
    return Group(name, order, [texts[place] for place in telling[:QUOTES]])
