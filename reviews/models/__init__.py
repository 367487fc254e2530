"""Reviews, what they rate, how they are moderated, questions and answers, and what is learned of fit, by subject."""

from reviews.models.figures import RatingTally, ReviewRating, no_stars
from reviews.models.fits import FitCategory, FitDue, FitSheet, FitTopic
from reviews.models.imports import (
    ImportState,
    LineOutcome,
    MissingProducts,
    ReviewImport,
    ReviewImportLine,
    ReviewOrigin,
    Unstated,
)
from reviews.models.moderation import ModerationEntry, ReviewDraft, ReviewPolicy
from reviews.models.photos import ReviewPhoto
from reviews.models.reviews import (
    WORDS,
    HelpfulVote,
    RejectionReason,
    Review,
    ReviewKind,
    ReviewStatus,
    ReviewVersion,
)
from reviews.models.talk import Owner, OwnerAsked, Post, PostKind, PostStatus, Report

__all__ = [
    "WORDS",
    "FitCategory",
    "FitDue",
    "FitSheet",
    "FitTopic",
    "HelpfulVote",
    "ImportState",
    "LineOutcome",
    "MissingProducts",
    "ModerationEntry",
    "Owner",
    "OwnerAsked",
    "Post",
    "PostKind",
    "PostStatus",
    "RatingTally",
    "RejectionReason",
    "Report",
    "Review",
    "ReviewDraft",
    "ReviewImport",
    "ReviewImportLine",
    "ReviewKind",
    "ReviewOrigin",
    "ReviewPhoto",
    "ReviewPolicy",
    "ReviewRating",
    "ReviewStatus",
    "ReviewVersion",
    "Unstated",
    "no_stars",
]
