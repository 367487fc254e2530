"""Which version of a review readers see: its words are put into the review's own fields. Sees no figure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from reviews.models import WORDS, Review, ReviewVersion


def show_words(review: Review, words: dict[str, Any], version: int) -> None:
    """Put the words of `version` into the review's fields; the caller saves it."""
    for name in WORDS:
        if name in words and name != "submitted_at":
            setattr(review, name, words[name])
    review.submitted_at = datetime.fromisoformat(words["submitted_at"])
    review.shown_version = version


def shown_words(review: Review) -> dict[str, Any]:
    """The words that the review's fields hold, in the form of `Review.edit`."""
    words = {name: getattr(review, name) for name in WORDS}
    return words | {"submitted_at": review.submitted_at.isoformat()}


def words_of_version(review: Review, number: int) -> dict[str, Any]:
    """The words that its author wrote then. Raises ReviewVersion.DoesNotExist."""
    version = ReviewVersion.objects.defer("figures").get(review=review, number=number)
    return version.content | {"submitted_at": version.at.isoformat()}
