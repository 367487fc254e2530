"""How a product fitted people in the reader's situation, which reviews say so, and which attributes matter at all.

Each function reads one row by index, whatever the number of reviews. `reviews.fitting` writes those rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.models import Product
from reviews.fit_models import FitSheet, FitTopic
from reviews.fitting.shapes import attributes_of, cells_of, learned_of, scales_of
from reviews.likeness.attributes import Attribute, Codes, Scale, encode
from reviews.likeness.cells import relevant
from reviews.likeness.estimates import Learned, Posterior, closeness, estimate, likeness_to
from reviews.likeness.ordering import Candidate, similar_order

ENOUGH_EFFECTIVE = 5.0  # equally like reviews that would say as much
ENOUGH_LIKE = 2.0  # reviews by people alike, in total: a hundred who are hardly alike are nobody
WIDEST = 0.4  # of an 80 % interval
CARRIERS = 5
NEAR = 0.6  # likeness in one attribute from which two values are called near


class Lack(models.TextChoices):
    """Why no fit for people like the reader is shown."""

    NOBODY = "nobody", _("Nobody has told how it fitted yet")
    NO_SITUATION = "no_situation", _("Tell your situation to see how it fitted people like you")
    FEW_ALIKE = "few_alike", _("Not enough people like you yet")
    UNSURE = "unsure", _("Not enough people like you yet")
    HELD_OUT = "held_out", _("Not shown, to learn whether showing it helps")


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


@dataclass(frozen=True, slots=True)
class NotEnough:
    """No figure for people like the reader, and why. `shares` are of all people who reviewed it; may be empty."""

    lack: Lack
    shares: tuple[Share, ...] = ()
    n_eff: float = 0.0
    reviews: int = 0


@dataclass(frozen=True, slots=True)
class Matter:
    """An attribute, and by how many nats knowing it improves a forecast of fit; 0: it makes no difference."""

    key: str
    label: str
    gain: float


def fit_for(
    *, product: Product, situation: Mapping[str, Any], reader_key: str, need: str = ""
) -> Fit | NotEnough:
    """How `product` fitted people like somebody in `situation` ({attribute: value or list of values}).

    `reader_key` is whatever stands for the reader from visit to visit; it decides the holdout, "" is never held out.
    `need`: of several that the product was reviewed for; else the one with most reviews. One query.
    """
    view = _view(product, situation, need)
    if view is None:
        return NotEnough(Lack.NOBODY)
    lack = _lack_before(view, reader_key)
    if lack is None:
        posterior = view.posterior(view.likeness)
        if min(posterior.n_eff / ENOUGH_EFFECTIVE, posterior.n_like / ENOUGH_LIKE) < 1:
            lack = Lack.FEW_ALIKE
        else:
            shares = view.shares(posterior)
            if max(share.high - share.low for share in shares) <= WIDEST:
                return view.fit(posterior, shares)
            lack = Lack.UNSURE
    everybody = view.posterior(lambda codes: 1.0)
    return NotEnough(lack, view.shares(everybody), everybody.n_eff, view.sheet.review_count)


def similar_first(
    *, product: Product, situation: Mapping[str, Any], need: str = "", limit: int = 50
) -> list[Carrier]:
    """Reviews by likeness of their authors × helpfulness; good and poor fit both in the first five.

    At most `limit`; those left out come after, in any other order. Empty while nothing is known. One query.
    """
    view = _view(product, situation, need, unread=["category__cells"])
    return view.carriers(limit) if view is not None else []


def attributes_that_matter(*, workspace_id: int, need: str) -> list[Matter]:
    """What to look for before deciding: the need's attributes, those that matter most first. One query."""
    topic = FitTopic.objects.filter(workspace_id=workspace_id, slug=need).first()
    if topic is None or topic.learned_at is None:
        return []
    found = [
        Matter(attribute.key, attribute.label, gain)
        for attribute, gain in zip(attributes_of(topic), topic.gains, strict=True)
    ]
    return sorted(found, key=lambda matter: -matter.gain)


def is_held_out(*, workspace_id: int, need: str, reader_key: str, percent: int) -> bool:
    """Whether a reader belongs to the share that sees no fit; always the same answer for the same reader."""
    if not reader_key:
        return False
    digest = blake2b(f"fit|{workspace_id}|{need}|{reader_key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % 100 < percent


def _lack_before(view: _View, reader_key: str) -> Lack | None:
    topic = view.sheet.topic
    if not view.knows_reader():
        return Lack.NO_SITUATION
    held_out = is_held_out(
        workspace_id=topic.workspace_id,
        need=topic.slug,
        reader_key=reader_key,
        percent=topic.holdout_percent,
    )
    return Lack.HELD_OUT if held_out else None


def _view(
    product: Product, situation: Mapping[str, Any], need: str, unread: Sequence[str] = ()
) -> _View | None:
    sheets = FitSheet.objects.filter(workspace_id=product.workspace_id, product=product).defer(*unread)
    if need:
        sheets = sheets.filter(topic__slug=need)
    sheet = sheets.select_related("topic", "category").order_by("-review_count", "id").first()
    if sheet is None or sheet.topic.learned_at is None:
        return None
    return _View(sheet, situation)


class _View:
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

    def fit(self, posterior: Posterior, shares: tuple[Share, ...]) -> Fit:
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
            because=tuple(self.carriers(CARRIERS)),
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
