"""A company's own program is asked about reviews, questions and answers that wait: it may tag or hold, decides nothing.

It gets words only, of everybody alike, signed by Standard Webhooks. What it doesn't answer in time or in form waits
for a person as it would without it.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

import httpx
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from engagement.counts import Counts
from engagement.outbound import Client
from engagement.sealing import CannotOpen, unseal
from engagement.webhooks import signed
from reviews.models import ModerationEntry, Post, Review, ReviewPolicy
from reviews.pipeline import HOLD, TAG, Flag

STEP = "program"
TIMEOUT = 5  # seconds, for all of an answer
MOST_READ = 16 * 1024
LONGEST_REASON = 200
OUTCOMES = ("pass", TAG, HOLD)
Text = Review | Post
SILENT = Flag(STEP, TAG, gettext_noop("Your own program did not answer"))


class NoAnswer(Exception):
    """It could not be reached, was too slow, or said something else than it may."""


def consult_programs(*, now: datetime, limit: int = 20) -> Counts:
    """Ask about what waits, those that wait longest first, each version once. Counts: taken, flagged, silent.

    Takes up to `limit` reviews, and as many questions and answers. They are claimed first, so that nobody is asked
    twice; killed, the rest waits unasked. A program that fails is not asked again in the same run.
    """
    policies = {
        policy.workspace_id: policy
        for policy in ReviewPolicy.objects.exclude(screening_url="").exclude(screening_secret="")
    }
    claimed = _claim(list(policies), limit) if policies else []
    counts = Counts(taken=len(claimed))
    failed: set[int] = set()
    with Client(timeout=TIMEOUT) as client:
        for text in claimed:
            flag: Flag | None = SILENT
            if text.workspace_id not in failed:
                try:
                    flag = _ask(client, policies[text.workspace_id], text, now)
                except NoAnswer:
                    failed.add(text.workspace_id)
            if flag is not None:
                _note(text, flag, now)
                counts["silent" if flag is SILENT else "flagged"] += 1
    return counts


@transaction.atomic
def _claim(workspace_ids: list[int], limit: int) -> list[Text]:
    here = Q(workspace_id__in=workspace_ids, waiting_since__isnull=False)
    oldest = ("waiting_since", "id")
    held_reviews = Review.objects.select_for_update(skip_locked=True, of=("self",)).select_related("product")
    reviews = list(held_reviews.filter(here, asked_version__lt=F("version")).order_by(*oldest)[:limit])
    Review.objects.filter(pk__in=[one.pk for one in reviews]).update(asked_version=F("version"))
    held_posts = Post.objects.select_for_update(skip_locked=True, of=("self",)).select_related("product")
    posts = list(held_posts.filter(here, is_program_asked=False).order_by(*oldest)[:limit])
    Post.objects.filter(pk__in=[one.pk for one in posts]).update(is_program_asked=True)
    return [*reviews, *posts]


def what_is_told(text: Text) -> dict[str, Any]:
    """All that the program learns: the words of the newest version, and what they are about."""
    if isinstance(text, Post):
        about = {"post_id": text.pk, "question_id": text.question_id, "product_id": text.product.sku}
        return about | {name: getattr(text, name) for name in ("kind", "body", "author_name", "language")}
    words = text.newest
    names = ("kind", "title", "body", "pros", "cons", "author_name", "language")
    about = {"review_id": text.pk, "version": text.version, "product_id": text.product.sku}
    return about | {name: words[name] for name in names}


def _ask(client: httpx.Client, policy: ReviewPolicy, text: Text, now: datetime) -> Flag | None:
    """What it noticed; None when it let it pass. Raises NoAnswer."""
    kind = text.kind if isinstance(text, Post) else "review"
    told = {"type": f"{kind}.waiting", "timestamp": now.isoformat(), "data": what_is_told(text)}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    try:
        secrets = [unseal(policy.screening_secret)["secret"]]
        webhook_id = f"{kind}_{text.pk}_{_version(text)}"
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
def _note(text: Text, flag: Flag, now: datetime) -> None:
    """Put it beside what the other steps noticed, unless the text was changed or decided on meanwhile."""
    held = (
        type(text)
        ._default_manager.select_for_update()
        .filter(pk=text.pk, waiting_since__isnull=False)
        .first()
    )
    if held is None or _version(held) != _version(text):
        return
    held.flags = [*held.flags, flag._asdict()]
    held.save(update_fields=["flags"])
    if flag.outcome == HOLD:
        about = {"post_id": held.pk} if isinstance(held, Post) else {"review_id": held.pk}
        ModerationEntry.objects.create(
            workspace_id=held.workspace_id,
            action="hold",
            reason=STEP,
            version=_version(held),
            at=now,
            **about,
        )


def _version(text: Text) -> int:
    """Questions and answers are not changed once they are sent."""
    return text.version if isinstance(text, Review) else 1
