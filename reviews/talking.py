"""Questions about a product and their answers come in: checked, screened, and queued for a person to moderate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.counts import Counts
from engagement.events import SystemEvent
from engagement.ingesting import record_events
from engagement.models import Customer, Product, Workspace
from engagement.people.merging import merge_customers
from engagement.people.traits import usable_email
from reviews.confirming import owner_of_address
from reviews.judging import note_post, publish_post
from reviews.links import CONFIRMATION_FOR
from reviews.models import OwnerAsked, Post, PostKind, PostStatus, Review
from reviews.pipeline import HOLD, Words, screen
from reviews.screening import comparisons

LEAST, LONGEST = 10, 2000
KEPT_FOR = CONFIRMATION_FOR + timedelta(days=1)


class BadPost(Exception):
    """`problems` are {field: what to do}."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in problems.items()))
        self.problems = problems


@transaction.atomic
def ask_question(
    *,
    product: Product,
    customer: Customer,
    body: str,
    author_name: str,
    language: str,
    situation: dict[str, Any],
    need_slug: str,
    now: datetime,
) -> Post:
    """Take a question from a customer whose identity is known. Raises BadPost."""
    _refuse(body, author_name)
    post = _new(product, customer, body, author_name, language, now, kind=PostKind.QUESTION)
    post.situation, post.need_slug = situation, need_slug
    post.save()
    _enter(post, now)
    return post


@transaction.atomic
def ask_unconfirmed(
    *,
    product: Product,
    email: str,
    body: str,
    author_name: str,
    language: str,
    situation: dict[str, Any],
    need_slug: str,
    now: datetime,
) -> Post:
    """Take a question from somebody who only says that `email` is theirs; it waits for `confirm_question`.

    Raises BadPost.
    """
    more = (
        {}
        if usable_email(email)
        else {"email": _("Tell an e-mail address, so that the answer can reach you.")}
    )
    _refuse(body, author_name, more)
    visitor = Customer.objects.create(
        workspace=product.workspace, name=author_name, first_seen_at=now, last_seen_at=now
    )
    post = _new(product, visitor, body, author_name, language, now, kind=PostKind.QUESTION)
    post.situation, post.need_slug = situation, need_slug
    post.status, post.waiting_since = PostStatus.UNCONFIRMED, None
    post.save()
    return post


@transaction.atomic
def confirm_question(*, post_id: int, email: str, now: datetime) -> Post | None:
    """The link mailed to `email` was followed: the question is queued. A second call changes nothing."""
    post = (
        Post.objects.select_for_update(of=("self",))
        .select_related("product", "customer")
        .filter(pk=post_id)
        .first()
    )
    if post is None or post.customer is None or post.status != PostStatus.UNCONFIRMED:
        return post
    owner = owner_of_address(post.customer, usable_email(email) or email, now=now)
    if owner.pk != post.customer_id:
        merge_customers(
            workspace_id=post.workspace_id,
            source_id=post.customer.pk,
            target_id=owner.pk,
            cause="identify",
            now=now,
        )
        post.customer = owner
    post.status, post.waiting_since = PostStatus.PENDING, now
    post.save()
    _enter(post, now)
    return post


@transaction.atomic
def answer_as_owner(
    *, question: Post, customer: Customer, body: str, author_name: str, language: str, now: datetime
) -> Post:
    """Take an answer from somebody who has the product; it is moderated like everything else. Raises BadPost."""
    _refuse(body, author_name)
    post = _new(question.product, customer, body, author_name, language, now, kind=PostKind.ANSWER)
    post.question, post.need_slug = question, question.need_slug
    if own := Review.objects.filter(customer=customer, product=question.product).first():
        post.is_owner, post.incentive = own.is_verified, own.incentive
    post.save()
    OwnerAsked.objects.filter(question=question, customer=customer).update(answered_at=now)
    _enter(post, now)
    return post


