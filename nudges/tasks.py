"""Thin tasks: read the clock, call one step, return its counts."""

from __future__ import annotations

from collections.abc import Callable

from celery import shared_task
from django.utils import timezone

from engagement import counts
from engagement.counts import Counts, Pace
from nudges import calling, considering, deciding, dry_running, flowing, keeping, sending, watching, weighing

SERVED = 20  # service messages between two chunks of anything else
CONSIDERING, DECIDING, SENDING = Pace(most=5000), Pace(most=deciding.CHUNK), Pace(most=800)


@shared_task
def absorb_merges() -> dict[str, int]:
    return dict(until_done(lambda: deciding.absorb_merges(now=timezone.now())))


@shared_task
def consider_stage_changes() -> dict[str, int]:
    return dict(until_done(lambda: considering.consider_stage_changes(now=timezone.now())))


@shared_task
def consider_events() -> dict[str, int]:
    return dict(until_done(lambda: considering.consider_events(now=timezone.now())))


@shared_task
def consider_entries() -> dict[str, int]:
    return dict(until_done(lambda: considering.consider_entries(now=timezone.now())))


@shared_task
def consider_fitting() -> dict[str, int]:
    return dict(until_done(lambda: considering.consider_fitting(now=timezone.now())))


@shared_task
def sweep_fitting() -> dict[str, int]:
    return dict(considering.sweep_fitting(now=timezone.now()))


@shared_task
def advance_flows() -> dict[str, int]:
    return dict(until_done(lambda: flowing.advance_flows(now=timezone.now())))


@shared_task
def consider_broadcasts() -> dict[str, int]:
    return dict(paced(considering.consider_broadcasts, CONSIDERING))


@shared_task
def decide_nudges() -> dict[str, int]:
    return dict(paced(deciding.decide_nudges, DECIDING))


@shared_task
def send_messages() -> dict[str, int]:
    return dict(paced(sending.send_messages, SENDING))


@shared_task
def count_dry_runs() -> dict[str, int]:
    return dict(until_done(lambda: dry_running.count_dry_runs(now=timezone.now())))


@shared_task
def weigh_nudges() -> dict[str, int]:
    return dict(weighing.weigh_nudges(now=timezone.now()))


@shared_task
def lapse_tasks() -> dict[str, int]:
    return dict(calling.lapse_tasks(now=timezone.now()))


@shared_task
def reconcile_claims() -> dict[str, int]:
    return dict(sending.reconcile_claims(now=timezone.now()))


@shared_task
def judge_hits() -> dict[str, int]:
    return dict(until_done(lambda: watching.judge_hits(now=timezone.now())))


@shared_task
def forget_hits() -> dict[str, int]:
    return dict(watching.forget_hits(now=timezone.now()))


@shared_task
def keep_ledger() -> dict[str, int]:
    return dict(keeping.keep_ledger(now=timezone.now()))


@shared_task
def fold_tallies() -> dict[str, int]:
    return dict(keeping.fold_tallies(now=timezone.now()))


def until_done(step: Callable[[], Counts]) -> Counts:
    """Run a step until there is nothing to do or the time is up; all counts together.

    Between its chunks go service messages, so that somebody who asked waits for one chunk, whatever all workers do.
    """
    return counts.until_done(step, between=serve)


def paced(step: Callable[..., Counts], pace: Pace) -> Counts:
    """The same for a step of which much may be due, as much at a time as this process gets done in a moment."""
    return until_done(lambda: pace.run(lambda size: step(now=timezone.now(), limit=size)))


def serve() -> None:
    """Decide what customers have asked for, and send it; a few index probes where nobody has."""
    deciding.decide_nudges(now=timezone.now(), limit=SERVED, urgent_only=True)
    sending.send_messages(now=timezone.now(), limit=SERVED, urgent_only=True)
