"""What is said of the variants of a nudge's words, in and out."""

from __future__ import annotations

from rest_framework import serializers

from engagement.api.shapes import Body, Out

KEY = r"^[a-z0-9]{1,8}$"


class VariantShape(Body):
    """One variant to try."""

    key = serializers.RegexField(
        KEY,
        required=False,
        help_text="Left out: the next letter. One that was used before cannot be used again.",
    )
    name = serializers.CharField(max_length=40, required=False, help_text="Left out: the key in capitals.")
    share = serializers.IntegerField(min_value=1, max_value=99, help_text="In percent; 100 together.")


class VariantOut(Out):
    """One variant; messages name it by its key, also when it is tried no more."""

    key = serializers.CharField()
    name = serializers.CharField()
    share = serializers.IntegerField(help_text="In percent of the customers; the last one of what is over.")
    ended_at = serializers.DateTimeField(default=None, allow_null=True, help_text="Null: it is tried.")
    won = serializers.BooleanField(default=False, help_text="Everybody got its words from then on.")
