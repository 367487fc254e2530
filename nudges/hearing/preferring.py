"""What a customer chooses on the preference page: topics by channel, fewer a week, a pause, quiet hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.utils.dateparse import parse_datetime

from engagement.consents import allowed_channels, set_consent
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import ConsentState, Customer
from engagement.people.locks import taken_again
from nudges.models import Preference


@dataclass(frozen=True, slots=True)
class Choices:
    """What was chosen; `allowed` says for each (category id, channel) that was offered whether it is wanted."""

    allowed: Mapping[tuple[int, str], bool] = field(default_factory=dict)
    paused_topics: Mapping[int, datetime | None] = field(
        default_factory=dict
    )  # by category id; None: no longer
    max_per_week: int | None = None
    paused_until: datetime | None = None
    quiet_start: time | None = None
    quiet_end: time | None = None
    may_be_watched: bool | None = None  # opens and clicks; None: nothing was said


@taken_again
def save_preferences(*, customer: Customer, choices: Choices, now: datetime) -> list[str]:
    """Keep what a customer chose; returns the names of what changed, nothing when all was so before.

    Only what differs from what holds now becomes a word of consent: leaving a box as it was says nothing. Each change
    is an event. Quiet hours need both ends, and two that differ; else they are off.
    """
    changed = ["consent"] if _save_consents(customer, choices.allowed, now=now) else []
    changed += ["paused_topics"] if _save_topic_pauses(customer, choices.paused_topics, now=now) else []
    preference = preference_of(customer_id=customer.pk, workspace_id=customer.workspace_id, now=now)
    has_quiet = choices.quiet_start and choices.quiet_end and choices.quiet_start != choices.quiet_end
    wanted = {
        "max_per_week": choices.max_per_week,
        "paused_until": choices.paused_until,
        "quiet_start": choices.quiet_start if has_quiet else None,
        "quiet_end": choices.quiet_end if has_quiet else None,
    }
    if choices.may_be_watched is not None:
        wanted["may_be_watched"] = choices.may_be_watched
    before = {name: getattr(preference, name) for name in wanted}
    if differing := [name for name, value in wanted.items() if value != before[name]]:
        for name in differing:
            setattr(preference, name, wanted[name])
        preference.updated_at = now
        preference.save()
        _tell(
            customer.pk,
            customer.workspace_id,
            {name: [before[name], wanted[name]] for name in differing},
            now,
        )
    return changed + differing


def _save_topic_pauses(customer: Customer, pauses: Mapping[int, datetime | None], *, now: datetime) -> bool:
    has_changed = False
    for category_id, until in sorted(pauses.items()):
        before = pause_category(
            customer_id=customer.pk,
            workspace_id=customer.workspace_id,
            category_id=category_id,
            until=until,
            now=now,
        )
        has_changed |= before != until
    return has_changed


@taken_again
def pause_category(
    *,
    customer_id: int,
    workspace_id: int,
    category_id: int,
    until: datetime | None,
    only_if: datetime | None = None,
    now: datetime,
) -> datetime | None:
    """Hold one category back until a time, or with None no longer; returns the time that stood there before.

    With `only_if`, does nothing unless it is what stands there now.
    """
    preference = preference_of(customer_id=customer_id, workspace_id=workspace_id, now=now)
    key = str(category_id)
    before = _time(preference.paused_categories.get(key))
    if (only_if is not None and before != only_if) or before == until:
        return before
    preference.paused_categories.pop(key, None)
    if until is not None:
        preference.paused_categories[key] = until.isoformat()
    preference.updated_at = now
    preference.save(update_fields=["paused_categories", "updated_at"])
    _tell(customer_id, workspace_id, {f"paused_categories.{key}": [before, until]}, now)
    return before


def preference_of(*, customer_id: int, workspace_id: int, now: datetime) -> Preference:
    """The customer's row of own limits, made where there is none, and held until the transaction ends."""
    Preference.objects.get_or_create(
        customer_id=customer_id, defaults={"workspace_id": workspace_id, "updated_at": now}
    )
    return Preference.objects.select_for_update().get(customer_id=customer_id)


def _save_consents(customer: Customer, allowed: Mapping[tuple[int, str], bool], *, now: datetime) -> bool:
    wishes: dict[int, dict[str, bool]] = {}
    for (category_id, channel), is_wanted in allowed.items():
        wishes.setdefault(category_id, {})[channel] = is_wanted
    has_changed = False
    for category_id, wanted in sorted(wishes.items()):
        holds = allowed_channels([customer.pk], workspace_id=customer.workspace_id, category_id=category_id)[
            customer.pk
        ]
        for state, is_wanted in ((ConsentState.GRANTED, True), (ConsentState.DENIED, False)):
            channels = [
                channel
                for channel, wish in wanted.items()
                if wish is is_wanted and (channel in holds) is not wish
            ]
            if channels:
                has_changed |= bool(
                    set_consent(
                        workspace_id=customer.workspace_id,
                        customer_id=customer.pk,
                        category_id=category_id,
                        channels=channels,
                        state=state,
                        source="preference_page",
                        now=now,
                    )
                )
    return has_changed


def _tell(customer_id: int, workspace_id: int, changes: dict[str, list[Any]], now: datetime) -> None:
    texts = {
        name: [value if isinstance(value, int | None) else value.isoformat() for value in pair]
        for name, pair in changes.items()
    }
    event = SystemEvent(
        customer_id=customer_id,
        name="Preference Changed",
        message_id=f"preference:{customer_id}:{now.isoformat()}:{','.join(sorted(texts))}",
        occurred_at=now,
        properties={"changes": texts},
    )
    record_events(workspace_id=workspace_id, events=[event], now=now)


def _time(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
