"""The customer's own word on their situation: noted in one place, whatever page it was told on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from engagement.models import Customer
from engagement.profiling import tell_facts
from journeys.attributes import BadAnswer, answer_to
from journeys.models import Need
from journeys.situations import situation_of


class BadSituation(ValueError):
    """Answers that cannot be kept: {field: what to do}."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in problems.items()))
        self.problems = problems


def consent_wording(need: Need) -> str:
    """What somebody agrees to before sensitive answers are kept: which ones, and what for."""
    asked = [row for row in need.context_attributes if row.get("is_sensitive")]
    purposes = " ".join(f"{row.get('label') or row['key']}: {row.get('purpose', '')}" for row in asked)
    return _("I agree that these answers are kept for what stands beside them. %(what)s") % {"what": purposes}


def note_situation(
    *,
    customer: Customer,
    need: Need,
    answers: Mapping[str, Any],
    agreed: bool = False,
    source: str,
    now: datetime,
) -> dict[str, Any]:
    """Keep what changed of the need's situation and return all of it; an empty answer makes it unknown again.

    Sensitive answers need `agreed`: the customer's consent to `consent_wording`, which is kept with them. What is not
    in `answers` stays. Raises BadSituation.
    """
    rows = {row["key"]: row for row in need.context_attributes}
    before = situation_of(customer, need)
    told, problems = read_answers(rows, answers)
    changed = {key: value for key, value in told.items() if before.get(key) != value}
    needs_consent = [
        key for key, value in changed.items() if value is not None and rows[key].get("is_sensitive")
    ]
    if needs_consent and not agreed:
        problems["agreed"] = _("Agree to this, or leave these answers out.")
    if problems:
        raise BadSituation(problems)
    if changed:
        consent = consent_wording(need) if needs_consent else ""
        tell_facts(customer=customer, topic=need.slug, facts=changed, source=source, consent=consent, now=now)
    return {key: value for key, value in (before | changed).items() if value is not None}


def read_answers(
    rows: Mapping[str, Mapping[str, Any]], answers: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers as they are kept (None: unknown), and what is wrong with those that cannot be."""
    told: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for key, given in answers.items():
        if key not in rows:
            problems[key] = _("Is not asked here.")
        elif is_empty(given):
            told[key] = None
        else:
            try:
                told[key] = answer_to(rows[key], given)
            except BadAnswer as error:
                problems[key] = str(error)
    return told, problems


def is_empty(given: Any) -> bool:
    if isinstance(given, Sequence) and not isinstance(given, str):
        return not any(given)
    return given is None or given == ""
