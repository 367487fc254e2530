"""A company's own program is asked about reviews that wait: it may tag or hold one, and decides nothing.

It gets words only, of every review alike, signed by Standard Webhooks. What it doesn't answer in time or in form waits
for a person as it would without it.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

import httpx
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from engagement.counts import Counts
from engagement.outbound import Client
from engagement.sealing import CannotOpen, unseal
from engagement.webhooks import signed
from reviews.models import ModerationEntry, Review, ReviewPolicy
from reviews.pipeline import HOLD, TAG, Flag

STEP = "program"
TIMEOUT = 5  # seconds, for all of an answer
MOST_READ = 16 * 1024
LONGEST_REASON = 200
OUTCOMES = ("pass", TAG, HOLD)
SILENT = Flag(STEP, TAG, gettext_noop("Your own program did not answer"))


class NoAnswer(Exception):
    """It could not be reached, was too slow, or said something else than it may."""


def consult_programs(*, now: datetime, limit: int = 20) -> Counts:
    """Ask about reviews that wait, those that wait longest first, each version once. Counts: taken, flagged, silent.

    They are claimed first, so that nobody is asked twice; killed, the rest waits unasked. A program that fails is not
    asked again in the same run.
    """
    policies = {
        policy.workspace_id: policy
        for policy in ReviewPolicy.objects.exclude(screening_url="").exclude(screening_secret="")
    }
    claimed = _claim(list(policies), limit) if policies else []
    counts = Counts(taken=len(claimed))
    failed: set[int] = set()
    with Client(timeout=TIMEOUT) as client:
        for review in claimed:
            flag: Flag | None = SILENT
            if review.workspace_id not in failed:
                try:
                    flag = _ask(client, policies[review.workspace_id], review, now)
                except NoAnswer:
                    failed.add(review.workspace_id)
            if flag is not None:
                _note(review, flag, now)
                counts["silent" if flag is SILENT else "flagged"] += 1
    return counts


@transaction.atomic
def _claim(workspace_ids: list[int], limit: int) -> list[Review]:
    waiting = Review.objects.select_for_update(skip_locked=True, of=("self",)).select_related("product")
    found = list(
        waiting.filter(
            workspace_id__in=workspace_ids, waiting_since__isnull=False, asked_version__lt=F("version")
        ).order_by("waiting_since", "id")[:limit]
    )
    Review.objects.filter(pk__in=[review.pk for review in found]).update(asked_version=F("version"))
    return found


def what_is_told(review: Review) -> dict[str, Any]:
    """All that the program learns of a review: the words of its newest version, and what they are about."""
    words = review.newest
    names = ("kind", "title", "body", "pros", "cons", "author_name", "language")
    about = {"review_id": review.pk, "version": review.version, "product_id": review.product.sku}
    return about | {name: words[name] for name in names}


def _ask(client: httpx.Client, policy: ReviewPolicy, review: Review, now: datetime) -> Flag | None:
    """What it noticed; None when it let it pass. Raises NoAnswer."""
    told = {"type": "review.waiting", "timestamp": now.isoformat(), "data": what_is_told(review)}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        secrets = [unseal(policy.screening_secret)["secret"]]
        webhook_id = f"review_{review.pk}_{review.version}"
        headers = {"Content-Type": "application/json", "User-Agent": "Touchstone"}
        headers |= signed(body, webhook_id=webhook_id, secrets=secrets, now=now)
        with client.stream("POST", policy.screening_url, content=body, headers=headers) as answer:
            if answer.status_code != 200:
                raise NoAnswer(f"it answered {answer.status_code}")
            return _flag_in(_read(answer))
    except (httpx.HTTPError, CannotOpen, ValueError) as error:
        raise NoAnswer(str(error)) from error


def _read(answer: httpx.Response) -> bytes:
    """The body, as far as it comes within the time and size that it has."""
    until, body = time.monotonic() + TIMEOUT, b""
    for part in answer.iter_bytes(4096):
        body += part
        if len(body) > MOST_READ or time.monotonic() > until:
            raise NoAnswer("its answer was too long")
    return body


def _flag_in(body: bytes) -> Flag | None:
    """`{"outcome": "pass" | "tag" | "hold", "reason": "…"}`. Raises NoAnswer and ValueError."""
    told = json.loads(body)
    if not isinstance(told, dict) or told.get("outcome") not in OUTCOMES:
        raise NoAnswer("it said no outcome")
    if told["outcome"] == "pass":
        return None
    reason = str(told.get("reason") or "").replace("\x00", "")[:LONGEST_REASON].strip()
    return Flag(STEP, told["outcome"], reason or gettext_noop("Your own program noticed something"))


@transaction.atomic
def _note(review: Review, flag: Flag, now: datetime) -> None:
    """Put it beside what the other steps noticed, unless the review was changed or decided on meanwhile."""
    held = Review.objects.select_for_update().filter(
        pk=review.pk, version=review.version, waiting_since__isnull=False
    )
    if found := held.first():
        found.flags = [*found.flags, flag._asdict()]
        found.save(update_fields=["flags"])
        if flag.outcome == HOLD:
            ModerationEntry.objects.create(
                workspace_id=found.workspace_id,
                review_id=found.pk,
                action="hold",
                reason=STEP,
                version=found.version,
                at=now,
            )
