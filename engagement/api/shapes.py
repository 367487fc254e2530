"""Building blocks of what goes in and out. Serializers check and shape; they never save."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.drainage import set_override
from rest_framework import serializers

MAX_BATCH = 1_000
MOST_NAMED = 20  # choices in one sentence


class Asked(serializers.Serializer[Any]):
    """What somebody sends. A value that is none of a few is refused with those that are."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for field in fields.values():
            one = getattr(field, "child", field)
            if isinstance(one, serializers.ChoiceField) and len(one.choices) <= MOST_NAMED:
                known = ", ".join(str(choice) for choice in one.choices if choice != "")
                one.error_messages["invalid_choice"] = _("Write one of {known}.").format(known=known)
        return fields


class Body(Asked):
    """What a request may hold. A field that is not known is refused, so that a typing error is noticed."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields or self.fields[name].read_only]
            if unknown:
                known = ", ".join(self.fields)
                message = _("There is no such field. Known are: {known}.").format(known=known)
                raise serializers.ValidationError({name: [message] for name in unknown}, code="unknown_field")
        return super().to_internal_value(data)


class Query(Asked):
    """The filters of a list, as query parameters."""


class Out(serializers.Serializer[Any]):
    """What an answer holds."""


class ObjectName(serializers.ReadOnlyField):
    """The constant that tells a reader what an object is."""

    def __init__(self, name: str) -> None:
        super().__init__(source="*")
        self.name = name
        set_override(self, "field", {"type": "string", "const": name})

    def __deepcopy__(self, memo: dict[int, Any]) -> ObjectName:
        return ObjectName(self.name)

    def to_representation(self, value: Any) -> str:
        return self.name


class BoundedObject(serializers.DictField):
    """A JSON object of at most `max_keys` members with names of `longest_key` characters, `max_bytes` bytes in all."""

    def __init__(
        self, *, max_keys: int = 100, longest_key: int = 100, max_bytes: int = 16_384, **options: Any
    ) -> None:
        self.max_keys, self.longest_key, self.max_bytes = max_keys, longest_key, max_bytes
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values: dict[str, Any] = super().to_internal_value(data)
        if len(values) > self.max_keys:
            raise serializers.ValidationError(
                _("At most {n} members.").format(n=self.max_keys), code="too_many"
            )
        if any(not 1 <= len(name) <= self.longest_key for name in values):
            message = _("A member's name has 1 to {n} characters.").format(n=self.longest_key)
            raise serializers.ValidationError(message, code="bad_name")
        if len(json.dumps(values, ensure_ascii=False).encode()) > self.max_bytes:
            raise serializers.ValidationError(
                _("At most {n} bytes.").format(n=self.max_bytes), code="too_large"
            )
        return values


class ErrorOut(Out):
    """One place that is wrong."""

    pointer = serializers.CharField(required=False, help_text="JSON Pointer into the body.")
    parameter = serializers.CharField(required=False, help_text="A query parameter.")
    header = serializers.CharField(required=False, help_text="A header.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemOut(Out):
    """A refusal (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="For people.")
    instance = serializers.CharField()
    code = serializers.CharField(help_text="For programs.")
    errors = ErrorOut(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField(help_text="Quote it when you ask for help.")


class BatchItemOut(Out):
    """What became of one item of a batch."""

    index = serializers.IntegerField(help_text="Its place in the request, from 0.")
    result = serializers.ChoiceField(["created", "updated", "failed"])
    id = serializers.IntegerField(allow_null=True)
    errors = ErrorOut(many=True)  # type: ignore[assignment]


class BatchOut(Out):
    """What became of every item of a batch, in the order sent. The items that failed changed nothing."""

    object = ObjectName("batch")
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    failed = serializers.IntegerField()
    data = BatchItemOut(many=True)  # type: ignore[assignment]
