"""One reader before what is known of one product's fit: the figures for them, and the reviews that carry these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reviews.fitting.shapes import attributes_of, cells_of, learned_of, scales_of
from reviews.likeness.attributes import Attribute, Codes, Scale, encode
from reviews.likeness.cells import relevant
from reviews.likeness.estimates import Learned, Posterior, closeness, estimate, likeness_to
from reviews.likeness.ordering import Candidate, similar_order
from reviews.models import FitSheet

NEAR = 0.6  # likeness in one attribute from which two values are called near


@dataclass(frozen=True, slots=True)
class Share:
    """How many of such people chose one answer, and the 80 % interval; all in [0, 1]."""

    option: str
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Carrier:
    """A review that carries the figure, and why its author counts: labels of attributes by how they compare.

    Load it by id among the published reviews of the product: it may have been taken back since.
    """

    review_id: int
    option: str
    likeness: float
    same: tuple[str, ...]
    near: tuple[str, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """The posterior of a reader. `shares` in the order of the need's options, good and poor alike."""

    shares: tuple[Share, ...]
    n_eff: float
    n_like: float
    reviews: int
    matters: tuple[str, ...]  # labels of attributes that make a difference here
    because: tuple[Carrier, ...]


class FitView:
    """One reader before one product's sheet."""

    def __init__(self, sheet: FitSheet, situation: Mapping[str, Any]) -> None:
        self.sheet = sheet
        self.attributes: Sequence[Attribute] = attributes_of(sheet.topic)
        self.scales: Sequence[Scale] = scales_of(sheet.topic)
        self.learned: Learned = learned_of(sheet.topic, sheet.category)
        self.reader: Codes = relevant(encode(self.attributes, self.scales, situation), self.learned)
        self.likeness = likeness_to(self.reader, self.attributes, self.scales, self.learned)

    def knows_reader(self) -> bool:
        """Something that matters is known of the reader, or nothing matters."""
        matters = any(bandwidth is not None for bandwidth in self.learned.bandwidths)
        return not matters or any(code is not None for code in self.reader)

    def posterior(self, likeness: Any) -> Posterior:
        return estimate(
            likeness,
            product=cells_of(self.sheet.cells),
            category=cells_of(self.sheet.category.cells),
            everywhere=self.sheet.topic.everywhere,
            learned=self.learned,
        )

    def shares(self, posterior: Posterior) -> tuple[Share, ...]:
        return tuple(
            Share(option, share, *posterior.interval(k))
            for k, (option, share) in enumerate(zip(self.sheet.topic.options, posterior.shares, strict=True))
        )

    def fit(self, posterior: Posterior, shares: tuple[Share, ...], because: Sequence[Carrier]) -> Fit:
        return Fit(
            shares=shares,
            n_eff=posterior.n_eff,
            n_like=posterior.n_like,
            reviews=self.sheet.review_count,
            matters=tuple(
                attribute.label
                for attribute, bandwidth in zip(self.attributes, self.learned.bandwidths, strict=True)
                if bandwidth is not None
            ),
            because=tuple(because),
        )

    def carriers(self, limit: int) -> list[Carrier]:
        """Reviews that can be named, in the order for this reader."""
        topic = self.sheet.topic
        good = topic.good_option or topic.liked_option
        options = topic.options
        candidates = [
            Candidate(
                review_id,
                self.likeness(cell.codes) * mass,
                helpful,
                options[option] == good,
                (cell.codes, option),
            )
            for cell, authors in zip(cells_of(self.sheet.cells), self.sheet.authors, strict=True)
            for review_id, option, helpful, mass in authors
        ]
        return [self._carrier(chosen, *chosen.about) for chosen in similar_order(candidates)[:limit]]

    def _carrier(self, chosen: Candidate, codes: Codes, option: int) -> Carrier:
        compared: dict[str, list[str]] = {"same": [], "near": [], "differs": []}
        for attribute, scale, bandwidth, mine, theirs in zip(
            self.attributes, self.scales, self.learned.bandwidths, self.reader, codes, strict=True
        ):
            if bandwidth is None or mine is None or theirs is None:
                continue
            if mine == theirs:
                word = "same"
            else:
                close = closeness(attribute, scale, bandwidth, 0.0, mine, theirs)
                word = "near" if close >= NEAR else "differs"
            compared[word].append(attribute.label)
        return Carrier(
            review_id=chosen.review_id,
            option=self.sheet.topic.options[option],
            likeness=self.likeness(codes),
            **{word: tuple(labels) for word, labels in compared.items()},
        )
