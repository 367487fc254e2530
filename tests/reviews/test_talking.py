"""Questions and answers: asked by anybody, moderated like reviews, put to owners who agreed, told to who asked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.identities import make_token
from engagement.keys import make_key
from engagement.models import Customer, Event
from engagement.people.merging import merge_customers
from reviews.absorbing import absorb_merges
from reviews.asking import ASKED_AT_ONCE, ASKED_EACH, agree_to_be_asked, ask_owners
from reviews.judging import publish_post, reject_post, undo_post
from reviews.links import answer_url, questions_url, writing_url
from reviews.models import ModerationEntry, Owner, OwnerAsked, Post, Report, Review, ReviewPolicy
from reviews.moderating import GRACE
from reviews.talking import (
    KEPT_FOR,
    answer_as_company,
    answer_as_owner,
    ask_question,
    forget_unconfirmed_questions,
)
from reviews.telling import tell_askers
from tests import make, make_reviews
from tests.make_journeys_base import shoe_need

pytestmark = pytest.mark.django_db
NOW = make.NOW
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def product():
    cache.clear()
    workspace = make.workspace(name="Larkfell", sender_email="hello@shop.example")
    shoe_need(workspace)
    return make.product(workspace, "tern", name="Tern", category="Road shoes")


@pytest.fixture
def asker(product):
    return make.customer(product.workspace, email="bo@example.org", name="Bo")


@pytest.fixture
def asked(product, asker):
    """A question that is published."""
    question = ask(product, asker, situation={"width": "wide", "ground": "road"})
    return publish(question)


def ask(product, customer, body="Does it run wide at the toes?", situation=None):
    return ask_question(
        product=product, customer=customer, body=body, author_name="Bo", language="en",
        situation=situation or {}, need_slug="running-shoes", now=NOW,
    )  # fmt: skip


def publish(post, at=NOW):
    return publish_post(workspace=post.workspace, post_id=post.pk, actor=None, now=at)


def owner(product, **situation):
    person = make.customer(product.workspace, email=f"o{Owner.objects.count()}@example.org", name="Ada L")
    agree_to_be_asked(customer=person, product=product, situation=situation, agrees=True, now=NOW)
    return person


def form(**changes):
    return {"body": "Does it run wide at the toes?", "author_name": "Bo", "email": "bo@example.org"} | changes


def page(client, product):
    path = f"/e/questions/{product.workspace.slug}/{product.sku}/"
    return path, client.get(path).content.decode()


# ---- Asked


def test_a_question_of_anybody_is_confirmed_moderated_and_then_seen(client, product):
    path, _html = page(client, product)
    answer = client.post(path, form(**{"situation.width": "wide"}))
    assert answer.status_code == 303
    question = Post.objects.get()
    assert question.status == "unconfirmed"
    (sent,) = mail.outbox
    assert question.body not in sent.body
    link = re.search(r"http\S+/e/confirm-question/\S+", sent.body).group()
    assert b"Yes, I asked this" in client.get(link).content
    assert client.post(link).status_code == 200
    question.refresh_from_db()
    assert (question.status, question.customer.email, question.situation) == (
        "pending",
        "bo@example.org",
        {"width": "wide"},
    )
    assert question.body not in page(client, product)[1]
    publish(question)
    assert question.body in page(client, product)[1]


def test_who_the_shop_names_needs_no_mail(client, product):
    make.customer(product.workspace, external_id="u1")
    key = make_key(workspace=product.workspace, kind="write", name="Shop")[1]
    token = make_token(
        workspace=product.workspace, external_id="u1", expires_at=timezone.now() + timedelta(hours=1)
    )
    answer = client.post(f"/e/f/questions/?key={key}&product=tern", form(token=token, email=""))
    assert b"A person reads your question next" in answer.content
    assert Post.objects.get().status == "pending"
    assert not mail.outbox
    shown = client.get("/e/f/questions/", {"key": key, "product": "tern"})
    assert b"Nobody has asked yet" in shown.content
    assert "max-age=60" in shown["Cache-Control"]
    assert not shown.cookies


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("body", "Hm?", "Write 10 to 2000 characters"),
        ("author_name", "", "Tell a name"),
        ("author_name", "bo@example.org", "Your name will be public"),
        ("email", "nonsense", "Tell an e-mail address"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(client, product, field, value, said):
    path, _html = page(client, product)
    answer = client.post(path, form(**{field: value}))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Post.objects.exists()
    assert not Customer.objects.filter(name="Bo").exists()


def test_machines_are_told_that_they_succeeded(client, product):
    path, _html = page(client, product)
    assert client.post(path, form(website="x")).status_code == 303
    assert not Post.objects.exists()


def test_words_are_screened_and_escaped(client, product, asker):
    question = publish(ask(product, asker, body="<script>alert(1)</script> see www.spam.example please"))
    assert [flag["step"] for flag in question.flags if flag["outcome"] == "hold"] == ["links"]
    assert ModerationEntry.objects.filter(post_id=question.pk, action="hold", reason="links").exists()
    assert "<script>alert" not in page(client, product)[1]


def test_questions_that_nobody_confirmed_are_forgotten_with_their_visitor(client, product):
    client.post(page(client, product)[0], form())
    question = Post.objects.get()
    late = question.submitted_at + KEPT_FOR
    assert forget_unconfirmed_questions(now=late)["taken"] == 0
    assert forget_unconfirmed_questions(now=late + timedelta(seconds=1))["taken"] == 1
    assert not Customer.objects.filter(pk=question.customer_id).exists()


def test_the_list_costs_the_same_queries_for_1_question_and_20(client, product, asker):
    def asked_queries():
        with CaptureQueriesContext(connection) as captured:
            page(client, product)
        return len(captured)

    publish(ask(product, asker))
    few = asked_queries()
    for number in range(19):
        question = publish(ask(product, asker, body=f"And what about the number {number} of them?"))
        publish(answer(question, owner(product)))
    assert asked_queries() == few


def test_a_question_turned_down_is_not_shown_and_may_come_back(client, product, asked):
    reject_post(workspace=product.workspace, post_id=asked.pk, reason="spam", actor=None, now=LATER)
    assert asked.body not in page(client, product)[1]
    assert Event.objects.get(name="Question Rejected").properties["reason"] == "spam"
    undone = undo_post(workspace=product.workspace, post_id=asked.pk, actor=None, now=LATER)
    assert (undone.status, undone.waiting_since) == ("pending", NOW)


# ---- Owners


def answer(question, person, body="Yes, there is a lot of room at the toes."):
    return answer_as_owner(
        question=question, customer=person, body=body, author_name="Ada", language="en", now=LATER
    )


def whom(url: str) -> str:
    """What a signed link says, without when it was signed."""
    return url.rsplit(":", 2)[0]


def test_owners_like_the_asker_are_asked_by_an_event_with_a_link(product, asked):
    unlike = [owner(product, width="narrow", ground="trail") for _ in range(ASKED_AT_ONCE)]
    alike = owner(product, width="wide", ground="road")
    assert ask_owners(now=NOW + GRACE - timedelta(seconds=1))["taken"] == 0
    assert ask_owners(now=NOW + GRACE)["asked"] == ASKED_AT_ONCE
    event = Event.objects.get(customer_id=alike.pk, name="Owner Asked")
    assert event.properties["question"] == asked.body
    assert whom(event.properties["url"]) == whom(answer_url(asked, customer=alike))
    assert OwnerAsked.objects.filter(question=asked).count() == ASKED_AT_ONCE
    assert OwnerAsked.objects.filter(customer__in=unlike).count() == ASKED_AT_ONCE - 1
    assert ask_owners(now=LATER)["taken"] == 0
    assert not mail.outbox


def test_nobody_is_asked_who_did_not_agree_or_was_asked_this_month(product, asker, asked):
    person = owner(product)
    other = make.product(product.workspace, "other", name="Other", category="Road shoes")
    agree_to_be_asked(customer=person, product=other, situation={}, agrees=True, now=NOW)
    make.customer(product.workspace)
    assert ask_owners(now=LATER)["asked"] == 1
    publish(ask(other, asker, body="Is the other one any wider?"), at=LATER)
    assert ask_owners(now=LATER + GRACE)["asked"] == 0
    publish(ask(other, asker, body="Is it heavier than it looks?"), at=LATER + ASKED_EACH)
    assert ask_owners(now=LATER + ASKED_EACH + GRACE)["asked"] == 1


def test_the_asker_is_not_asked_their_own_question(product, asker, asked):
    agree_to_be_asked(customer=asker, product=product, situation={}, agrees=True, now=NOW)
    assert ask_owners(now=LATER)["asked"] == 0


def test_a_company_may_ask_no_owners(product, asked):
    owner(product)
    ReviewPolicy.objects.create(workspace=product.workspace, asks_owners=False)
    assert ask_owners(now=LATER)["asked"] == 0


def test_an_owner_answers_by_the_link_and_the_answer_is_moderated(client, product, asked):
    person = owner(product)
    make_reviews.order(person, product)
    make_reviews.review(product, person, incentive="A voucher")
    ask_owners(now=LATER)
    link = answer_url(asked, customer=person)
    assert 'value="Ada"' in client.get(link).content.decode()
    said = {"body": "Yes, there is a lot of room at the toes.", "author_name": "Ada"}
    assert client.post(link, said | {"body": "Yes"}).status_code == 422
    assert client.post(link, said).status_code == 200
    given = Post.objects.get(kind="answer")
    assert (given.status, given.question, given.is_owner) == ("pending", asked, True)
    assert OwnerAsked.objects.get().answered_at is not None
    assert "a lot of room" not in page(client, product)[1]
    publish(given)
    assert "a lot of room" in page(client, product)[1]
    assert "Got for a review: A voucher" in page(client, product)[1]


def test_an_owner_may_ask_not_to_be_asked_again(client, product, asked):
    person = owner(product)
    ask_owners(now=LATER)
    answered = client.post(answer_url(asked, customer=person), {"act": "never"})
    assert b"You will not be asked again" in answered.content
    assert not Owner.objects.filter(customer=person).exists()


def test_a_link_opens_only_for_who_was_asked(client, product, asked):
    stranger = make.customer(product.workspace)
    assert client.get(answer_url(asked, customer=stranger)).status_code == 404
    assert client.get(answer_url(asked, customer=stranger)[:-8] + "AAAAAAA/").status_code == 404


def test_the_box_in_the_review_form_is_what_agrees_and_takes_back(client, product):
    person = make.customer(product.workspace, name="Ada")
    link = writing_url(product, customer=person)
    review = {
        "kind": "in_use", "overall": "4", "body": "Ran a wet week in them.", "author_name": "Ada",
        "situation.width": "wide",
    }  # fmt: skip
    client.post(link, review | {"may_ask": "1"})
    assert Owner.objects.get(customer=person).situation == {"width": "wide"}
    client.post(link, review)
    assert not Owner.objects.exists()


# ---- Told


def test_who_asked_is_told_of_a_published_answer_once(product, asked):
    given = answer(asked, owner(product))
    assert tell_askers(now=LATER + GRACE)["taken"] == 0
    publish(given, at=LATER)
    assert tell_askers(now=LATER)["taken"] == 0
    assert tell_askers(now=LATER + GRACE)["told"] == 1
    (sent,) = mail.outbox
    assert sent.to == ["bo@example.org"]
    assert given.body in sent.body
    assert questions_url(product) in sent.body
    assert tell_askers(now=LATER + timedelta(days=1))["taken"] == 0


def test_the_company_answers_in_its_own_name_at_once(client, product, asked):
    member = make.member(product.workspace, role="marketer")
    answer_as_company(
        workspace=product.workspace, question_id=asked.pk, body="We widened it in March.", actor=member.user,
        now=LATER,
    )  # fmt: skip
    html = page(client, product)[1]
    assert "We widened it in March." in html
    assert "the shop" in html
    assert "Larkfell" in html


# ---- The rest


def test_what_a_merged_customer_asked_and_agreed_to_is_the_others_now(product, asked, asker):
    known = make.customer(product.workspace)
    agree_to_be_asked(customer=asker, product=product, situation={}, agrees=True, now=NOW)
    merge_customers(
        workspace_id=product.workspace_id, source_id=asker.pk, target_id=known.pk, cause="identify", now=NOW
    )
    absorb_merges(now=LATER)
    asked.refresh_from_db()
    assert asked.customer == known
    assert Owner.objects.get().customer == known


def test_readers_report_without_being_kept_and_once_a_day(client, product, asked):
    review = make_reviews.review(product)
    slug = product.workspace.slug
    for kind, number in (("review", review.pk), ("post", asked.pk)):
        path = f"/e/report/{slug}/{kind}/{number}/"
        assert b"What is wrong with it" in client.get(path).content
        assert client.post(path, {"reason": "too_negative"}).status_code == 422
        for _ in range(2):
            assert b"A person looks at it" in client.post(path, {"reason": "spam", "note": "Ad"}).content
    assert Report.objects.count() == 2
    assert all(
        re.fullmatch("[0-9a-f]{32}", one.reporter) for one in Report.objects.all()
    )  # a hash, no address
    assert client.get(f"/e/report/{make.workspace().slug}/review/{review.pk}/").status_code == 404
    Review.objects.filter(pk=review.pk).update(status="withdrawn")
    assert client.get(f"/e/report/{slug}/review/{review.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"kind": "answer"}, "answer_has_question"),
        ({"customer": None}, "post_has_author"),
        ({"status": "pending", "waiting_since": None}, "pending_post_waits"),
        ({"status": "rejected", "rejection_reason": ""}, "post_rejection_says_why"),
        ({"published_at": None}, "published_post_dated"),
        ({"kind": "remark"}, "answer_has_question"),
    ],
)
def test_the_database_refuses_what_cannot_be(asked, change, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Post.objects.filter(pk=asked.pk).update(**change)