@transaction.atomic
def answer_as_company(
    *, workspace: Workspace, question_id: int, body: str, actor: User, now: datetime
) -> Post:
    """The company's own answer, in its name, at once. Raises Post.DoesNotExist and BadPost."""
    questions = Post.objects.select_related("product", "workspace")
    question = questions.get(pk=question_id, workspace=workspace, kind=PostKind.QUESTION)
    _refuse(body, workspace.name)
    post = _new(
        question.product, None, body, workspace.name[:80], question.language, now, kind=PostKind.ANSWER
    )
    post.question, post.is_company = question, True
    post.save()
    note_post(post, "submit", actor=actor, now=now)
    return publish_post(workspace=workspace, post_id=post.pk, actor=actor, now=now)


@transaction.atomic
def forget_unconfirmed_questions(*, now: datetime, limit: int = 500) -> Counts:
    """Delete up to `limit` questions that nobody confirmed in time, with the visitor made for each."""
    waiting = Post.objects.select_for_update(skip_locked=True).filter(
        status=PostStatus.UNCONFIRMED, submitted_at__lt=now - KEPT_FOR
    )
    found = list(waiting.order_by("submitted_at").values_list("id", "customer_id")[:limit])
    Post.objects.filter(pk__in=[post_id for post_id, _visitor in found]).delete()
    visitors = Customer.objects.filter(
        pk__in=[visitor for _post, visitor in found],
        external_id=None,
        identities=None,
        addresses=None,
        reviews=None,
        posts=None,
    )
    visitors.delete()
    return Counts(taken=len(found))


def _new(
    product: Product,
    customer: Customer | None,
    body: str,
    author_name: str,
    language: str,
    now: datetime,
    *,
    kind: str,
) -> Post:
    return Post(
        workspace=product.workspace,
        product=product,
        customer=customer,
        kind=kind,
        author_name=author_name.strip(),
        body=body.strip(),
        language=language,
        waiting_since=now,
        submitted_at=now,
    )


def _refuse(body: str, author_name: str, problems: dict[str, str] | None = None) -> None:
    problems = dict(problems or {})
    if not LEAST <= len(body.strip()) <= LONGEST:
        problems["body"] = _("Write %(least)s to %(most)s characters.") % {"least": LEAST, "most": LONGEST}
    if not author_name.strip() or len(author_name) > 80:
        problems["author_name"] = _("Tell a name to show; a first name or a nickname will do.")
    elif "@" in author_name:
        problems["author_name"] = _("Your name will be public; don't put an e-mail address there.")
    for name, text in (("body", body), ("author_name", author_name)):
        if "\x00" in text:
            problems[name] = _("Contains a character that cannot be kept.")
    if problems:
        raise BadPost(problems)


def _enter(post: Post, now: datetime) -> None:
    """Its author is known now: screen its words, say so on the timeline and in the trail."""
    flags = screen(_words_of(post, now))
    post.flags = [flag._asdict() for flag in flags]
    post.save(update_fields=["flags"])
    note_post(post, "submit", now=now)
    for flag in flags:
        if flag.outcome == HOLD:
            note_post(post, "hold", reason=flag.step, now=now)
    event = SystemEvent(
        customer_id=post.customer_id or 0,
        name="Question Asked" if post.kind == PostKind.QUESTION else "Question Answered",
        message_id=f"submit:post:{post.pk}",
        occurred_at=now,
        properties={"post_id": post.pk, "product_id": post.product.sku, "need": post.need_slug},
    )
    record_events(workspace_id=post.workspace_id, events=[event], now=now)


def _words_of(post: Post, now: datetime) -> Words:
    others = Post.objects.filter(workspace_id=post.workspace_id, kind=post.kind).exclude(pk=post.pk)
    compared = comparisons(others, workspace_id=post.workspace_id, product_id=post.product_id, now=now)
    return Words(title="", body=post.body, author_name=post.author_name, **compared)
