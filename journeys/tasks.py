"""Thin tasks: read the clock, call one step, return its counts."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from celery import shared_task
from django.utils import timezone

from engagement.counts import Counts
from journeys import guides, inferring

AT_MOST = 20  # seconds; the next beat goes on


@shared_task
def infer_needs() -> dict[str, int]:
    return dict(until_done(lambda: inferring.infer_needs(now=timezone.now())))


@shared_task
def publish_due_guides() -> dict[str, int]:
    return dict(until_done(lambda: guides.publish_due_guides(now=timezone.now())))


@shared_task
def lapse_needs() -> dict[str, int]:
    return dict(until_done(lambda: inferring.lapse_needs(now=timezone.now())))


def until_done(step: Callable[[], Counts]) -> Counts:
    """Run a step until there is nothing to do or the time is up; all counts together."""
    total, end = Counts(), monotonic() + AT_MOST
    while monotonic() < end:
        counts = step()
        total.update(counts)
        if not counts.done:
            break
    return total
