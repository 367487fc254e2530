"""Consent categories: the topics that customers can subscribe to or leave."""

from __future__ import annotations

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.resources import Resource, created
from engagement.api.shapes import Body, ObjectName, Out
from engagement.configuring import archive_category, save_category
from engagement.models import Category


class CategoryOut(Out):
    """A topic of messages."""

    object = ObjectName("category")
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    opt_in = serializers.BooleanField(help_text="Only with consent given; otherwise until it is withdrawn.")
    position = serializers.IntegerField(help_text="Its place where customers choose, from 0.")
    archived_at = serializers.DateTimeField(allow_null=True)


class CategoryIn(Body):
    """A new category. It stands last."""

    slug = serializers.SlugField(max_length=60)
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    opt_in = serializers.BooleanField(required=False)


class CategoryChange(Body):
    """What may be changed of a category."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True)
    opt_in = serializers.BooleanField(required=False)
    position = serializers.IntegerField(min_value=0, max_value=32_767, required=False)
    is_archived = serializers.BooleanField(
        required=False, help_text="Offered no longer. What customers said of it stays."
    )


class Categories(Resource):
    """/categories"""

    required_scopes = {"GET": "categories:read", "POST": "categories:write"}

    @extend_schema(
        operation_id="list_categories",
        summary="List consent categories, newest first",
        responses=CategoryOut(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(Category.objects.filter(workspace=self.workspace), CategoryOut)

    @extend_schema(
        operation_id="create_category",
        summary="Make a category",
        request=CategoryIn,
        responses={201: CategoryOut},
    )
    @once
    def post(self, request: Request) -> Response:
        category = save_category(
            category=Category(workspace=self.workspace),
            values=self.check(CategoryIn),
            actor=self.key,
            now=self.now,
        )
        return created(CategoryOut(category).data, f"/api/v1/categories/{category.pk}")


class OneCategory(Resource):
    """/categories/{id}"""

    required_scopes = {"GET": "categories:read", "PATCH": "categories:write"}

    @extend_schema(operation_id="get_category", summary="Read a category", responses=CategoryOut)
    def get(self, request: Request, category_id: int) -> Response:
        return Response(CategoryOut(self.find(Category.objects.all(), pk=category_id)).data)

    @extend_schema(
        operation_id="change_category",
        summary="Change, put away or bring back a category",
        request=CategoryChange,
        responses=CategoryOut,
    )
    def patch(self, request: Request, category_id: int) -> Response:
        category = self.find(Category.objects.select_related("workspace"), pk=category_id)
        values = self.check(CategoryChange)
        is_archived = values.pop("is_archived", None)
        with transaction.atomic():
            save_category(category=category, values=values, actor=self.key, now=self.now)
            if is_archived is not None:
                archive_category(category=category, is_archived=is_archived, actor=self.key, now=self.now)
        category.refresh_from_db()
        return Response(CategoryOut(category).data)
