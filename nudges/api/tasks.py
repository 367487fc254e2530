"""Calls and visits: what waits for a person, taken and done by a program such as the call centre's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource
from engagement.api.shapes import Body, ObjectName, Out
from engagement.models import Channel
from nudges.calling import CannotDo, claim_task, finish_task, release_task, try_later, waiting_tasks
from nudges.hearing import BadReply
from nudges.models import Message, MessageState, ReplyKind

TASKS = Message.objects.filter(channel=Channel.STAFF_TASK).select_related("category", "task__claimed_by")
# Before it is handed over, a message is no task yet.
GIVEN = (MessageState.SENT, MessageState.DELIVERED, MessageState.FAILED)


class TaskOut(Out):
    """A message that a person brings."""

    object = ObjectName("task")
    id = serializers.IntegerField(help_text="The message's.")
    customer = serializers.IntegerField(source="customer_id")
    nudge = serializers.IntegerField(source="nudge_id")
    category = serializers.CharField(source="category.slug")
    subject = serializers.CharField()
    text = serializers.CharField(help_text="What to say.")
    state = serializers.ChoiceField(
        MessageState.choices,
        help_text="sent: it waits; delivered: they were reached; failed: given up, or too late.",
    )
    not_after = serializers.DateTimeField(help_text="By when it must be done.")
    claimed_by = serializers.SerializerMethodField(help_text="The member's e-mail address; empty: nobody.")
    not_before = serializers.SerializerMethodField(help_text="Nobody was reached: try again then.")
    tries = serializers.SerializerMethodField()
    note = serializers.SerializerMethodField()

    def get_claimed_by(self, message: Message) -> str:
        task = getattr(message, "task", None)
        return task.claimed_by.email if task and task.claimed_by else ""

    def get_not_before(self, message: Message) -> str | None:
        task = getattr(message, "task", None)
        return task.not_before.isoformat() if task and task.not_before else None

    def get_tries(self, message: Message) -> int:
        task = getattr(message, "task", None)
        return task.tries if task else 0

    def get_note(self, message: Message) -> str:
        task = getattr(message, "task", None)
        return task.note if task else ""


class ByIn(Body):
    """Who does it."""

    by = serializers.EmailField(
        required=False, help_text="A member of the workspace; left out: whoever made the key."
    )


class OutcomeIn(ByIn):
    """What came of it."""

    outcome = serializers.ChoiceField(["reached", "later", "given_up"])
    reply = serializers.ChoiceField(
        ReplyKind.choices, required=False, help_text="Of reached: what they said, as a reply like any other."
    )
    until = serializers.DateTimeField(required=False, help_text="Of later: when to try again.")
    note = serializers.CharField(max_length=1_000, required=False, allow_blank=True)


class Tasks(Resource):
    """/tasks"""

    required_scopes = {"GET": "nudges:read"}
    order = ("not_after", "id")

    @extend_schema(
        operation_id="list_tasks",
        summary="List the calls and visits that wait, the most urgent first",
        responses=TaskOut(many=True),
    )
    def get(self, request: Request) -> Response:
        rows: QuerySet[Message] = waiting_tasks(self.workspace, now=self.now)
        return self.page(rows, TaskOut)


class TaskAction(Resource):
    """What all views of one task share."""

    def task(self, message_id: int) -> Message:
        return self.find(TASKS.filter(state__in=GIVEN), pk=message_id)

    def person(self, email: str | None) -> User:
        """The member who does it. Raises Problem."""
        if email is None and self.key.created_by is not None:
            return self.key.created_by
        members = self.workspace.members.select_related("user")
        member = members.filter(user__email__iexact=email).first() if email else None
        if member is None:
            detail = _("Name a member of the workspace by their e-mail address.")
            raise invalid([{"pointer": "/by", "code": "unknown", "detail": detail}])
        return member.user

    def done(self, message_id: int, by: str | None, act: Callable[[Message, User], Any]) -> Response:
        """Have somebody do something with a task; what it is then. Raises Problem."""
        message = self.task(message_id)
        user = self.person(by)
        try:
            act(message, user)
        except CannotDo as refused:
            raise Problem(409, "cannot_do", str(refused)) from refused
        except BadReply as error:
            raise invalid(
                [{"pointer": f"/{error.field}", "code": "invalid", "detail": str(error)}]
            ) from error
        return Response(TaskOut(self.task(message_id)).data)


class OneTask(TaskAction):
    """/tasks/{id}"""

    required_scopes = {"GET": "nudges:read"}

    @extend_schema(operation_id="get_task", summary="Read a call or visit", responses=TaskOut)
    def get(self, request: Request, message_id: int) -> Response:
        return Response(TaskOut(self.task(message_id)).data)


class ClaimTask(TaskAction):
    """/tasks/{id}/claim"""

    required_scopes = {"POST": "tasks:write"}

    @extend_schema(
        operation_id="claim_task",
        summary="Take a call or visit, so that nobody else does it too",
        description="It is theirs for four hours. 409 when somebody has it.",
        request=ByIn,
        responses=TaskOut,
    )
    @once
    def post(self, request: Request, message_id: int) -> Response:
        by = self.check(ByIn).get("by")
        return self.done(
            message_id, by, lambda message, user: claim_task(message=message, user=user, now=self.now)
        )


class ReleaseTask(TaskAction):
    """/tasks/{id}/release"""

    required_scopes = {"POST": "tasks:write"}

    @extend_schema(
        operation_id="release_task",
        summary="Give a call or visit back",
        description="Of somebody who does not have it, it changes nothing.",
        request=ByIn,
        responses=TaskOut,
    )
    @once
    def post(self, request: Request, message_id: int) -> Response:
        by = self.check(ByIn).get("by")
        return self.done(message_id, by, lambda message, user: release_task(message=message, user=user))


class FinishTask(TaskAction):
    """/tasks/{id}/outcome"""

    required_scopes = {"POST": "tasks:write"}

    @extend_schema(
        operation_id="finish_task",
        summary="Say what came of a call or visit",
        description="`reached` delivers it, with what they said as a reply; `later` brings it back; `given_up` frees "
        "its slot.",
        request=OutcomeIn,
        responses=TaskOut,
    )
    @once
    def post(self, request: Request, message_id: int) -> Response:
        values = self.check(OutcomeIn)

        def finish(message: Message, user: User) -> None:
            if values["outcome"] == "later":
                self.bring_back(message, values)
                return
            note = values.get("note", "")
            finish_task(
                message=message,
                is_reached=values["outcome"] == "reached",
                note=note,
                reply=values.get("reply", ""),
                detail={"text": note},
                user=user,
                now=self.now,
            )

        return self.done(message_id, values.get("by"), finish)

    def bring_back(self, message: Message, values: dict[str, Any]) -> None:
        if "until" not in values:
            detail = _("Say when to try again.")
            raise invalid([{"pointer": "/until", "code": "required", "detail": detail}])
        try_later(message=message, note=values.get("note", ""), until=values["until"], now=self.now)
