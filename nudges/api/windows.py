"""Send windows, in and out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from engagement.api.shapes import Body, Out
from nudges.send_windows import BadWindow, clean_windows


class WindowIn(Body):
    """Hours of some days of the week, by the customer's clock."""

    days = serializers.ListField(child=serializers.IntegerField(), help_text="1 (Monday) to 7.")
    start = serializers.CharField(max_length=5, help_text="Such as 09:00.")
    end = serializers.CharField(max_length=5, help_text="Later on the same day; 24:00 is midnight.")


class WindowOut(Out):
    """Hours of some days of the week, by the customer's clock."""

    days = serializers.ListField(child=serializers.IntegerField(), help_text="1 (Monday) to 7.")
    start = serializers.CharField()
    end = serializers.CharField()


class WindowsField(serializers.ListField):
    """Send windows as they are kept; none is always."""

    child = WindowIn()

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False} | options)

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        try:
            return clean_windows(super().to_internal_value(data))
        except BadWindow as error:
            raise serializers.ValidationError(str(error)) from error
