"""Thin tasks: read the clock, call one step, return its counts."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from engagement import keeping, learning
from engagement.counts import until_done
from engagement.webhooks import delivering, forgetting, telling


@shared_task
def make_partitions() -> dict[str, int]:
    return dict(keeping.make_partitions(now=timezone.now()))


@shared_task
def forget_keys() -> dict[str, int]:
    return dict(keeping.forget_keys(now=timezone.now()))


@shared_task
def deliver_webhooks() -> dict[str, int]:
    return dict(until_done(lambda: delivering.deliver_webhooks(now=timezone.now())))


@shared_task
def tell_owners() -> dict[str, int]:
    return dict(telling.tell_owners(now=timezone.now()))


@shared_task
def forget_announcements() -> dict[str, int]:
    return dict(until_done(lambda: forgetting.forget_announcements(now=timezone.now())))


@shared_task
def learn_facts() -> dict[str, int]:
    return dict(until_done(lambda: learning.learn_facts(now=timezone.now())))
