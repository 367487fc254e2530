"""What integrators read is what the program does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from engagement.webhooks import make_secret, signed
from engagement.webhooks.types import TEST, TYPES

PAGE = (Path(__file__).resolve().parents[3] / "docs/webhooks.md").read_text()
Check = Callable[[Any, bytes, str], bool]


@pytest.fixture
def is_from_touchstone() -> Check:
    """The function of the page, as it stands there."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # our own documentation
    check: Check = names["is_from_touchstone"]
    return check


def test_every_type_is_described() -> None:
    described = set(re.findall(r"`([a-z]+\.[a-z_]+)`", PAGE.split("## Every kind of change")[1]))
    assert described == {*TYPES, TEST}


def test_the_check_of_the_page_takes_ours_and_nothing_else(is_from_touchstone: Check) -> None:
    secret, other, body, now = make_secret(), make_secret(), b'{"type":"review.published"}', timezone.now()
    headers = signed(body, webhook_id="evt_1", secrets=[secret], now=now)
    assert is_from_touchstone(headers, body, secret)
    assert not is_from_touchstone(headers, body, other)
    assert not is_from_touchstone(headers, body + b" ", secret)
    assert not is_from_touchstone(headers | {"webhook-id": "evt_2"}, body, secret)
    assert not is_from_touchstone(headers | {"webhook-signature": "v1,"}, body, secret)
    renewed = signed(body, webhook_id="evt_1", secrets=[other, secret], now=now)
    assert is_from_touchstone(renewed, body, secret)
    assert is_from_touchstone(renewed, body, other)


def test_what_was_posted_long_ago_is_not_taken_again(is_from_touchstone: Check) -> None:
    secret, body = make_secret(), b"{}"
    headers = signed(body, webhook_id="evt_1", secrets=[secret], now=timezone.now() - timedelta(hours=1))
    assert not is_from_touchstone(headers, body, secret)
