"""Customers asked for reviews: switched on and off as a whole, with times by category; everybody is asked, or nobody.

The asking is done by nudges like any other, under the same limits. What is theirs alone: whom they go to is not for
anybody to choose (the database holds it), and what the program must not know to choose (ratings) it does not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.models import Category, Channel, Workspace
from nudges.approvals import standing_of
from nudges.composing import CannotChange, change_status, save_nudge
from nudges.models import ExperienceTime, Nudge, NudgeContent, NudgeStatus, OnCap, Purpose, Trigger

DELIVERED, ORDERED, ASKED, REVIEWED = "Order Delivered", "Order Completed", "Owner Asked", "Review Submitted"
STARTS = (DELIVERED, ORDERED)
DAY = 86400
HOURS = 30 * 24  # so long an invitation stays true while limits hold it back


class Plan(NamedTuple):
    """What a workspace wants: whether customers are asked, after which event, how many days later, on which topic."""

    asks_reviews: bool
    asks_owners: bool
    event: str
    days: int
    category: Category


@transaction.atomic
def set_requests(
    *, workspace: Workspace, plan: Plan, times: Mapping[str, int], actor: User, now: datetime
) -> None:
    """Ask from now on as `plan` says; `times` are days by category of products. Who waits already keeps their time.

    What somebody has to approve first stays off, and says so (`awaits_approval`): set once more, it is switched on.
    Raises CannotChange where a nudge cannot be made to speak, ValueError on an event that is none of STARTS.
    """
    if plan.event not in STARTS:
        raise ValueError(f"event: choose one of {', '.join(STARTS)}")
    set_times(workspace, times)
    for purpose in Purpose:
        nudge = _keep(workspace, purpose, plan, actor, now)
        wanted = plan.asks_owners if purpose == Purpose.OWNER else plan.asks_reviews
        if wanted:
            _switch_on(nudge, actor, now)
        elif nudge.status == NudgeStatus.ACTIVE:
            change_status(nudge=nudge, status=NudgeStatus.PAUSED, actor=actor, now=now)
    detail = {"days": plan.days, "event": plan.event, "times": dict(times)}
    record(
        workspace=workspace,
        actor=actor,
        action="set_review_requests",
        target=workspace,
        detail=detail,
        now=now,
    )


def _switch_on(nudge: Nudge, actor: User, now: datetime) -> None:
    """Or note for how many it is, by which its row says that somebody has to approve it first."""
    try:
        change_status(nudge=nudge, status=NudgeStatus.ACTIVE, actor=actor, now=now)
    except CannotChange as refused:
        if refused.field != "approval":
            raise
        Nudge.objects.filter(pk=nudge.pk).update(audience=standing_of(nudge, now=now).audience)


def set_times(workspace: Workspace, times: Mapping[str, int]) -> None:
    """These days by category, in place of what was set before."""
    ExperienceTime.objects.filter(workspace=workspace).exclude(category__in=times).delete()
    ExperienceTime.objects.bulk_create(
        [ExperienceTime(workspace=workspace, category=name, days=days) for name, days in times.items()],
        update_conflicts=True,
        unique_fields=["workspace", "category"],
        update_fields=["days"],
    )


def _keep(workspace: Workspace, purpose: Purpose, plan: Plan, actor: User, now: datetime) -> Nudge:
    """The nudge of this purpose, made with its words where there is none yet, as the plan wants it."""
    nudge = Nudge.objects.filter(workspace=workspace, purpose=purpose).first()
    is_new = nudge is None
    if nudge is None:
        nudge = Nudge(workspace=workspace, purpose=purpose, **_born(purpose))
    values = {"category": plan.category, **_started(purpose, plan)}
    nudge = save_nudge(nudge=nudge, values=values, actor=actor, now=now, by_program=True)
    if is_new:
        NudgeContent.objects.bulk_create(_words(nudge, language) for language in ("en", "de"))
    return nudge


def _born(purpose: Purpose) -> dict[str, Any]:
    return {
        "name": str(purpose.label),
        "promise": "choose_well" if purpose == Purpose.OWNER else "feel_good",
        "interest": "customer",
        "channels": [Channel.EMAIL],
        "trigger": Trigger.EVENT,
        "on_cap": OnCap.DEFER,
        "expires_after_hours": HOURS,
    }


def _started(purpose: Purpose, plan: Plan) -> dict[str, Any]:
    """What starts each: an order, the first version of a review, a question put to an owner."""
    first = [{"property": "version", "is": 1}]
    return {
        Purpose.REVIEW: {"trigger_event": plan.event, "trigger_delay_seconds": plan.days * DAY},
        Purpose.REVIEW_MONTH: {
            "trigger_event": REVIEWED,
            "trigger_where": first,
            "trigger_delay_seconds": 30 * DAY,
        },
        Purpose.REVIEW_HALF_YEAR: {
            "trigger_event": REVIEWED,
            "trigger_where": first,
            "trigger_delay_seconds": 180 * DAY,
        },
        Purpose.OWNER: {"trigger_event": ASKED, "trigger_delay_seconds": 0},
    }[purpose]


def _words(nudge: Nudge, language: str) -> NudgeContent:
    with translation.override(language):
        subject, body, label = _texts(nudge.purpose)
    link = "{{ event.url }}" if nudge.purpose == Purpose.OWNER else "{{ links.review }}"
    return NudgeContent(
        workspace_id=nudge.workspace_id,
        nudge=nudge,
        channel=Channel.EMAIL,
        language=language,
        subject=subject,
        body=body,
        link_url=link,
        link_label=label,
    )


def _texts(purpose: str) -> tuple[str, str, str]:
    hello = _('Hello {{ customer.first_name | default: "there" }},')
    listed = "{% for product in products %}\n- {{ product.name }}{% endfor %}"
    match purpose:
        case Purpose.REVIEW:
            return (
                _("How is it, now that you have used it?"),
                f"{hello}\n\n"
                + _("others who have to decide would like to know how this does its job for you:")
                + f"\n{listed}\n\n"
                + _("What you like helps them, and what you don't like does so even more."),
                _("Say how it is"),
            )
        case Purpose.REVIEW_MONTH | Purpose.REVIEW_HALF_YEAR:
            return (
                _("Do you still see it as you did?"),
                f"{hello}\n\n"
                + _("you reviewed this a while ago:")
                + f"\n{listed}\n\n"
                + _("Has it lasted, has something changed? Whoever decides now learns most from that."),
                _("Add what you know now"),
            )
        case _:
            return (
                _("Somebody has a question about what you own"),
                f"{hello}\n\n"
                + _("somebody who thinks about {{ event.product_name }} asks:")
                + "\n\n> {{ event.question }}\n\n"
                + _("You agreed to be asked now and then. A sentence or two is a great help."),
                _("Answer"),
            )
