"""What a reply may carry, checked: a date, a choice, facts of the situation, free text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _

from nudges.models import Message, ReplyKind

SHORTEST_WAIT = timedelta(hours=1)
DEFAULT_WAIT = timedelta(days=30)
LONGEST_WAIT = timedelta(days=366)
LONGEST_TEXT = 1_000
NEED, CATEGORY = "need", "category"


class BadReply(ValueError):
    """A reply that cannot be taken; `field` is the part of its detail that is wrong, the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked reply: `until` of a not_now, `choice` of a not_relevant, `facts` of a changed; `text` with any."""

    kind: ReplyKind
    until: datetime | None = None
    choice: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    def as_detail(self) -> dict[str, Any]:
        """As it is kept."""
        detail: dict[str, Any] = {
            "until": self.until.isoformat() if self.until else None,
            "choice": self.choice,
            "facts": dict(self.facts),
            "text": self.text,
        }
        return {name: value for name, value in detail.items() if value}


def check_answer(*, message: Message, kind: str, detail: Mapping[str, Any], now: datetime) -> Answer:
    """The reply as it may be taken for this message. Raises BadReply.

    Detail: `until` (ISO date or time, else 30 days from now), `choice` ("need" or "category", else the need where there
    is one), `facts` ({key: one of its options}), `text`.
    """
    if kind not in ReplyKind.values:
        known = ", ".join(ReplyKind.values)
        raise BadReply(
            "kind", _("There is no reply “%(kind)s”; use one of %(known)s.") % {"kind": kind, "known": known}
        )
    wanted = ReplyKind(kind)
    return Answer(
        kind=wanted,
        until=_until(detail.get("until"), now) if wanted == ReplyKind.NOT_NOW else None,
        choice=_choice(detail.get("choice"), message) if wanted == ReplyKind.NOT_RELEVANT else "",
        facts=_facts(detail.get("facts"), message) if wanted == ReplyKind.CHANGED else {},
        text=_text(detail.get("text")),
    )


def _until(value: Any, now: datetime) -> datetime:
    if not value:
        return now + DEFAULT_WAIT
    try:
        until = value if isinstance(value, datetime) else _moment(str(value), now)
    except ValueError:
        until = None
    if until is None:
        raise BadReply("until", _("Write a date such as 2026-12-24."))
    if not now + SHORTEST_WAIT <= until <= now + LONGEST_WAIT:
        raise BadReply("until", _("Choose a date within the next twelve months."))
    return until


def _moment(text: str, now: datetime) -> datetime | None:
    if day := parse_date(text):
        return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
    moment = parse_datetime(text)
    return moment if moment and is_aware(moment) else None


def _choice(value: Any, message: Message) -> str:
    choice = value or (NEED if message.customer_need_id else CATEGORY)
    if choice not in (NEED, CATEGORY):
        raise BadReply("choice", _("Choose “need” or “category”."))
    if choice == NEED and not message.customer_need_id:
        raise BadReply("choice", _("This message is about no need; choose “category”."))
    return str(choice)


def _facts(value: Any, message: Message) -> dict[str, str]:
    given = value or {}
    if not isinstance(given, Mapping):
        raise BadReply("facts", _("Facts are pairs of a name and a value."))
    options = options_of(message)
    for key, chosen in given.items():
        if key not in options:
            raise BadReply("facts", _("“%(key)s” is not asked for this need.") % {"key": key})
        if not isinstance(chosen, str) or (options[key] and chosen not in options[key]) or len(chosen) > 200:
            allowed = ", ".join(options[key])
            raise BadReply(
                "facts", _("“%(key)s” takes one of: %(options)s.") % {"key": key, "options": allowed}
            )
    return {str(key): str(chosen) for key, chosen in given.items() if chosen}


def options_of(message: Message) -> dict[str, list[str]]:
    """What is asked about the situation behind the message's need: options by key, empty for free words."""
    need = message.customer_need.need if message.customer_need else None
    return (
        {entry["key"]: list(entry.get("options") or []) for entry in need.context_attributes} if need else {}
    )


def _text(value: Any) -> str:
    text = str(value or "").replace("\x00", "").strip()
    if len(text) > LONGEST_TEXT:
        raise BadReply("text", _("Please use no more than %(limit)s characters.") % {"limit": LONGEST_TEXT})
    return text
