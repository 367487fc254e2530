"""The dashboard in German: every page, whatever the browser asks for, without a word of English of ours."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engagement.models import Member
from tests.flow.test_doors import ask, dashboard_calls
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db

# Words that no German sentence has, and buttons that a page could forget to translate.
ENGLISH = re.compile(
    r"\b(the|and|your|you|with|from|this|that|are|have|which|there|their|they|of|to|by|for|yes|never|nothing|"
    r"customers?|needs?|nudges?|guides?|reviews?|shortlists?|settings|keys?|cancel|save|delete|edit|add|remove|"
    r"search|close|back|more|open|waiting|sent)\b",
    re.IGNORECASE,
)
# What stands in a page as it is: programs, addresses, and what the office itself wrote in English.
AS_IT_IS = re.compile(
    r"<(script|style|code|pre|textarea|template)\b.*?</\1>|<svg.*?</svg>|<select[^>]*name=\"timezone\".*?</select>"
    r"|<option[^>]*>[A-Z][^<]*/[^<]*</option>",
    re.DOTALL,
)
# What the office, its customers and other companies call things, whatever the reader's language.
THEIR_OWN = re.compile(
    r"need-\d+|what to look for|review submitted|kind: .*|need: .*|message id .*|order delivered|"
    r".*story number \d+ of its kind.*|do you have it in blue\?|does it stand up to a storm\?|"
    r"google, product review feeds.*|meta, product review feed|"
    r"shopify product reviews|choose what you get|was this helpful\?.*|you get this message because.*|"
    r"http webhook signing key|signing secret|verification key|"
    r"customer\.name|need\.name",
    re.IGNORECASE,
)
SHOWN = re.compile(
    r'(?:aria-label|title|placeholder|data-confirm[a-z-]*|data-copied|alt)="([^"]*)"|>([^<]+)<'
)


def texts(page: str) -> list[str]:
    """What a person reads or hears of a page, without programs and what others wrote."""
    return [THEIR_OWN.sub("", a or b).strip() for a, b in SHOWN.findall(AS_IT_IS.sub("><", page))]


def test_a_german_member_reads_every_page_in_german(settings: Any, tmp_path: Any) -> None:
    settings.OUTBOX_DIR = str(tmp_path)
    office = Office().furnish()
    Member.objects.update(language="de")
    client = office.enter("owner")
    found = set()
    for pattern, method, path, role, form in dashboard_calls(office):
        if method == "GET" and role is not None:
            status, answer, _wrote = ask(client, method, path, form)
            if status == 200 and "text/html" in answer.headers.get("Content-Type", ""):
                assert answer.headers["Content-Language"] == "de", pattern
                found |= {(pattern, text) for text in texts(answer.content.decode()) if ENGLISH.search(text)}
    assert sorted(found) == []
