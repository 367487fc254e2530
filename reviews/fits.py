"""How a product fitted people in the reader's situation, which reviews say so, and which attributes matter at all.

Each function reads one row by index, whatever the number of reviews. `reviews.fitting` writes those rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.models import Product
from reviews.fit_views import Carrier, Fit, FitView, Share
from reviews.fitting.shapes import attributes_of
from reviews.models import FitSheet, FitTopic

ENOUGH_EFFECTIVE = 5.0  # equally like reviews that would say as much
ENOUGH_LIKE = 2.0  # reviews by people alike, in total: a hundred who are hardly alike are nobody
WIDEST = 0.4  # of an 80 % interval
CARRIERS = 5  # reviews that are named with a figure


class Lack(models.TextChoices):
    """Why no fit for people like the reader is shown."""

    NOBODY = "nobody", _("Nobody has told how it fitted yet")
    NO_SITUATION = "no_situation", _("Tell your situation to see how it fitted people like you")
    FEW_ALIKE = "few_alike", _("Not enough people like you yet")
    UNSURE = "unsure", _("Not enough people like you yet")
    HELD_OUT = "held_out", _("Not shown, to learn whether showing it helps")


@dataclass(frozen=True, slots=True)
class NotEnough:
    """No figure for people like the reader, and why. `shares` are of all people who reviewed it; may be empty."""

    lack: Lack
    shares: tuple[Share, ...] = ()
    n_eff: float = 0.0
    reviews: int = 0


class Reading(NamedTuple):
    """What a page needs for one reader: the figure, and the product's reviews by likeness of their authors ×
    helpfulness, good and poor fit both in the first five. Who is held out gets no such order either.

    `compared` is the need for which readers are held out, where a figure is there to be shown or kept; else empty.
    """

    fit: Fit | NotEnough
    nearest: list[Carrier]
    compared: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """An attribute, and by how many nats knowing it improves a forecast of fit; 0: it makes no difference."""

    key: str
    label: str
    gain: float


def read_fit(
    *, product: Product, situation: Mapping[str, Any], reader_key: str, need: str = "", limit: int = 50
) -> Reading:
    """How `product` fitted people like somebody in `situation` ({attribute: value or list of values}). One query.

    `reader_key` is whatever stands for the reader from visit to visit; it decides the holdout, "" is never held out.
    `need`: of several that the product was reviewed for; else the one with most reviews. Of its reviews at most
    `limit` are named; those left out come after, in any other order.
    """
    return _read(_view(product, situation, need), reader_key, limit)


def fits_beside(
    *, products: Sequence[Product], situation: Mapping[str, Any], need: str, reader_key: str
) -> dict[int, Fit | NotEnough]:
    """The figures of several products for one reader, by product id, each as of `read_fit`. One query."""
    sheets = FitSheet.objects.filter(product__in=products, topic__slug=need).select_related(
        "topic", "category"
    )
    views = {
        sheet.product_id: FitView(sheet, situation) for sheet in sheets if sheet.topic.learned_at is not None
    }
    return {product.pk: _read(views.get(product.pk), reader_key, CARRIERS).fit for product in products}


def _read(view: FitView | None, reader_key: str, limit: int) -> Reading:
    if view is None:
        return Reading(NotEnough(Lack.NOBODY), [])
    carriers = view.carriers(limit)
    found = _figure(view, carriers[:CARRIERS])
    compared = ""
    if isinstance(found, Fit):
        topic = view.sheet.topic
        compared = topic.slug if topic.holdout_percent and reader_key else ""
        # Only where there is a figure to keep: else both groups see the same, and nothing is to be compared.
        if not is_held_out(
            workspace_id=topic.workspace_id,
            need=topic.slug,
            reader_key=reader_key,
            percent=topic.holdout_percent,
        ):
            return Reading(found, carriers, compared)
        found, carriers = Lack.HELD_OUT, []
    everybody = view.posterior(lambda codes: 1.0)
    known = NotEnough(found, view.shares(everybody), everybody.n_eff, view.sheet.review_count)
    return Reading(known, carriers, compared)


def _figure(view: FitView, carriers: Sequence[Carrier]) -> Fit | Lack:
    """The figure for a reader, or why there is none."""
    if not view.knows_reader():
        return Lack.NO_SITUATION
    posterior = view.posterior(view.likeness)
    if min(posterior.n_eff / ENOUGH_EFFECTIVE, posterior.n_like / ENOUGH_LIKE) < 1:
        return Lack.FEW_ALIKE
    shares = view.shares(posterior)
    if max(share.high - share.low for share in shares) > WIDEST:
        return Lack.UNSURE
    return view.fit(posterior, shares, carriers)


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


def _view(product: Product, situation: Mapping[str, Any], need: str) -> FitView | None:
    sheets = FitSheet.objects.filter(workspace_id=product.workspace_id, product=product)
    if need:
        sheets = sheets.filter(topic__slug=need)
    sheet = sheets.select_related("topic", "category").order_by("-review_count", "id").first()
    if sheet is None or sheet.topic.learned_at is None:
        return None
    return FitView(sheet, situation)
