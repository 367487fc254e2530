"""Thin tasks: read the clock, call one step, return its counts."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from engagement import keeping, learning
from engagement.counts import until_done


@shared_task
def make_partitions() -> dict[str, int]:
    return dict(keeping.make_partitions(now=timezone.now()))


@shared_task
def forget_keys() -> dict[str, int]:
    return dict(keeping.forget_keys(now=timezone.now()))


@shared_task
def learn_facts() -> dict[str, int]:
    return dict(until_done(lambda: learning.learn_facts(now=timezone.now())))
