"""What was decided and why, what was sent, what was answered."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import invalid
from engagement.api.resources import Resource, created
from engagement.api.shapes import Body, BoundedObject, ObjectName, Out, Query
from engagement.models import Channel
from nudges.hearing import BadReply, hear_reply, undo_reply, what_changed
from nudges.models import Decision, Entry, Interest, Message, MessageState, Outcome, Promise, Reply, ReplyKind
from nudges.reasons import Reason

MESSAGES = Message.objects.select_related("category")
DECISIONS = Decision.objects.annotate(
    started_by=Subquery(
        Entry.objects.filter(candidate_id=OuterRef("candidate_id")).values(
            started=JSONObject(event="event_name", at="event_at", entered_for="due_at")
        )
    )
)


class StartedOut(Out):
    """An event that let a customer in to a nudge."""

    event = serializers.CharField()
    at = serializers.DateTimeField()
    entered_for = serializers.DateTimeField(help_text="When the nudge was due.")


class DecisionOut(Out):
    """What became of a nudge that was put forward to a customer, and why."""

    object = ObjectName("decision")
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id")
    nudge = serializers.IntegerField(source="nudge_id")
    nudge_version = serializers.IntegerField()
    customer_need = serializers.IntegerField(source="customer_need_id", allow_null=True)
    outcome = serializers.ChoiceField(Outcome.choices)
    reason = serializers.ChoiceField(Reason.choices)
    explanation = serializers.SerializerMethodField(help_text="For the marketer.")
    explanation_for_customer = serializers.SerializerMethodField(help_text="For the person it is about.")
    rule = serializers.CharField(help_text="Such as cap:12.")
    policy_version = serializers.IntegerField()
    limit = serializers.IntegerField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)
    used_by = serializers.ListField(
        child=serializers.IntegerField(), help_text="Ids of the messages that used the slots."
    )
    allowed_at = serializers.DateTimeField(
        allow_null=True, help_text="When it would be allowed at the earliest."
    )
    started_by = StartedOut(allow_null=True, help_text="The event behind it, where one put it forward.")
    stage = serializers.CharField(help_text="Of the need, then.")
    channel = serializers.CharField()
    in_holdout = serializers.BooleanField()
    earlier = serializers.ListField(
        child=serializers.DictField(), help_text="The times it was deferred before."
    )
    decided_at = serializers.DateTimeField()

    def get_explanation(self, decision: Decision) -> str:
        return Reason(decision.reason).marketer(decision)

    def get_explanation_for_customer(self, decision: Decision) -> str:
        return Reason(decision.reason).customer(decision)


class DecisionQuery(Query):
    """Filters of the list."""

    customer = serializers.IntegerField(min_value=1, required=False)
    nudge = serializers.IntegerField(min_value=1, required=False)
    outcome = serializers.ChoiceField(Outcome.choices, required=False)
    reason = serializers.ChoiceField(Reason.choices, required=False)
    decided_after = serializers.DateTimeField(required=False)


class MessageOut(Out):
    """A nudge that was decided to be sent, on one channel."""

    object = ObjectName("message")
    id = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id")
    nudge = serializers.IntegerField(source="nudge_id")
    customer_need = serializers.IntegerField(source="customer_need_id", allow_null=True)
    channel = serializers.ChoiceField(Channel.choices)
    address = serializers.CharField()
    category = serializers.CharField(source="category.slug")
    interest = serializers.ChoiceField(Interest.choices)
    promise = serializers.ChoiceField(Promise.choices)
    state = serializers.ChoiceField(MessageState.choices)
    counts = serializers.BooleanField(help_text="Against caps, now.")
    variant = serializers.CharField(help_text="Key of the variant whose words it has; empty: the plain ones.")
    variant_chance = serializers.IntegerField(
        allow_null=True, help_text="In percent, with which it was this one."
    )
    subject = serializers.CharField()
    text = serializers.CharField()
    decided_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    clicked_at = serializers.DateTimeField(allow_null=True)
    replied_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField()


class MessageQuery(Query):
    """Filters of the list."""

    customer = serializers.IntegerField(min_value=1, required=False)
    nudge = serializers.IntegerField(min_value=1, required=False)
    state = serializers.ChoiceField(MessageState.choices, required=False)
    channel = serializers.ChoiceField(Channel.choices, required=False)
    decided_after = serializers.DateTimeField(required=False)


class ReplyOut(Out):
    """A customer's answer to a message, and what it changed."""

    object = ObjectName("reply")
    id = serializers.IntegerField()
    message = serializers.IntegerField(source="message_id")
    customer = serializers.IntegerField(source="customer_id")
    kind = serializers.ChoiceField(ReplyKind.choices)
    detail = serializers.DictField()
    what_changed = serializers.SerializerMethodField(help_text="In one sentence to the customer.")
    at = serializers.DateTimeField()
    undone_at = serializers.DateTimeField(allow_null=True)

    def get_what_changed(self, reply: Reply) -> str:
        return what_changed(reply)


