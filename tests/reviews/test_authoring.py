"""Authors and their own review: going on with it, being told why it was turned down, appealing, withdrawing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from engagement.identities import make_token
from engagement.keys import make_key
from engagement.models import Event, Fact
from journeys.models import Need
from reviews.authoring import appeal_rejection, withdraw_review
from reviews.drafting import KEPT_FOR, forget_drafts
from reviews.links import writing_url
from reviews.models import ModerationEntry, Review, ReviewDraft, ReviewStatus
from reviews.moderating import GRACE, publish_review, reject_review, undo_moderation
from reviews.ranking import list_reviews
from reviews.records import records_of
from reviews.telling import AGAIN_AFTER, tell_authors
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
def author(product):
    return make.customer(product.workspace, external_id="u1", name="Ada L", email="ada@example.org")


@pytest.fixture
def link(product, author):
    return writing_url(product, customer=author)


@pytest.fixture
def review(product, author):
    return make_reviews.review(
        product, author, published=False, title="Dry feet", pros=("light",), overall=2, fit="too small",
        situation={"width": "wide"},
    )  # fmt: skip


def decide(verb, review, at=NOW, **more):
    return verb(workspace=review.workspace, review_id=review.pk, actor=None, now=at, **more)


# ---- Going on


def test_the_form_goes_on_from_what_the_author_wrote(client, link, review):
    html = client.get(link).content.decode()
    assert 'value="Dry feet"' in html
    assert ">light</textarea>" in html
    assert 'name="overall" value="2" checked' in html
    assert "<option selected>wide</option>" in html
    assert "waits for a person to read it" in html


def test_what_the_author_told_before_stands_in_the_form_but_for_what_is_sensitive(client, link, author):
    need = Need.objects.get()
    need.context_attributes[0]["is_sensitive"] = False
    need.context_attributes[1]["is_sensitive"] = True
    need.save()
    for key, value in (("width", "wide"), ("ground", "road"), ("gone", "x")):
        Fact.objects.create(
            workspace=author.workspace, customer=author, topic=need.slug, key=key, value=value, learned_at=NOW
        )
    html = client.get(link).content.decode()
    assert "<option selected>wide</option>" in html
    assert "<option selected>road</option>" not in html


def test_a_draft_is_kept_as_typed_and_comes_back_on_any_device(client, link, product, author):
    answer = client.post(link, {"act": "save", "body": "Not yet", "situation.width": "wide"})
    assert answer.status_code == 303
    html = client.get(link).content.decode()
    assert ">Not yet</textarea>" in html
    assert "<option selected>wide</option>" in html
    assert not Review.objects.exists()
    client.post(link, {"kind": "in_use", "overall": "4", "body": "Now it is done.", "author_name": "Ada"})
    assert Review.objects.get().body == "Now it is done."
    assert not ReviewDraft.objects.exists()


def test_scripts_save_a_draft_without_leaving_the_page(client, product, author):
    key = make_key(workspace=product.workspace, kind="write", name="Shop")[1]
    path = f"/e/f/review/?key={key}&product=tern"
    told = {"act": "save", "body": "So far", "anonymous_id": "x"}
    assert client.post(path, told, headers={"Sec-Fetch-Mode": "cors"}).status_code == 404  # by nobody
    token = make_token(
        workspace=product.workspace, external_id="u1", expires_at=timezone.now() + timedelta(hours=1)
    )
    answer = client.post(path, told | {"token": token}, headers={"Sec-Fetch-Mode": "cors"})
    assert (answer.status_code, answer.content) == (204, b"")
    draft = ReviewDraft.objects.get()
    assert (draft.customer, draft.fields["body"]) == (author, ["So far"])
    assert "token" not in draft.fields


def test_drafts_that_nobody_came_back_to_are_forgotten(client, link):
    client.post(link, {"act": "save", "body": "Hm"})
    saved = ReviewDraft.objects.get().saved_at
    assert forget_drafts(now=saved + KEPT_FOR)["taken"] == 0
    assert forget_drafts(now=saved + KEPT_FOR + timedelta(seconds=1))["taken"] == 1


def test_something_sensitive_is_taken_only_with_agreement_and_told_to_nobody_else(
    client, link, product, author
):
    rows = Need.objects.get().context_attributes
    Need.objects.update(context_attributes=[rows[0] | {"is_sensitive": True}, rows[1]])
    form = {
        "kind": "in_use", "overall": "4", "body": "They do fit me well.", "author_name": "Ada",
        "situation.width": "wide", "situation.ground": "road",
    }  # fmt: skip
    refused = client.post(link, form)
    assert refused.status_code == 422
    assert b"Tick the box, or leave this open: Foot width" in refused.content
    assert client.post(link, form | {"agreed": "1"}).status_code == 303
    assert Review.objects.get().situation == {"width": "wide", "ground": "road"}
    assert Event.objects.get(customer_id=author.pk, name="Context Told").properties["facts"] == {
        "ground": "road"
    }


# ---- Being told


def test_an_author_is_told_the_reason_once_and_not_before_it_could_be_taken_back(review):
    decide(reject_review, review, reason="personal_data")
    assert tell_authors(now=NOW + GRACE - timedelta(seconds=1))["taken"] == 0
    assert tell_authors(now=NOW + GRACE)["told"] == 1
    (sent,) = mail.outbox
    assert sent.to == ["ada@example.org"]
    assert "Contains personal data of somebody" in sent.body
    assert "/e/review/" in sent.body
    assert "Dry feet" not in sent.body
    assert tell_authors(now=LATER)["taken"] == 0


def test_what_was_taken_back_in_time_is_not_told(review):
    decide(reject_review, review, reason="spam")
    decide(undo_moderation, review)
    assert tell_authors(now=LATER)["taken"] == 0
    assert not mail.outbox


def test_a_mail_that_cannot_be_sent_now_is_sent_later(review, settings):
    decide(reject_review, review, reason="spam")
    backend = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert tell_authors(now=LATER)["failed"] == 1
    settings.EMAIL_BACKEND = backend
    assert tell_authors(now=LATER + timedelta(minutes=1))["taken"] == 0
    assert tell_authors(now=LATER + AGAIN_AFTER)["told"] == 1


# ---- Appeal


def test_the_page_tells_the_reason_and_takes_an_appeal_once(client, link, review):
    decide(reject_review, review, reason="spam")
    assert "The reason: Advertising or spam." in client.get(link).content.decode()
    assert client.post(link, {"act": "appeal", "appeal": " "}).status_code == 422
    assert client.post(link, {"act": "appeal", "appeal": "It is my own story."}).status_code == 303
    review.refresh_from_db()
    assert (review.status, review.appeal) == (ReviewStatus.PENDING, "It is my own story.")
    assert review.waiting_since is not None
    decide(reject_review, review, reason="spam")
    again = client.post(link, {"act": "appeal", "appeal": "Please!"})
    assert again.status_code == 422
    assert "A second person has decided" in again.content.decode()
    actions = (
        ModerationEntry.objects.filter(review_id=review.pk).order_by("id").values_list("action", flat=True)
    )
    assert list(actions) == ["submit", "reject", "appeal", "reject"]


def test_an_appeal_for_a_newer_version_leaves_the_older_in_sight(product, author, review):
    decide(publish_review, review)
    make_reviews.review(product, author, published=False, title="Newer")
    decide(reject_review, review, reason="spam")
    appealed = appeal_rejection(customer=author, product=product, text="Why?", now=LATER)
    assert (appealed.status, appealed.waiting_since) == (ReviewStatus.PUBLISHED, LATER)
    assert [one.title for one in list_reviews(product).reviews] == ["Dry feet"]


def test_who_was_not_turned_down_cannot_appeal(product, author, review):
    with pytest.raises(ValueError, match="Nothing of yours"):
        appeal_rejection(customer=author, product=product, text="Why?", now=LATER)


# ---- Withdrawing


def test_a_withdrawn_review_is_seen_by_nobody_and_waits_for_nobody(client, link, product, author, review):
    decide(publish_review, review)
    make_reviews.review(product, author, published=False, title="Newer")
    assert client.post(link, {"act": "withdraw"}).status_code == 303
    review.refresh_from_db()
    assert (review.status, review.edit, review.waiting_since) == (ReviewStatus.WITHDRAWN, None, None)
    assert list_reviews(product).reviews == []
    assert Event.objects.filter(customer_id=author.pk, name="Review Withdrawn").count() == 1
    withdraw_review(customer=author, product=product, now=LATER)
    assert Event.objects.filter(customer_id=author.pk, name="Review Withdrawn").count() == 1


def test_a_link_of_another_opens_and_changes_nothing_of_it(client, product, review):
    other = writing_url(product, customer=make.customer(product.workspace))
    assert "Dry feet" not in client.get(other).content.decode()
    client.post(other, {"act": "withdraw"})
    review.refresh_from_db()
    assert review.status == ReviewStatus.PENDING


def test_pages_by_a_link_of_ones_own_are_kept_by_no_cache(client, link, review):
    answer = client.get(link)
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_an_author_may_take_along_everything_they_wrote(client, link, author, review):
    decide(publish_review, review)
    make_reviews.review(review.product, author, published=False, title="Newer", overall=5)
    client.post(link, {"act": "save", "body": "And now"})
    kept = records_of(author)
    assert [one["content"]["title"] for one in kept["review_versions"]] == ["Dry feet", "Newer"]
    assert [one["figures"]["overall"] for one in kept["review_versions"]] == [2, 5]
    assert kept["review_drafts"][0]["fields"]["body"] == ["And now"]
    assert kept["reviews"][0]["shown_version"] == 1
