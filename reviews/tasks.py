"""Thin tasks: read the clock, call one step, return its counts."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from engagement.counts import until_done
from reviews import (
    absorbing,
    asking,
    consulting,
    drafting,
    forgetting,
    importing,
    photographing,
    talking,
    tallying,
    telling,
)
from reviews.fitting import learning, overdue


@shared_task
def tally_ratings() -> dict[str, int]:
    return tallying.tally_ratings(now=timezone.now())


@shared_task
def absorb_merges() -> dict[str, int]:
    return absorbing.absorb_merges(now=timezone.now())


@shared_task
def consult_programs() -> dict[str, int]:
    return consulting.consult_programs(now=timezone.now())


@shared_task
def learn_fit() -> dict[str, int]:
    return learning.learn_fit(now=timezone.now())


@shared_task
def find_overdue_fit() -> dict[str, int]:
    return overdue.find_overdue_fit(now=timezone.now())


@shared_task
def tell_authors() -> dict[str, int]:
    return telling.tell_authors(now=timezone.now())


@shared_task
def tell_askers() -> dict[str, int]:
    return telling.tell_askers(now=timezone.now())


@shared_task
def ask_owners() -> dict[str, int]:
    return asking.ask_owners(now=timezone.now())


@shared_task
def forget_unconfirmed_questions() -> dict[str, int]:
    return talking.forget_unconfirmed_questions(now=timezone.now())


@shared_task
def forget_drafts() -> dict[str, int]:
    return drafting.forget_drafts(now=timezone.now())


@shared_task
def forget_photos() -> dict[str, int]:
    return photographing.forget_photos(now=timezone.now())


@shared_task
def forget_unconfirmed() -> dict[str, int]:
    return forgetting.forget_unconfirmed(now=timezone.now())


@shared_task
def work_on_imports() -> dict[str, int]:
    return until_done(lambda: importing.work_on_imports(now=timezone.now()))


@shared_task
def forget_imports() -> dict[str, int]:
    return forgetting.forget_imports(now=timezone.now())
