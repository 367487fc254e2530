"""Variants of words told to programs and written by them, as by people."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from engagement.models import Workspace
from nudges.models import Nudge
from nudges.variants import key_of, tried
from nudges.varying import save_variants
from tests import make, make_messages, make_nudges
from tests.make_api import Caller, caller
from tests.nudges.deciding_one import DAY

pytestmark = pytest.mark.django_db
WORDS = {"channel": "email", "subject": "S", "body": "Of b"}


@pytest.fixture
def nudge(workspace: Workspace) -> Nudge:
    return make_messages.nudge(workspace, words="The plain words")


@pytest.fixture
def shop(workspace: Workspace) -> Caller:
    return caller(workspace)


def halves(nudge: Nudge, **asked: Any) -> Nudge:
    variants = [{"name": "Short", "share": 50}, {"name": "Long", "share": 50}]
    return save_variants(nudge=nudge, variants=variants, actor=None, **{"now": timezone.now()} | asked)


def test_variants_are_written_with_their_words_and_read_again(nudge: Nudge, shop: Caller) -> None:
    variants = [{"name": "Short", "share": 30}, {"key": "long", "share": 70}]
    contents = [WORDS | {"variant": "long"}]
    told = shop.patch(f"nudges/{nudge.pk}", {"variants": variants, "contents": contents}).json()
    assert [(one["key"], one["name"], one["share"], one["ended_at"]) for one in told["variants"]] == [
        ("a", "Short", 30, None),
        ("long", "LONG", 70, None),
    ]
    assert told["compared_since"]
    assert [(one["variant"], one["body"]) for one in told["contents"]] == [
        ("", "The plain words"),
        ("long", "Of b"),
    ]
    place = f"nudges/{nudge.pk}/contents/email/en?variant=long"
    assert shop.delete(place).status_code == 204
    assert shop.delete(place).status_code == 404
    ended = shop.patch(f"nudges/{nudge.pk}", {"variants": []}).json()
    assert all(one["ended_at"] and not one["won"] for one in ended["variants"])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"variants": [{"share": 100}]}, "/variants/0/share"),
        ({"variants": [{"share": 50}, {"share": 49}]}, "/variants"),
        ({"variants": [{"share": 50}]}, "/variants"),
        ({"contents": [WORDS | {"variant": "b"}]}, "/variant"),
    ],
)
def test_what_cannot_be_tried_is_named_and_nothing_is_written(
    nudge: Nudge, shop: Caller, body: dict[str, Any], pointer: str
) -> None:
    answer = shop.patch(f"nudges/{nudge.pk}", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.json()
    nudge.refresh_from_db()
    assert (nudge.variants, nudge.version, nudge.contents.count()) == ([], 1, 1)


def test_one_is_chosen_for_everybody(nudge: Nudge, shop: Caller) -> None:
    halves(nudge)
    path = f"nudges/{nudge.pk}/variants"
    assert shop.post(f"{path}/x/choose").status_code == 404
    assert caller(make.workspace()).post(f"{path}/b/choose").status_code == 404
    assert caller(nudge.workspace, "nudges:read").post(f"{path}/b/choose").status_code == 403
    nudge.refresh_from_db()
    assert len(tried(nudge)) == 2
    told = shop.post(f"{path}/b/choose").json()
    assert [(one["key"], one["won"]) for one in told["variants"]] == [("a", False), ("b", True)]
    assert shop.post(f"{path}/b/choose").status_code == 422  # it is over


def test_which_helps_more_is_told(nudge: Nudge, shop: Caller) -> None:
    path = f"nudges/{nudge.pk}/variants"
    assert shop.get(path).json()["variants"] == []
    then = timezone.now() - 20 * DAY
    halves(nudge, now=then - DAY)
    for key in "ab":
        customer = make.customer(nudge.workspace)
        make_nudges.sent(nudge, customer, at=then, sent_at=then, variant=key, variant_chance=50)
    told = shop.get(f"{path}?days=7").json()
    assert (told["nudge"], told["days"], told["until"], told["mismatch"]) == (nudge.pk, 7, None, 1.0)
    assert [(one["name"], one["customers"], one["got"]) for one in told["variants"]] == [
        ("Short", 1, 1),
        ("Long", 1, 1),
    ]
    outcomes = told["variants"][1]["outcomes"]
    assert [one["outcome"] for one in outcomes if not one["is_the_customers"]] == ["ordered", "revenue"]
    assert {(one["interval"], one["verdict"]) for one in outcomes} == {(None, "open")}
    assert caller(make.workspace()).get(path).status_code == 404


def test_simulating_and_previewing_name_the_variant(nudge: Nudge, shop: Caller) -> None:
    held = halves(nudge)
    customer = make.customer(nudge.workspace, email="ann@example.org")
    shop.patch(f"nudges/{nudge.pk}", {"contents": [WORDS | {"variant": "b"}]})
    own = key_of(held, customer.pk)
    [decision] = shop.post(f"nudges/{nudge.pk}/simulate", {"customers": [customer.pk]}).json()["decisions"]
    assert (decision["outcome"], decision["variant"]) == ("send", own)
    asked = {"customer": customer.pk, "channel": "inbox"}
    texts = {"a": "The plain words", "b": "Of b"}
    seen = shop.post(f"nudges/{nudge.pk}/preview", asked).json()
    assert (seen["variant"], seen["text"]) == (own, texts[own])
    for key, text in texts.items():
        seen = shop.post(f"nudges/{nudge.pk}/preview", asked | {"variant": key}).json()
        assert (seen["variant"], seen["text"]) == (key, text)
    assert shop.post(f"nudges/{nudge.pk}/preview", asked | {"variant": "x"}).status_code == 422


def test_a_message_tells_its_variant(nudge: Nudge, shop: Caller) -> None:
    customer = make.customer(nudge.workspace)
    sent = make_nudges.sent(nudge, customer, at=timezone.now(), variant="b", variant_chance=50)
    told = shop.get(f"messages/{sent.pk}").json()
    assert (told["variant"], told["variant_chance"]) == ("b", 50)