class ReplyQuery(Query):
    """Filters of the list."""

    customer = serializers.IntegerField(min_value=1, required=False)
    message = serializers.IntegerField(min_value=1, required=False)
    kind = serializers.ChoiceField(ReplyKind.choices, required=False)
    after = serializers.DateTimeField(required=False)


class ReplyIn(Body):
    """A reply that reached you another way: by telephone, in a chat, on your own page."""

    message = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(ReplyKind.choices)
    until = serializers.DateTimeField(required=False, help_text="Of not_now; 30 days when left out.")
    choice = serializers.ChoiceField(
        ["need", "category"], required=False, help_text="Of not_relevant: what to hear no more of."
    )
    facts = BoundedObject(
        required=False, max_keys=50, help_text="Of changed: {attribute: one of its options}."
    )
    text = serializers.CharField(max_length=1_000, required=False, allow_blank=True)


class Decisions(Resource):
    """/decisions"""

    required_scopes = {"GET": "nudges:read"}
    order = ("-decided_at", "-id")

    @extend_schema(
        operation_id="list_decisions",
        summary="List what became of nudges, and why, newest first",
        parameters=[DecisionQuery],
        responses=DecisionOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = _after(self.filters(DecisionQuery), "decided_after", "decided_at__gt")
        return self.page(DECISIONS.filter(workspace=self.workspace, **filters), DecisionOut)


class OneDecision(Resource):
    """/decisions/{id}"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(operation_id="get_decision", summary="Read a decision", responses=DecisionOut)
    def get(self, request: Request, decision_id: int) -> Response:
        return Response(DecisionOut(self.find(DECISIONS, pk=decision_id)).data)


class Messages(Resource):
    """/messages"""

    required_scopes = {"GET": "nudges:read"}
    order = ("-decided_at", "-id")

    @extend_schema(
        operation_id="list_messages",
        summary="List messages, newest first",
        parameters=[MessageQuery],
        responses=MessageOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = _after(self.filters(MessageQuery), "decided_after", "decided_at__gt")
        return self.page(MESSAGES.filter(workspace=self.workspace, **filters), MessageOut)


class OneMessage(Resource):
    """/messages/{id}"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(operation_id="get_message", summary="Read a message", responses=MessageOut)
    def get(self, request: Request, message_id: int) -> Response:
        return Response(MessageOut(self.find(MESSAGES, pk=message_id)).data)


class Replies(Resource):
    """/replies"""

    required_scopes = {"GET": "nudges:read", "POST": "replies:write"}
    order = ("-at", "-id")

    @extend_schema(
        operation_id="list_replies",
        summary="List replies, newest first",
        parameters=[ReplyQuery],
        responses=ReplyOut(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = _after(self.filters(ReplyQuery), "after", "at__gt")
        return self.page(Reply.objects.filter(workspace=self.workspace, **filters), ReplyOut)

    @extend_schema(
        operation_id="create_reply",
        summary="Record a reply for a customer",
        description="It takes effect at once, as if the customer had given it. The same again changes nothing.",
        request=ReplyIn,
        responses={201: ReplyOut},
    )
    @once
    def post(self, request: Request) -> Response:
        values = self.check(ReplyIn)
        message = Message.objects.filter(workspace=self.workspace, pk=values.pop("message")).first()
        if message is None:
            detail = _("There is no such message.")
            raise invalid([{"pointer": "/message", "code": "unknown", "detail": detail}])
        try:
            reply = hear_reply(message_id=message.pk, kind=values.pop("kind"), detail=values, now=self.now)
        except BadReply as error:
            raise invalid(
                [{"pointer": f"/{error.field}", "code": "invalid", "detail": str(error)}]
            ) from error
        return created(ReplyOut(reply).data, f"/api/v1/replies/{reply.pk}")


class OneReply(Resource):
    """/replies/{id}"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(operation_id="get_reply", summary="Read a reply", responses=ReplyOut)
    def get(self, request: Request, reply_id: int) -> Response:
        return Response(ReplyOut(self.find(Reply.objects.all(), pk=reply_id)).data)


class UndoReply(Resource):
    """/replies/{id}/undo"""

    required_scopes = {"POST": "replies:write"}

    @extend_schema(
        operation_id="undo_reply",
        summary="Take a reply back, with all that it changed",
        request=None,
        responses=ReplyOut,
    )
    @once
    def post(self, request: Request, reply_id: int) -> Response:
        reply = self.find(Reply.objects.all(), pk=reply_id)
        return Response(ReplyOut(undo_reply(reply_id=reply.pk, now=self.now)).data)


def _after(filters: dict[str, Any], name: str, lookup: str) -> dict[str, Any]:
    if name in filters:
        filters[lookup] = filters.pop(name)
    return filters
