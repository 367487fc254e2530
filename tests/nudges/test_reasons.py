"""Every reason has a sentence for the marketer and one for the customer."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from nudges.reasons import Reason


def decided(**fields: Any) -> Any:
    return SimpleNamespace(
        **{
            "rule": "cap:12",
            "limit": 2,
            "count": 2,
            "allowed_at": datetime(2026, 3, 5, 9, 30, tzinfo=UTC),
            "stage": "purchase",
            "channel": "email",
            "outcome": "suppress",
            "winner_id": 77,
        }
        | fields
    )


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_speaks_to_marketer_and_customer(reason: Reason) -> None:
    assert reason.marketer(decided()).endswith((".", ")."))
    assert reason.customer(decided()).endswith(".")


@pytest.mark.parametrize("reason", list(Reason))
def test_the_customers_sentence_names_no_rule_and_no_other_candidate(reason: Reason) -> None:
    sentence = reason.customer(decided())
    assert "cap:12" not in sentence
    assert "77" not in sentence


def test_a_cap_is_named_with_its_numbers_and_the_time_it_frees() -> None:
    sentence = Reason.CAPPED.marketer(decided())
    assert "cap:12" in sentence
    assert "2 of 2" in sentence
    assert "9:30" in sentence


def test_a_cap_of_zero_says_never_and_promises_no_time() -> None:
    sentence = Reason.CAPPED.marketer(decided(limit=0, count=0, allowed_at=None))
    assert "never" in sentence
    assert "allowed from" not in sentence


def test_a_deferral_says_when_it_is_looked_at_again() -> None:
    assert "looked at again" in Reason.QUIET_HOURS.marketer(decided(outcome="defer"))


def test_what_was_outranked_names_the_winner() -> None:
    assert "77" in Reason.OUTRANKED.marketer(decided())


def test_codes_fit_the_ledgers_column() -> None:
    assert max(len(code) for code in Reason.values) <= 24


def test_sentences_are_made_in_the_readers_language_not_the_importers() -> None:
    with translation.override("de"):
        german = Reason.QUIET_HOURS.marketer(decided())
    assert "2026" in german
    assert german != Reason.QUIET_HOURS.marketer(decided())  # the date at least is written the German way
