"""How products are rated: for a shop's lists and its search, which show the mean and order by the score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.resources import Resource
from engagement.api.shapes import ObjectName, Out, Query
from reviews.models import RatingTally
from reviews.summaries import category_means, posterior_mean, summarise


class ProductRatingOut(Out):
    """What published reviews say of a product in figures."""

    object = ObjectName("rating")
    product = serializers.CharField(source="product.sku", help_text="The product's SKU.")
    published = serializers.IntegerField(source="published_count", help_text="Reviews that readers see.")
    verified = serializers.IntegerField(
        source="verified_count", help_text="Of these, those with an order behind."
    )
    rated = serializers.SerializerMethodField(help_text="Of these, those that give stars.")
    mean = serializers.SerializerMethodField(
        help_text="The plain mean of the stars: what to show. Null without any."
    )
    score = serializers.SerializerMethodField(
        help_text="What to order by, never to show: the mean, drawn towards that of the category where few have rated."
    )
    stars = serializers.ListField(
        child=serializers.IntegerField(), help_text="How many gave 1, 2, 3, 4 and 5 stars."
    )
    fits = serializers.DictField(
        child=serializers.IntegerField(), help_text="{fit option: how many}, good and poor alike."
    )

    def get_rated(self, tally: RatingTally) -> int:
        return sum(tally.stars)

    def get_mean(self, tally: RatingTally) -> float | None:
        mean = summarise(tally).mean
        return None if mean is None else round(mean, 4)

    def get_score(self, tally: RatingTally) -> float:
        prior = self.context["means"][tally.product.category]
        return round(posterior_mean(tally.stars, prior_mean=prior), 4)


class RatingQuery(Query):
    """Filters of the list."""

    product = serializers.CharField(max_length=200, required=False, help_text="The product's SKU.")
    category = serializers.CharField(max_length=200, required=False)


class Ratings(Resource):
    """/ratings"""

    required_scopes = {"GET": "reviews:read"}
    order = ("-product_id",)

    @extend_schema(
        operation_id="list_ratings",
        summary="List how products are rated",
        description="Products that nobody has reviewed yet are not in it.",
        parameters=[RatingQuery],
        responses=ProductRatingOut(many=True),
    )
    def get(self, request: Request) -> Response:
        lookups = {"product": "product__sku", "category": "product__category"}
        filters = {lookups[name]: value for name, value in self.filters(RatingQuery).items()}
        rows = RatingTally.objects.filter(workspace=self.workspace, **filters).select_related("product")
        return self.page(rows, ProductRatingOut, self._means)

    def _means(self, tallies: list[RatingTally]) -> Mapping[str, Any]:
        categories = {tally.product.category for tally in tallies}
        return {"means": category_means(workspace_id=self.workspace.pk, categories=categories)}
