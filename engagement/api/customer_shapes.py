"""What is said of customers, in and out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from engagement.api.shapes import MAX_BATCH, Body, BoundedObject, ObjectName, Out, Query
from engagement.events import LONGEST_ID
from engagement.models import Channel, ConsentState
from engagement.people.traits import MOST_BYTES, MOST_TRAITS, usable_email, usable_locale, usable_timezone


class AddressOut(Out):
    """Where a customer can be reached."""

    id = serializers.IntegerField()
    channel = serializers.ChoiceField(Channel.choices)
    value = serializers.CharField()
    verified_at = serializers.DateTimeField(allow_null=True)
    suppressed_at = serializers.DateTimeField(allow_null=True, help_text="Not used any more since then.")
    suppression_reason = serializers.CharField()


class CustomerOut(Out):
    """A person, known or anonymous."""

    object = ObjectName("customer")
    id = serializers.IntegerField()
    external_id = serializers.CharField(allow_null=True, help_text="The shop's own id.")
    name = serializers.CharField()
    email = serializers.CharField()
    timezone = serializers.CharField(help_text="Empty: the workspace's.")
    locale = serializers.CharField()
    traits = serializers.DictField()
    addresses = AddressOut(many=True)
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()


class CustomerChange(Body):
    """What may be said of a customer. What is left out stays as it is."""

    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    email = serializers.CharField(max_length=254, required=False, allow_null=True)
    timezone = serializers.CharField(max_length=64, required=False, help_text="Such as Europe/Riga.")
    locale = serializers.CharField(max_length=16, required=False, help_text="Such as de-AT.")
    traits = BoundedObject(
        required=False,
        max_keys=MOST_TRAITS,
        max_bytes=MOST_BYTES,
        help_text="Merged into what is known; null takes a trait away.",
    )
    anonymous_id = serializers.CharField(
        max_length=LONGEST_ID, required=False, help_text="A visitor who turned out to be this customer."
    )

    def validate_email(self, value: str | None) -> str | None:
        if value is not None and not usable_email(value):
            raise serializers.ValidationError(_("Write one address such as ann@example.org."))
        return value

    def validate_timezone(self, value: str) -> str:
        if not usable_timezone(value):
            raise serializers.ValidationError(
                _("Write a name of the time-zone database such as Europe/Riga.")
            )
        return value

    def validate_locale(self, value: str) -> str:
        if not usable_locale(value):
            raise serializers.ValidationError(_("Write a language tag such as de or de-AT."))
        return value


class CustomerIn(CustomerChange):
    """A customer by the shop's own id."""

    external_id = serializers.CharField(max_length=LONGEST_ID)


class CustomerBatch(Body):
    """Customers to make or describe, told apart by `external_id`."""

    items = serializers.ListField(child=CustomerIn(), min_length=1, max_length=MAX_BATCH)


class CustomerQuery(Query):
    """Filters of the list."""

    external_id = serializers.CharField(max_length=LONGEST_ID, required=False)
    email = serializers.CharField(max_length=254, required=False)
    created_after = serializers.DateTimeField(required=False, help_text="First seen after.")
    seen_after = serializers.DateTimeField(required=False, help_text="Last seen after.")


class TimelineQuery(Query):
    """A timeline has no filters but its pages."""


class TimelineEntryOut(Out):
    """One line of a customer's timeline."""

    object = ObjectName("timeline_entry")
    at = serializers.DateTimeField()
    kind = serializers.CharField(help_text="event, system, stage, send, held or wait")
    title = serializers.CharField()
    detail = serializers.CharField()
    explanation = serializers.CharField(help_text="Why it was decided so.")


class FactOut(Out):
    """Something learned about a customer's situation."""

    object = ObjectName("fact")
    topic = serializers.CharField(help_text="A need's slug, or empty for the person as such.")
    key = serializers.CharField()
    value = serializers.JSONField()
    source_event_id = serializers.IntegerField(allow_null=True)
    learned_at = serializers.DateTimeField()


class FactsIn(Body):
    """What was learned about a customer's situation."""

    topic = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="A need's slug, or empty for the person."
    )
    facts = BoundedObject(max_keys=50, longest_key=60, help_text="{key: value}")

    def validate_facts(self, value: dict[str, Any]) -> dict[str, Any]:
        if not value:
            raise serializers.ValidationError(_("Name at least one fact."))
        return value


class ToldOut(Out):
    """The facts are on the timeline; they are learned from there within seconds."""

    object = ObjectName("facts_told")
    customer = serializers.IntegerField(source="pk")


class WordOut(Out):
    """A customer's latest word on one category by one channel."""

    channel = serializers.ChoiceField(Channel.choices)
    state = serializers.ChoiceField(ConsentState.choices)
    source = serializers.CharField()  # type: ignore[assignment]
    proof = serializers.CharField()
    at = serializers.DateTimeField()


class ConsentOut(Out):
    """What a customer allows of one category."""

    object = ObjectName("consent")
    category = serializers.CharField(help_text="The category's slug.")
    opt_in = serializers.BooleanField(help_text="Only with consent given; otherwise until it is withdrawn.")
    allowed_channels = serializers.ListField(child=serializers.CharField())
    words = WordOut(many=True)


class ConsentsOut(Out):
    """What a customer allows, by category."""

    object = ObjectName("consents")
    customer = serializers.IntegerField()
    data = ConsentOut(many=True)  # type: ignore[assignment]


class WordIn(Body):
    """A customer's word on one category by some channels."""

    category = serializers.CharField(max_length=60, help_text="The category's slug.")
    channels = serializers.ListField(
        child=serializers.ChoiceField(Channel.choices), min_length=1, max_length=len(Channel)
    )
    state = serializers.ChoiceField(ConsentState.choices)
    proof = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="The wording agreed to, or where it is kept.",
    )


class ConsentsIn(Body):
    """A customer's words. What is not named stays as it is."""

    consents = serializers.ListField(child=WordIn(), min_length=1, max_length=100)
