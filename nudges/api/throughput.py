"""At what pace a workspace lets messages out: read, and replaced as a whole."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.resources import Resource
from engagement.api.shapes import Body, ObjectName, Out
from engagement.models import Channel
from nudges.models import Per
from nudges.throttling import MOST, replace_throughputs
from nudges.throughputs import Queue, queues_of

PUSHES = ["", *(name for name in Channel.values if name != Channel.INBOX)]
WORDS = {Per.MINUTE: "minute", Per.HOUR: "hour"}
SECONDS = {word: int(per) for per, word in WORDS.items()}


class ThroughputOut(Out):
    """At most so many messages leave by a channel, or by all together."""

    channel = serializers.CharField(source="throughput.channel", help_text="Empty: all channels together.")
    messages = serializers.IntegerField(source="throughput.messages")
    per = serializers.SerializerMethodField()
    waiting = serializers.IntegerField(help_text="Messages that are due and wait; counted up to 100000.")
    text = serializers.CharField(source="sentence", help_text="As a sentence.")

    def get_per(self, queue: Queue) -> str:
        return WORDS[Per(queue.throughput.seconds)]


class ThroughputsOut(Out):
    """Every throughput of the workspace."""

    object = ObjectName("throughputs")
    limits = ThroughputOut(many=True)


class ThroughputIn(Body):
    """One throughput."""

    channel = serializers.ChoiceField(
        PUSHES,
        allow_blank=True,
        help_text="Empty: all push channels together, beside each one's own.",
    )
    messages = serializers.IntegerField(min_value=1, max_value=MOST)
    per = serializers.ChoiceField(list(SECONDS))


class ThroughputsIn(Body):
    """The throughputs as a whole: a channel that is left out is sent by as fast as it can be."""

    limits = serializers.ListField(child=ThroughputIn(), max_length=len(PUSHES))

    def validate_limits(self, limits: list[dict[str, Any]]) -> list[dict[str, Any]]:
        channels = [limit["channel"] for limit in limits]
        if len(set(channels)) < len(channels):
            raise serializers.ValidationError(_("Name each channel once."), code="twice")
        return limits


class Throughputs(Resource):
    """/throughput"""

    required_scopes = {"GET": "policy:read", "PUT": "policy:write"}

    @extend_schema(
        operation_id="get_throughput",
        summary="Read at what pace messages leave, and what waits",
        responses=ThroughputsOut,
    )
    def get(self, request: Request) -> Response:
        return self._answer()

    @extend_schema(
        operation_id="replace_throughput",
        summary="Replace the pace at which messages leave",
        description="Holds from the next claim on. What is over waits in order, service messages first.",
        request=ThroughputsIn,
        responses=ThroughputsOut,
    )
    def put(self, request: Request) -> Response:
        limits = self.check(ThroughputsIn)["limits"]
        replace_throughputs(
            workspace=self.workspace,
            wanted={limit["channel"]: (limit["messages"], SECONDS[limit["per"]]) for limit in limits},
            actor=self.key,
            now=self.now,
        )
        return self._answer()

    def _answer(self) -> Response:
        return Response(ThroughputsOut({"limits": queues_of(self.workspace, now=self.now)}).data)
