"""Reviews: read in every state, brought in from elsewhere, moderated without sight of their figures, answered."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource, created
from engagement.api.shapes import Body, ObjectName, Out, Query
from engagement.models import Customer, Product
from reviews.contents import LONGEST, BadReview, ReviewContent
from reviews.models import RejectionReason, Review, ReviewKind, ReviewStatus
from reviews.moderating import (
    LONGEST_RESPONSE,
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


class ReviewWordsOut(Out):
    """A review without its figures, as who moderates sees it."""

    object = ObjectName("review")
    id = serializers.IntegerField()
    product = serializers.CharField(source="product.sku", help_text="The product's SKU.")
    customer = serializers.IntegerField(source="customer_id")
    kind = serializers.ChoiceField(ReviewKind.choices)
    title = serializers.CharField()
    body = serializers.CharField()
    pros = serializers.ListField(child=serializers.CharField())
    cons = serializers.ListField(child=serializers.CharField())
    author_name = serializers.CharField()
    language = serializers.CharField()
    situation = serializers.DictField()
    need = serializers.CharField(source="need_slug")
    is_verified = serializers.BooleanField(help_text="An order event of the same customer stands behind it.")
    collected_by = serializers.CharField(help_text="form, link, import or api")
    incentive = serializers.CharField()
    status = serializers.ChoiceField(ReviewStatus.choices)
    rejection_reason = serializers.CharField(help_text="Empty unless it was rejected.")
    flags = serializers.ListField(
        child=serializers.DictField(), help_text="What the automatic steps noticed."
    )
    version = serializers.IntegerField()
    helpful_count = serializers.IntegerField()
    unhelpful_count = serializers.IntegerField()
    response = serializers.CharField(help_text="The company's public answer.")
    responded_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)


class RatingOut(Out):
    """A review's figures, 1 to 5."""

    overall = serializers.IntegerField()
    quality = serializers.IntegerField(allow_null=True)
    value = serializers.IntegerField(allow_null=True)
    fit = serializers.CharField(help_text="One of the need's fit options, or empty.")


class ReviewOut(ReviewWordsOut):
    """A review with its figures."""

    rating = serializers.SerializerMethodField()

    @extend_schema_field(RatingOut(allow_null=True))
    def get_rating(self, review: Review) -> Any:
        rating = getattr(review, "rating", None)  # written before use, a review may have no figures
        return RatingOut(rating).data if rating else None


class ReviewQuery(Query):
    """Filters of the list."""

    product = serializers.CharField(max_length=200, required=False, help_text="The product's SKU.")
    customer = serializers.IntegerField(min_value=1, required=False)
    status = serializers.ChoiceField(ReviewStatus.choices, required=False)
    kind = serializers.ChoiceField(ReviewKind.choices, required=False)
    submitted_after = serializers.DateTimeField(required=False)


class ReviewIn(Body):
    """A review on behalf of a customer. Whether it is verified is found out from their orders, never told."""

    product = serializers.CharField(max_length=200, help_text="The product's SKU.")
    customer = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(ReviewKind.choices)
    title = serializers.CharField(max_length=LONGEST["title"], required=False, allow_blank=True)
    body = serializers.CharField(max_length=LONGEST["body"])
    author_name = serializers.CharField(max_length=LONGEST["author_name"])
    pros = serializers.ListField(child=serializers.CharField(max_length=120), max_length=5, required=False)
    cons = serializers.ListField(child=serializers.CharField(max_length=120), max_length=5, required=False)
    overall = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    quality = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    value = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    fit = serializers.CharField(max_length=60, required=False, allow_blank=True)
    situation = serializers.DictField(
        required=False, help_text="{attribute: an option, a list of options, or a number}"
    )
    language = serializers.CharField(max_length=LONGEST["language"], required=False)
    incentive = serializers.CharField(
        max_length=LONGEST["incentive"],
        required=False,
        allow_blank=True,
        help_text="What the author got for it.",
    )
    is_import = serializers.BooleanField(
        required=False, default=False, help_text="It was written elsewhere; shown as imported."
    )


class RejectIn(Body):
    """Why. None of the reasons depends on what the review says of the product."""

    reason = serializers.ChoiceField(RejectionReason.choices)
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="The version that was read: refused when it has changed since."
    )


class PublishIn(Body):
    """Which version was read."""

    version = serializers.IntegerField(
        min_value=1, required=False, help_text="The version that was read: refused when it has changed since."
    )


class ResponseIn(Body):
    """The company's public answer; an empty one takes it away."""

    text = serializers.CharField(max_length=LONGEST_RESPONSE, allow_blank=True)


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
