"""What is asked about a need, and how much of it matters: learned again when enough has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Sum

from engagement.models import Product
from engagement.questions import Questions, questions_for
from reviews.fitting.answers import Told, as_opinions, best_liked, read_answers
from reviews.fitting.shapes import attributes_of, plain_attributes, plain_learned, plain_scales
from reviews.likeness.attributes import Attribute, check_attributes, learn_scale
from reviews.likeness.learning import Lesson, learn
from reviews.likeness.sampling import Answer
from reviews.models import FitCategory, FitSheet, FitTopic

MOST_LEARNED_FROM = 30_000  # the newest reviews of a topic
CHANGED_BY = 10  # learned again when a tenth of the reviews is new


def asked(topic: FitTopic, questions: Questions) -> bool:
    """The topic stands as it is asked now. Questions of another topic or without answers change nothing."""
    wanted = _wanted(topic, questions)
    return wanted is None or (topic.attributes, topic.options) == wanted


def refresh_questions(topic: FitTopic, product: Product) -> None:
    """Take over what is asked about the product's need now; a change makes learning due."""
    wanted = _wanted(topic, questions_for(product))
    if wanted is None or (topic.attributes, topic.options) == wanted:
        return
    topic.attributes, topic.options = wanted
    topic.learned_at = None
    topic.save(update_fields=["attributes", "options", "learned_at"])


def _wanted(topic: FitTopic, questions: Questions) -> tuple[list[dict[str, object]], list[str]] | None:
    if questions.topic != topic.slug or len(questions.fit_options) < 2:
        return None
    rows = [
        {"key": row.key, "label": row.label, "kind": row.kind, "options": list(row.options)}
        for row in questions.attributes
    ]
    try:
        return plain_attributes(check_attributes(rows)), list(questions.fit_options)
    except ValueError:  # a need that was saved before its questions were checked
        return [], list(questions.fit_options)


def is_stale(topic: FitTopic) -> bool:
    """So much changed since the topic was learned that learning again may say something else."""
    if topic.learned_at is None:
        return True
    total = FitSheet.objects.filter(topic=topic).aggregate(total=Sum("review_count"))["total"] or 0
    return bool(abs(total - topic.learned_from) >= max(5, topic.learned_from // CHANGED_BY))


def learn_topic(topic: FitTopic, *, now: datetime) -> None:
    """Learn scales, bandwidths and widths from the topic's reviews. Every sheet has to be written again after it."""
    told = read_answers(topic, most=MOST_LEARNED_FROM)
    attributes = attributes_of(topic)
    scales = [
        learn_scale(attribute, (answer.situation.get(attribute.key) for answer in told))
        for attribute in attributes
    ]
    opinions = as_opinions(
        told,
        options=topic.options,
        attributes=attributes,
        scales=scales,
        half_life_days=topic.half_life_days,
        now=now,
    )
    answers = [
        Answer(answer.product_id, answer.category, opinion.codes, opinion.option, opinion.mass)
        for answer, opinion in zip(told, opinions, strict=True)
    ]
    lesson = learn(answers, attributes=attributes, scales=scales, options=len(topic.options))
    topic.scales = plain_scales(scales)
    _keep(topic, told, lesson, attributes, now)


def _keep(
    topic: FitTopic, told: Sequence[Told], lesson: Lesson, attributes: Sequence[Attribute], now: datetime
) -> None:
    topic.learned = plain_learned(lesson.overall)
    topic.everywhere, topic.gains = list(lesson.everywhere), list(lesson.gains)
    topic.liked_option = best_liked(told, topic.options)
    topic.learned_from, topic.learned_at = len(told), now
    topic.save(
        update_fields=[
            "scales",
            "learned",
            "everywhere",
            "gains",
            "liked_option",
            "learned_from",
            "learned_at",
        ]
    )
    topic.categories.update(learned=None, cells=[])
    FitCategory.objects.bulk_create(
        [
            FitCategory(
                workspace_id=topic.workspace_id, topic=topic, name=name, learned=plain_learned(learned)
            )
            for name, learned in sorted(lesson.categories.items())
        ],
        update_conflicts=True,
        unique_fields=["topic", "name"],
        update_fields=["learned"],
    )
