"""What is said of nudges, in and out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from engagement.api.shapes import Body, BoundedObject, ObjectName, Out, Query
from engagement.conditions import describe_condition
from engagement.models import Category, Channel
from journeys.models import Stage
from nudges.api.start_shapes import StartShape
from nudges.api.variant_shapes import KEY, VariantOut, VariantShape
from nudges.api.windows import WindowOut, WindowsField
from nudges.models import Interest, Nudge, NudgeStatus, OnCap, Promise, Trigger
from nudges.starts import LONGEST_DELAY, MOST_EXITS
from nudges.variants import MOST as MOST_VARIANTS
from nudges.wording.blocks import MOST, check_blocks, tidy
from nudges.wording.placeholders import BadWording
from nudges.wording.references import check_words

LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
MAX_EXPIRY_HOURS = 24 * 90


class WordsShape(Body):
    """The words for one channel in one language; placeholders such as {{ customer.name }}."""

    channel = serializers.ChoiceField(Channel.choices)
    language = serializers.RegexField(LANGUAGE, max_length=16, required=False, default="en")
    variant = serializers.RegexField(
        KEY, required=False, help_text="Key of one that is tried. Left out: the plain words."
    )
    subject = serializers.CharField(max_length=200)
    body = serializers.CharField(
        max_length=20_000, required=False, allow_blank=True, help_text="Markdown. Either this or `blocks`."
    )
    blocks = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField(max_length=20_000, allow_blank=True)),
        max_length=MOST,
        required=False,
        help_text="Of an e-mail: each has a `kind` and the texts of that kind; see docs/letters.md.",
    )
    link_url = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    link_label = serializers.CharField(max_length=80, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        errors = {}
        for field in ("subject", "body", "link_url", "link_label"):
            try:
                check_words(attrs.get(field, ""))
            except BadWording as error:
                errors[field] = [str(error)]
        if errors:
            raise serializers.ValidationError(errors, code="bad_placeholder")
        if problems := check_blocks(attrs.get("blocks", [])):
            raise serializers.ValidationError({"blocks": list(map(str, problems))}, code="bad_block")
        if bool(attrs.get("body")) == bool(attrs.get("blocks")):
            raise serializers.ValidationError(
                {"body": [_("Write either a body or blocks.")]}, code="required"
            )
        return attrs | {"blocks": tidy(attrs.get("blocks", []))}


class ExitShape(Body):
    """An event that settles what another has started."""

    event = serializers.CharField(max_length=200)
    same = serializers.CharField(
        max_length=200,
        required=False,
        help_text="A property that both events must share, such as order_id; left out: any such event.",
    )


class ExitOut(Out):
    """An event that settles what another has started."""

    event = serializers.CharField()
    same = serializers.CharField(required=False)


class NudgeChange(StartShape):
    """What may be changed of a nudge. What is left out stays; `contents` are added or replaced one by one."""

    name = serializers.CharField(max_length=120, required=False)
    promise = serializers.ChoiceField(Promise.choices, required=False)
    interest = serializers.ChoiceField(Interest.choices, required=False)
    category = serializers.SlugField(max_length=60, required=False, help_text="The category's slug.")
    channels = serializers.ListField(
        child=serializers.ChoiceField(Channel.choices),
        min_length=1,
        max_length=len(Channel),
        required=False,
        help_text="In order of preference.",
    )
    priority = serializers.IntegerField(min_value=0, max_value=100, required=False)
    trigger = serializers.ChoiceField(Trigger.choices, required=False)
    trigger_need = serializers.SlugField(
        max_length=60, required=False, allow_null=True, help_text="The need's slug; null: any need."
    )
    trigger_stage = serializers.ChoiceField(Stage.choices, required=False, allow_blank=True)
    trigger_event = serializers.CharField(max_length=200, required=False, allow_blank=True)
    trigger_where = serializers.ListField(
        child=BoundedObject(max_keys=2),
        max_length=10,
        required=False,
        help_text="Tests on the event's properties, as in a condition on an event.",
    )
    trigger_delay_seconds = serializers.IntegerField(min_value=0, max_value=LONGEST_DELAY, required=False)
    trigger_unless = serializers.ListField(
        child=ExitShape(),
        max_length=MOST_EXITS,
        required=False,
        help_text="Not when one of these has happened since the event.",
    )
    conditions = serializers.DictField(required=False, help_text="Whom it is for; {} fits everyone.")
    on_cap = serializers.ChoiceField(OnCap.choices, required=False)
    send_windows = WindowsField(help_text="When it leaves, beside the workspace's. Empty: always.")
    expires_after_hours = serializers.IntegerField(min_value=1, max_value=MAX_EXPIRY_HOURS, required=False)
    variants = serializers.ListField(
        child=VariantShape(),
        max_length=MOST_VARIANTS,
        required=False,
        help_text="Of its words: two to four to try from now on, in place of those that are tried. One left out ends, "
        "with its words; [] ends all, and everybody gets the plain words.",
    )
    contents = serializers.ListField(child=WordsShape(), max_length=100, required=False)

    def validate_category(self, slug: str) -> Category:
        category = Category.objects.filter(
            workspace=self.context["workspace"], slug=slug, archived_at=None
        ).first()
        if category is None:
            raise serializers.ValidationError(_("There is no category with this slug."), code="unknown")
        return category

    def validate_channels(self, channels: list[str]) -> list[str]:
        if len(set(channels)) < len(channels):
            raise serializers.ValidationError(_("A channel may come only once."), code="duplicate")
        return channels


class NudgeIn(NudgeChange):
    """A new nudge: a draft until it is activated. Its interest must be declared."""

    name = serializers.CharField(max_length=120)
    promise = serializers.ChoiceField(Promise.choices)
    interest = serializers.ChoiceField(Interest.choices)
    category = serializers.SlugField(max_length=60, help_text="The category's slug.")
    channels = serializers.ListField(
        child=serializers.ChoiceField(Channel.choices),
        min_length=1,
        max_length=len(Channel),
        help_text="In order of preference.",
    )
    trigger = serializers.ChoiceField(Trigger.choices)


class WordsOut(Out):
    """The words for one channel in one language."""

    channel = serializers.ChoiceField(Channel.choices)
    language = serializers.CharField()
    variant = serializers.CharField(
        help_text="Key of the variant whose words they are; empty: the plain ones."
    )
    subject = serializers.CharField()
    body = serializers.CharField(help_text="Markdown; empty where there are blocks.")
    blocks = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    link_url = serializers.CharField()
    link_label = serializers.CharField()


class NudgeOut(Out):
    """What a marketer defines."""

    object = ObjectName("nudge")
    id = serializers.IntegerField()
    name = serializers.CharField()
    promise = serializers.ChoiceField(Promise.choices)
    interest = serializers.ChoiceField(Interest.choices)
    category = serializers.CharField(source="category.slug")
    channels = serializers.ListField(child=serializers.ChoiceField(Channel.choices))
    priority = serializers.IntegerField()
    trigger = serializers.ChoiceField(Trigger.choices)
    trigger_need = serializers.SerializerMethodField()
    trigger_stage = serializers.CharField()
    purpose = serializers.CharField(help_text="What the program asks for with it; empty: your own.")
    trigger_event = serializers.CharField()
    trigger_where = serializers.ListField(child=serializers.DictField())
    trigger_delay_seconds = serializers.IntegerField()
    trigger_unless = ExitOut(many=True)
    trigger_since = serializers.DateTimeField(allow_null=True, help_text="Events from then on start it.")
    conditions = serializers.DictField()
    conditions_text = serializers.SerializerMethodField(help_text="The conditions as a sentence.")
    on_cap = serializers.ChoiceField(OnCap.choices)
    send_windows = WindowOut(many=True)
    expires_after_hours = serializers.IntegerField()
    respects_caps = serializers.BooleanField(help_text="Only an owner may change it, in the dashboard.")
    counts = serializers.BooleanField(
        help_text="Against caps. Only an owner may change it, in the dashboard."
    )
    status = serializers.ChoiceField(NudgeStatus.choices)
    version = serializers.IntegerField()
    awaits_approval = serializers.BooleanField(
        help_text="It is for more customers than the workspace lets speak unseen, and nobody has approved this version."
    )
    variants = VariantOut(many=True, help_text="Of its words, also those that are over.")
    compared_since = serializers.DateTimeField(
        allow_null=True, help_text="Since when its variants are what they are; null: it never had any."
    )
    contents = WordsOut(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_trigger_need(self, nudge: Nudge) -> str | None:
        return nudge.trigger_need.slug if nudge.trigger_need else None

    def get_conditions_text(self, nudge: Nudge) -> str:
        try:
            return describe_condition(nudge.conditions)
        except (KeyError, ValueError, TypeError):
            return ""  # written before a kind of leaf was taken out


class PlaceQuery(Query):
    """Which words of a channel and language."""

    variant = serializers.RegexField(KEY, required=False, help_text="Left out: the plain ones.")


class NudgeQuery(Query):
    """Filters of the list."""

    status = serializers.ChoiceField(NudgeStatus.choices, required=False)
    trigger = serializers.ChoiceField(Trigger.choices, required=False)
    interest = serializers.ChoiceField(Interest.choices, required=False)
    promise = serializers.ChoiceField(Promise.choices, required=False)
    category = serializers.CharField(max_length=60, required=False, help_text="The category's slug.")
    waits_for_approval = serializers.BooleanField(
        required=False, help_text="true: it awaits an approval, and this version was not refused."
    )
