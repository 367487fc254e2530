"""Thin tasks: read the clock, call one step, return its counts."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from engagement.counts import until_done
from journeys import guides, inferring


@shared_task
def infer_needs() -> dict[str, int]:
    return dict(until_done(lambda: inferring.infer_needs(now=timezone.now())))


@shared_task
def publish_due_guides() -> dict[str, int]:
    return dict(until_done(lambda: guides.publish_due_guides(now=timezone.now())))


@shared_task
def lapse_needs() -> dict[str, int]:
    return dict(until_done(lambda: inferring.lapse_needs(now=timezone.now())))
