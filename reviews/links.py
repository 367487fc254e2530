"""Links that let somebody write or confirm a review, each signed for one purpose and expiring."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote, urlencode

from django.conf import settings

from engagement.models import Customer, Product, Workspace
from engagement.signing import BadToken, sign, unsign
from reviews.models import Post, Review

AUTHOR, CONFIRMATION = "review-author", "review-confirmation"
QUESTION, ANSWER, COLLECTION = "question-confirmation", "question-answer", "review-collection"
AUTHOR_FOR, CONFIRMATION_FOR = timedelta(days=90), timedelta(days=7)


class Confirmation(NamedTuple):
    review_id: int
    version: int
    email: str


def author_token(*, customer: Customer, product: Product) -> str:
    """Lets its holder write, and later change, this customer's review of this product."""
    return sign(AUTHOR, {"c": customer.pk, "p": product.pk})


def author_of(token: str, product: Product) -> Customer:
    """The customer whom a link of ours lets write about the product, or who they were merged into. Raises BadToken."""
    payload = unsign(AUTHOR, token, max_age=AUTHOR_FOR)
    customer_id = payload.get("c")
    if payload.get("p") != product.pk or not isinstance(customer_id, int):
        raise BadToken
    found = Customer.objects.select_related("merged_into").filter(
        pk=customer_id, workspace_id=product.workspace_id
    )
    customer = found.first()
    if customer is None:
        raise BadToken
    return customer.merged_into or customer


def writing_url(product: Product, *, customer: Customer | None = None, language: str = "") -> str:
    """Where a review of the product is written; with a customer, as them and without a confirmation mail."""
    query = {"author": author_token(customer=customer, product=product)} if customer else {}
    if language:
        query["lang"] = language
    path = f"/e/review/{product.workspace.slug}/{quote(product.sku, safe='')}/"
    return f"{settings.BASE_URL}{path}{'?' if query else ''}{urlencode(query)}"


def collection_url(customer: Customer, products: Sequence[Product]) -> str:
    """Where this customer reviews these products of one workspace: the form of one, or a page that lists several."""
    if len(products) == 1:
        return writing_url(products[0], customer=customer)
    token = sign(COLLECTION, {"c": customer.pk, "p": [product.pk for product in products]})
    return f"{settings.BASE_URL}/e/collect/{products[0].workspace.slug}/{token}/"


def read_collection(token: str, workspace: Workspace) -> tuple[Customer, list[Product]]:
    """The customer, or who they were merged into, and the products that a link names. Raises BadToken."""
    payload = unsign(COLLECTION, token, max_age=AUTHOR_FOR)
    people = Customer.objects.select_related("merged_into").filter(pk=payload["c"], workspace=workspace)
    customer = people.first()
    if customer is None:
        raise BadToken
    products = Product.objects.filter(workspace=workspace).select_related("workspace").in_bulk(payload["p"])
    return customer.merged_into or customer, [products[pk] for pk in payload["p"] if pk in products]


def page_url(product: Product) -> str:
    """Where a product's reviews are read as a page."""
    return f"{settings.BASE_URL}/e/reviews/{product.workspace.slug}/{quote(product.sku, safe='')}/"


def confirmation_url(review: Review, *, email: str) -> str:
    """Where the author of an unconfirmed review says that the address is theirs."""
    token = sign(CONFIRMATION, {"r": review.pk, "v": review.version, "e": email})
    return f"{settings.BASE_URL}/e/confirm/{review.workspace.slug}/{token}/"


def questions_url(product: Product) -> str:
    """Where questions about a product and their answers are read, and asked."""
    return f"{settings.BASE_URL}/e/questions/{product.workspace.slug}/{quote(product.sku, safe='')}/"


def question_confirmation_url(question: Post, *, email: str) -> str:
    """Where who asked says that the address is theirs."""
    token = sign(QUESTION, {"q": question.pk, "e": email})
    return f"{settings.BASE_URL}/e/confirm-question/{question.workspace.slug}/{token}/"


def read_question_confirmation(token: str) -> tuple[int, str]:
    """The question and the address that a link names. Raises BadToken."""
    payload = unsign(QUESTION, token, max_age=CONFIRMATION_FOR)
    try:
        return int(payload["q"]), str(payload["e"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadToken from error


def answer_url(question: Post, *, customer: Customer) -> str:
    """Where an owner who was asked answers."""
    token = sign(ANSWER, {"q": question.pk, "c": customer.pk})
    return f"{settings.BASE_URL}/e/answer/{question.workspace.slug}/{token}/"


def read_answer(token: str) -> tuple[int, int]:
    """The question and the customer that a link names. Raises BadToken, `expired` when it was ours once."""
    payload = unsign(ANSWER, token, max_age=AUTHOR_FOR)
    try:
        return int(payload["q"]), int(payload["c"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadToken from error


def read_confirmation(token: str) -> Confirmation:
    """What a confirmation link names. Raises BadToken, `expired` when it was ours once."""
    payload = unsign(CONFIRMATION, token, max_age=CONFIRMATION_FOR)
    try:
        return Confirmation(int(payload["r"]), int(payload["v"]), str(payload["e"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BadToken from error
