"""The published guide for a place in a journey, in a language that the reader can use."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import F, QuerySet

from engagement.conditions import ConditionError, customers_matching
from engagement.models import Customer, Workspace
from journeys.models import Guide, GuideStatus, GuideVersion, Stage

# Asked for no stage: the one at which most people look for help, then the others in the order of the journey.
STAGE_ORDER = [Stage.SHORTLIST, Stage.AWARENESS, Stage.PURCHASE, Stage.POST_PURCHASE, Stage.NONE]


def guide_for(
    *,
    workspace: Workspace,
    need: str,
    stage: str = "",
    language: str = "",
    customer: Customer | None = None,
    now: datetime | None = None,
) -> GuideVersion | None:
    """The published version for a need (its slug) at a stage, with its guide; None when there is none.

    For a `customer` (with `now`) a guide whose conditions fit them goes before the general one; without, targeted
    guides are passed over. One query, and one for each targeted guide at the stage.

    Languages are tried in the order: the one asked for, its base ("de" for "de-AT"), the workspace's, English, any.
    Without a stage, the first that has a guide in STAGE_ORDER. One query.
    """
    found = _published(workspace).filter(guide__need__slug=need)
    if stage:
        found = found.filter(guide__stage=stage)
    versions = list(found)
    for wanted in [stage] if stage else STAGE_ORDER:
        of_stage = [version for version in versions if version.guide.stage == wanted]
        if of_stage := _for_whom(of_stage, workspace, customer, now):
            return _in_language(of_stage, workspace, language)
    return None


def _for_whom(
    versions: list[GuideVersion], workspace: Workspace, customer: Customer | None, now: datetime | None
) -> list[GuideVersion]:
    """Those of the first targeted guides that fit the customer, else the general ones."""
    targeted = [version for version in versions if version.guide.conditions]
    if customer is not None and now is not None:
        own = [version for version in targeted if _fits(version.guide, workspace, customer, now)]
        if own:
            return own
    return [version for version in versions if not version.guide.conditions]


def _fits(guide: Guide, workspace: Workspace, customer: Customer, now: datetime) -> bool:
    try:
        fitting = customers_matching(guide.conditions, workspace=workspace, now=now)
    except ConditionError:  # what it speaks of is gone
        return False
    return fitting.filter(pk=customer.pk).exists()


def guide_by_slug(*, workspace: Workspace, slug: str, language: str = "") -> GuideVersion | None:
    """The published version of the guide with this slug, in the language chosen as by `guide_for`."""
    return _in_language(list(_published(workspace).filter(guide__slug=slug)), workspace, language)


def published_languages(guide: Guide) -> list[str]:
    """Languages in which readers can have this guide."""
    same = Guide.objects.filter(
        workspace_id=guide.workspace_id, slug=guide.slug, status=GuideStatus.PUBLISHED
    )
    return sorted(same.values_list("language", flat=True))


def is_stale(guide: Guide, *, today: date) -> bool:
    """Nobody has checked it for longer than its owner allows; never checked counts as stale."""
    return guide.verified_on is None or guide.verified_on + timedelta(days=guide.stale_after_days) < today


def _published(workspace: Workspace) -> QuerySet[GuideVersion]:
    return (
        GuideVersion.objects.filter(
            guide__workspace=workspace,
            guide__status=GuideStatus.PUBLISHED,
            number=F("guide__published_version"),
        )
        .select_related("guide__need", "guide__workspace")
        .order_by("guide_id")
    )


def _in_language(versions: list[GuideVersion], workspace: Workspace, language: str) -> GuideVersion | None:
    by_language = {version.guide.language.lower(): version for version in versions}
    wishes = [language, language.split("-")[0], workspace.locale, workspace.locale.split("-")[0], "en"]
    for wish in wishes:
        if wish.lower() in by_language:
            return by_language[wish.lower()]
    return versions[0] if versions else None
