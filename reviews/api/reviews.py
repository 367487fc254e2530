"""Reviews: read in every state, brought in from elsewhere, moderated without sight of their figures, answered."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource, created
from engagement.models import Customer, Product
from reviews.api.review_shapes import (
    PublishIn,
    RejectIn,
    ResponseIn,
    ReviewIn,
    ReviewOut,
    ReviewQuery,
    ReviewWordsOut,
)
from reviews.contents import BadReview, ReviewContent
from reviews.models import Review
from reviews.moderating import (
    NotNow,
    publish_review,
    reject_review,
    respond_to_review,
    undo_moderation,
)
from reviews.submitting import submit_review

# The figures are joined where a review is read; moderating answers without them.
REVIEWS = Review.objects.select_related("product", "rating")
WORDS = Review.objects.select_related("product")


class Reviews(Resource):
    """/reviews"""

    required_scopes = {"GET": "reviews:read", "POST": "reviews:write"}
    order = ("-submitted_at", "-id")

    @extend_schema(
        operation_id="list_reviews",
        summary="List reviews in every state, newest first",
        parameters=[ReviewQuery],
        responses=ReviewOut(many=True),
    )
    def get(self, request: Request) -> Response:
        lookups = {"product": "product__sku", "submitted_after": "submitted_at__gt"}
        filters = {lookups.get(name, name): value for name, value in self.filters(ReviewQuery).items()}
        return self.page(REVIEWS.filter(workspace=self.workspace, **filters), ReviewOut)

    @extend_schema(
        operation_id="submit_review",
        summary="Submit a review on behalf of a customer",
        description="It waits for moderation. A second one of the same customer and product is its next version.",
        request=ReviewIn,
        responses={201: ReviewOut},
    )
    @once
    def post(self, request: Request) -> Response:
        values = self.check(ReviewIn)
        product, customer = self._subjects(values.pop("product"), values.pop("customer"))
        collected_by = "import" if values.pop("is_import") else "api"
        may_share = values.pop("may_share")
        content = ReviewContent(
            **values | {"pros": tuple(values.get("pros", ())), "cons": tuple(values.get("cons", ()))}
        )
        try:
            review = submit_review(
                workspace=self.workspace,
                product=product,
                customer=customer,
                content=content,
                collected_by=collected_by,
                may_share=may_share,
                now=self.now,
            )
        except BadReview as error:
            raise invalid(
                [
                    {"pointer": "/" + field.replace(".", "/"), "code": "invalid", "detail": message}
                    for field, message in error.problems.items()
                ]
            ) from error
        return created(ReviewOut(self.find(REVIEWS, pk=review.pk)).data, f"/api/v1/reviews/{review.pk}")

    def _subjects(self, sku: str, customer_id: int) -> tuple[Product, Customer]:
        """The product and the customer that a body names; Problem for what the workspace does not have."""
        product = Product.objects.filter(workspace=self.workspace, sku=sku).first()
        customer = Customer.objects.filter(workspace=self.workspace, pk=customer_id, merged_into=None).first()
        detail = _("There is no such object in this workspace.")
        missing = [name for name, row in (("product", product), ("customer", customer)) if row is None]
        if product is None or customer is None:
            raise invalid([{"pointer": f"/{name}", "code": "unknown", "detail": detail} for name in missing])
        return product, customer


class OneReview(Resource):
    """/reviews/{id}"""

    required_scopes = {"GET": "reviews:read"}

    @extend_schema(operation_id="get_review", summary="Read a review", responses=ReviewOut)
    def get(self, request: Request, review_id: int) -> Response:
        return Response(ReviewOut(self.find(REVIEWS, pk=review_id)).data)


class ReviewAct(Resource):
    """Something that staff do with a review, through code that cannot read its figures."""

    required_scopes = {"POST": "reviews:moderate"}

    def act(self, review_id: int, step: Any, **values: Any) -> Response:
        """Take the step, and answer with the review's words as they now are."""
        review = self.find(WORDS, pk=review_id)
        try:
            step(workspace=self.workspace, review_id=review.pk, actor=self.key, now=self.now, **values)
        except NotNow as error:
            raise Problem(409, "wrong_state", str(error)) from error
        return Response(ReviewWordsOut(self.find(WORDS, pk=review_id)).data)


class PublishReview(ReviewAct):
    """/reviews/{id}/publish"""

    @extend_schema(
        operation_id="publish_review",
        summary="Show a review to readers",
        request=PublishIn,
        responses=ReviewWordsOut,
    )
    @once
    def post(self, request: Request, review_id: int) -> Response:
        version = self.check(PublishIn).get("version")
        return self.act(review_id, publish_review, expected_version=version)


class RejectReview(ReviewAct):
    """/reviews/{id}/reject"""

    @extend_schema(
        operation_id="reject_review",
        summary="Turn a review down for one of the named reasons",
        request=RejectIn,
        responses=ReviewWordsOut,
    )
    @once
    def post(self, request: Request, review_id: int) -> Response:
        values = self.check(RejectIn)
        return self.act(
            review_id, reject_review, reason=values["reason"], expected_version=values.get("version")
        )


class UndoModeration(ReviewAct):
    """/reviews/{id}/undo"""

    @extend_schema(
        operation_id="undo_review_moderation",
        summary="Take the last decision on a review back",
        request=None,
        responses=ReviewWordsOut,
    )
    @once
    def post(self, request: Request, review_id: int) -> Response:
        return self.act(review_id, undo_moderation)


class ReviewResponse(ReviewAct):
    """/reviews/{id}/response"""

    required_scopes = {"PUT": "reviews:write"}

    @extend_schema(
        operation_id="respond_to_review",
        summary="Set the company's public answer to a review",
        request=ResponseIn,
        responses=ReviewWordsOut,
    )
    def put(self, request: Request, review_id: int) -> Response:
        return self.act(review_id, respond_to_review, text=self.check(ResponseIn)["text"])
