"""Thin tasks: read the clock, call one step, return its counts."""

from __future__ import annotations

from time import monotonic

from celery import shared_task
from django.utils import timezone

from engagement import keeping, learning
from engagement.counts import Counts

AT_MOST = 20  # seconds; the next beat goes on


@shared_task
def make_partitions() -> dict[str, int]:
    return dict(keeping.make_partitions(now=timezone.now()))


@shared_task
def forget_keys() -> dict[str, int]:
    return dict(keeping.forget_keys(now=timezone.now()))


@shared_task
def learn_facts() -> dict[str, int]:
    total, end = Counts(), monotonic() + AT_MOST
    while monotonic() < end:
        counts = learning.learn_facts(now=timezone.now())
        total.update(counts)
        if not counts.done:
            break
    return dict(total)
