"""A company's own program looks at reviews that wait: it may tag and hold, sees no figure, and can stop nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import pytest

from engagement.sealing import seal
from reviews import consulting
from reviews.consulting import consult_programs, what_is_told
from reviews.models import ModerationEntry, Review, ReviewPolicy
from reviews.moderating import publish_review
from reviews.talking import answer_as_owner, ask_question
from tests import make, make_reviews
from tests.https_peer import RESET, Answer, Peer, https_peer

pytestmark = pytest.mark.django_db
NOW = make.NOW
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    with https_peer(settings) as running:
        running.otherwise = Answer(200, {"outcome": "pass"})
        yield running


@pytest.fixture
def product(peer: Peer) -> Any:
    workspace = make.workspace()
    ReviewPolicy.objects.create(
        workspace=workspace, screening_url=f"{peer.url}/look", screening_secret=seal({"secret": SECRET})
    )
    return make.product(workspace)


def waiting(product: Any, **fields: Any) -> Review:
    return make_reviews.review(product, published=False, **fields)


def flags(review: Review) -> list[tuple[str, str, str]]:
    review.refresh_from_db()
    return [(one["step"], one["outcome"], one["reason"]) for one in review.flags]


def test_it_is_told_the_words_of_a_version_once_and_signed(product: Any, peer: Peer) -> None:
    review = waiting(product, title="Dry feet", overall=1)
    assert consult_programs(now=NOW) == {"taken": 1}
    assert not consult_programs(now=NOW).done
    (came,) = peer.received
    told = came.json
    assert (told["type"], told["data"]["title"], told["data"]["version"]) == ("review.waiting", "Dry feet", 1)
    content = f"review_{review.pk}_1.{came.headers['webhook-timestamp']}.".encode() + came.body
    digest = base64.b64encode(hmac.new(b"s" * 32, content, hashlib.sha256).digest()).decode()
    assert came.headers["webhook-signature"] == f"v1,{digest}"
    assert flags(review) == []


def test_what_it_holds_and_tags_stands_beside_what_else_was_noticed(product: Any, peer: Peer) -> None:
    held, tagged = waiting(product), waiting(product)
    peer.answers += [
        Answer(200, {"outcome": "hold", "reason": "Names our warehouse"}),
        Answer(200, {"outcome": "tag"}),
    ]
    assert consult_programs(now=NOW) == {"taken": 2, "flagged": 2}
    assert flags(held) == [("program", "hold", "Names our warehouse")]
    assert flags(tagged) == [("program", "tag", "Your own program noticed something")]
    assert held.status == tagged.status == "pending"
    (entry,) = ModerationEntry.objects.filter(action="hold")
    assert (entry.review_id, entry.reason) == (held.pk, "program")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500),
        Answer(302, headers={"Location": "https://127.0.0.1/"}),
        Answer(200, {"outcome": "reject"}),
        Answer(200, ["hold"]),
        Answer(200, {"outcome": "hold", "reason": "x" * 20_000}),
        RESET,
    ],
)
def test_without_a_good_answer_a_person_decides_as_ever(product: Any, peer: Peer, answer: Any) -> None:
    first, second = waiting(product), waiting(product)
    peer.answers.append(answer)
    assert consult_programs(now=NOW) == {"taken": 2, "silent": 2}
    assert len(peer.received) == 1, "it is not asked again in this run"
    assert flags(first) == flags(second) == [("program", "tag", "Your own program did not answer")]
    publish_review(workspace=product.workspace, review_id=first.pk, actor=None, now=NOW)


def test_reviews_that_differ_only_in_figures_are_told_alike(product: Any) -> None:
    told = []
    for overall, quality in ((1, 2), (5, None)):
        review = waiting(product, body="One and the same text, told twice.", overall=overall, quality=quality)
        told.append({**what_is_told(review), "review_id": 0})
    assert told[0] == told[1]


def test_a_new_version_is_asked_about_and_what_is_decided_is_not(product: Any, peer: Peer) -> None:
    ada = make.customer(product.workspace)
    waiting(product, customer=ada)
    make_reviews.review(product)
    consult_programs(now=NOW)
    make_reviews.review(product, ada, published=False, title="Changed")
    consult_programs(now=NOW)
    assert [came.json["data"]["version"] for came in peer.received] == [1, 2]


def test_an_answer_about_words_that_were_changed_meanwhile_is_dropped(
    product: Any, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make.customer(product.workspace)
    review = waiting(product, customer=ada)
    peer.answers.append(Answer(200, {"outcome": "hold", "reason": "Names our warehouse"}))
    ask = consulting._ask

    def ask_while_the_author_edits(*given: Any) -> Any:
        noticed = ask(*given)
        make_reviews.review(product, ada, published=False, title="Changed")
        return noticed

    monkeypatch.setattr(consulting, "_ask", ask_while_the_author_edits)
    consult_programs(now=NOW)
    assert flags(review) == []
    assert not ModerationEntry.objects.filter(action="hold").exists()


def test_questions_and_answers_are_asked_about_once_too(product: Any, peer: Peer) -> None:
    question = ask_question(
        product=product, customer=make.customer(product.workspace), body="Does it keep the rain out?",
        author_name="Bo", language="en", situation={}, need_slug="", now=NOW,
    )  # fmt: skip
    answer = answer_as_owner(
        question=question, customer=make.customer(product.workspace), body="Through a whole night of it.",
        author_name="Cy", language="en", now=NOW,
    )  # fmt: skip
    peer.answers += [Answer(200, {"outcome": "hold", "reason": "Names our warehouse"})]
    assert consult_programs(now=NOW) == {"taken": 2, "flagged": 1}
    assert not consult_programs(now=NOW).done
    assert [came.json["type"] for came in peer.received] == ["question.waiting", "answer.waiting"]
    assert peer.received[1].json["data"] == {
        "post_id": answer.pk, "question_id": question.pk, "product_id": product.sku, "kind": "answer",
        "body": "Through a whole night of it.", "author_name": "Cy", "language": "en",
    }  # fmt: skip
    question.refresh_from_db()
    assert question.flags[-1] == {"step": "program", "outcome": "hold", "reason": "Names our warehouse"}
    assert ModerationEntry.objects.get(action="hold", reason="program").post_id == question.pk


def test_a_private_address_is_never_asked(product: Any, peer: Peer, settings: Any) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = []
    review = waiting(product)
    assert consult_programs(now=NOW) == {"taken": 1, "silent": 1}
    assert peer.received == []
    assert flags(review) == [("program", "tag", "Your own program did not answer")]


def test_an_owner_names_it_and_sees_its_secret_once(client: Any) -> None:
    workspace = make.workspace()
    client.force_login(make.member(workspace).user)
    refused = client.post("/reviews/rules", {"screening_url": "http://10.0.0.1/"})
    assert "cannot be used" in refused.content.decode()
    page = client.post("/reviews/rules", {"screening_url": "https://shop.example/look"}, follow=True)
    assert "whsec_" in page.content.decode()
    assert "whsec_" not in client.get("/reviews/rules").content.decode()
    policy = ReviewPolicy.objects.get(workspace=workspace)
    assert policy.screening_secret
    assert "whsec_" not in policy.screening_secret
    client.post("/reviews/rules", {"screening_url": ""})
    policy.refresh_from_db()
    assert (policy.screening_url, policy.screening_secret) == ("", "")
