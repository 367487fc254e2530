"""Add up the reviews of products and of their categories into the rows that pages read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from reviews.fitting.answers import Key, Told, as_opinions, read_answers, signatures
from reviews.fitting.shapes import attributes_of, cells_of, learned_of, plain_cells, scales_of
from reviews.likeness.cells import Opinion, add_up, add_up_category
from reviews.likeness.estimates import Cell, Learned
from reviews.likeness.expecting import expect
from reviews.models import FitCategory, FitSheet, FitTopic

MOST_AUTHORS = 400  # reviews a sheet can name


def write_sheets(topic: FitTopic, product_ids: Collection[int], *, now: datetime) -> int:
    """Make the sheets of these products again, and the sums of the categories they are or were in.

    The caller holds the topic's row. Returns how many sheets there are now for them.
    """
    # Taken first: what comes in between makes the sheet look old, never newer than it is.
    signed = signatures(topic.workspace_id, slug=topic.slug, product_ids=product_ids)
    told = read_answers(topic, product_ids)
    by_category: dict[str, dict[int, list[Told]]] = {}
    for answer in told:
        by_category.setdefault(answer.category, {}).setdefault(answer.product_id, []).append(answer)
    old = FitSheet.objects.filter(topic=topic, product_id__in=product_ids)
    left = set(old.values_list("category__name", flat=True))
    old.exclude(product_id__in={answer.product_id for answer in told}).delete()
    categories = _categories(topic, left | set(by_category))
    # First those that products moved into, so that the sums of those they left no longer find them.
    for name in sorted(categories, key=lambda name: (name not in by_category, name)):
        _write_category(topic, categories[name], by_category.get(name, {}), signed, now)
    return len({answer.product_id for answer in told})


def _categories(topic: FitTopic, names: Iterable[str]) -> dict[str, FitCategory]:
    FitCategory.objects.bulk_create(
        [FitCategory(workspace_id=topic.workspace_id, topic=topic, name=name) for name in sorted(names)],
        ignore_conflicts=True,
    )
    return {category.name: category for category in FitCategory.objects.filter(topic=topic, name__in=names)}


def _write_category(
    topic: FitTopic,
    category: FitCategory,
    products: dict[int, list[Told]],
    signed: dict[Key, str],
    now: datetime,
) -> None:
    attributes, learned = attributes_of(topic), learned_of(topic, category)
    made = {product_id: _add_up(topic, answers, learned, now) for product_id, answers in products.items()}
    others = FitSheet.objects.filter(category=category).exclude(product_id__in=products)
    cells = [cell for rows in others.values_list("cells", flat=True) for cell in cells_of(rows)]
    cells += [cell for own, _ in made.values() for cell in own]
    category.cells = plain_cells(add_up_category(cells, attributes=attributes))
    category.save(update_fields=["cells"])
    expected = expect(
        [own for own, _ in made.values()],
        category=cells_of(category.cells),
        everywhere=topic.everywhere,
        attributes=attributes,
        scales=scales_of(topic),
        learned=learned,
    )
    sheets = [
        FitSheet(
            workspace_id=topic.workspace_id,
            product_id=product_id,
            topic=topic,
            category=category,
            cells=plain_cells(own),
            authors=authors,
            review_count=len(products[product_id]),
            signature=signed.get((product_id, topic.slug), ""),
            made_at=now,
        )
        for (product_id, (_, authors)), own in zip(made.items(), expected, strict=True)
    ]
    FitSheet.objects.bulk_create(
        sheets,
        update_conflicts=True,
        unique_fields=["product", "topic"],
        update_fields=["category", "cells", "authors", "review_count", "signature", "made_at"],
    )


def _add_up(
    topic: FitTopic, told: Sequence[Told], learned: Learned, now: datetime
) -> tuple[list[Cell], list[list[Any]]]:
    """A product's cells, and for each the reviews in it that can be named."""
    attributes, options = attributes_of(topic), len(topic.options)
    opinions = as_opinions(
        told,
        options=topic.options,
        attributes=attributes,
        scales=scales_of(topic),
        half_life_days=topic.half_life_days,
        now=now,
    )
    joined = add_up(opinions, attributes=attributes, learned=learned, options=options)
    each = max(2, MOST_AUTHORS // (max(1, len(joined)) * options))
    return [cell for cell, _ in joined], [_authors(members, options, each) for _, members in joined]


def _authors(members: Sequence[Opinion], options: int, each: int) -> list[Any]:
    """[[review, option, helpful, mass]], of each option the most helpful and then the newest."""
    best = sorted(members, key=lambda one: (one.mass * one.helpful, one.review_id), reverse=True)
    return [
        [one.review_id, one.option, round(one.helpful, 3), round(one.mass, 3)]
        for option in range(options)
        for one in [member for member in best if member.option == option][:each]
    ]
