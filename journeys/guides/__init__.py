"""Guides: what they may hold, how they are kept, found and shown.

Readers see the version that was published; saving goes on beside it until it is published too.
"""

from journeys.guides.blocks import KINDS, Problem, check_blocks
from journeys.guides.finding import guide_by_slug, guide_for, is_stale, published_languages
from journeys.guides.rendering import RenderedGuide, render_blocks, render_guide, render_markdown
from journeys.guides.scheduling import publish_due_guides, schedule_guide
from journeys.guides.writing import (
    BadGuide,
    GuideChanged,
    archive_guide,
    publish_guide,
    restore_version,
    save_guide,
    unpublish_guide,
    verify_guide,
)

__all__ = [
    "KINDS",
    "BadGuide",
    "GuideChanged",
    "Problem",
    "RenderedGuide",
    "archive_guide",
    "check_blocks",
    "guide_by_slug",
    "guide_for",
    "is_stale",
    "publish_due_guides",
    "publish_guide",
    "published_languages",
    "render_blocks",
    "render_guide",
    "render_markdown",
    "restore_version",
    "save_guide",
    "schedule_guide",
    "unpublish_guide",
    "verify_guide",
]
