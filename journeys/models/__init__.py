"""Needs, each customer's place in them, and what guides them there, by subject."""

from journeys.models.guides import Guide, GuideStatus, GuideVersion
from journeys.models.needs import (
    JOURNEY,
    CustomerNeed,
    EvidenceWeight,
    Need,
    ReadingPosition,
    Stage,
    StageChange,
)
from journeys.models.shortlists import (
    Shortlist,
    ShortlistFriend,
    ShortlistItem,
    ShortlistLink,
    ShortlistWord,
)
from journeys.models.surveys import Survey, SurveyAnswer, SurveyChange, SurveyKind, SurveyStatus

__all__ = [
    "JOURNEY",
    "CustomerNeed",
    "EvidenceWeight",
    "Guide",
    "GuideStatus",
    "GuideVersion",
    "Need",
    "ReadingPosition",
    "Shortlist",
    "ShortlistFriend",
    "ShortlistItem",
    "ShortlistLink",
    "ShortlistWord",
    "Stage",
    "StageChange",
    "Survey",
    "SurveyAnswer",
    "SurveyChange",
    "SurveyKind",
    "SurveyStatus",
]
