"""Shapes of reviews as they are asked for, sent and answered."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from engagement.api.shapes import Body, ObjectName, Out, Query
from reviews.contents import LONGEST
from reviews.models import RejectionReason, Review, ReviewKind, ReviewStatus
from reviews.moderating import LONGEST_RESPONSE


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
    may_share = serializers.SerializerMethodField()
    response = serializers.CharField(help_text="The company's public answer.")
    responded_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)

    def get_may_share(self, review: Review) -> bool:
        """Its author agrees that Google and Meta are given it."""
        return review.shared_at is not None


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
    may_share = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Its author agrees that Google and Meta are given it; null: was not asked.",
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
