"""Surveys: read with their figures, and answered for customers who were asked elsewhere."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.api.idempotency import once
from engagement.api.problems import Problem, invalid
from engagement.api.resources import Resource, created
from engagement.api.shapes import Body, ObjectName, Out, Query
from engagement.models import Customer
from journeys.models import Survey, SurveyAnswer, SurveyKind, SurveyStatus
from journeys.surveys.answering import LONGEST, AnsweredAlready, BadAnswers, NotAsked, answer_survey
from journeys.surveys.items import items_of
from journeys.surveys.results import results_of

SURVEYS = Survey.objects.select_related("need", "workspace")
ANSWERS = SurveyAnswer.objects.select_related("survey")


class SurveyOut(Out):
    """What is asked of whom."""

    object = ObjectName("survey")
    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(SurveyKind.choices)
    need = serializers.CharField(source="need.slug", default=None, allow_null=True)
    items = serializers.SerializerMethodField(help_text="The sentences that take a figure, in order.")
    status = serializers.ChoiceField(SurveyStatus.choices)
    round = serializers.IntegerField(help_text="The current or last one; 0: not opened yet.")
    opened_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)

    def get_items(self, survey: Survey) -> list[str]:
        return items_of(survey, shop=survey.workspace.name)


class ScoreOut(Out):
    """A figure with its 95 % interval and how many answers stand behind it."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    n = serializers.IntegerField()


class FigureOut(Out):
    """A named figure."""

    name = serializers.CharField()
    score = ScoreOut()
    unit = serializers.CharField(help_text="points (NPS, -100 to 100), share (0 to 1) or mean")
    alpha = serializers.FloatField(allow_null=True, help_text="Cronbach's alpha of the engagement scale.")


class BarOut(Out):
    """How many gave a figure."""

    point = serializers.IntegerField()
    count = serializers.IntegerField()


class ResultsOut(Out):
    """What a round's answers say; nothing below five answers."""

    n = serializers.IntegerField()
    is_hidden = serializers.BooleanField(help_text="Fewer than five answered.")
    figures = FigureOut(many=True)
    bars = BarOut(many=True)


class ResultsQuery(Query):
    """Which round."""

    round = serializers.IntegerField(min_value=1, max_value=32_767, required=False)


class AnswerOut(Out):
    """What one customer answered."""

    object = ObjectName("survey_answer")
    id = serializers.IntegerField()
    survey = serializers.CharField(source="survey.slug")
    round = serializers.IntegerField()
    customer = serializers.IntegerField(source="customer_id")
    scores = serializers.ListField(child=serializers.IntegerField())
    comment = serializers.CharField()
    language = serializers.CharField()
    collected_by = serializers.ChoiceField(["element", "link", "api"])
    at = serializers.DateTimeField()


class AnswerQuery(Query):
    """Filters of the list."""

    survey = serializers.CharField(max_length=60, required=False, help_text="The survey's slug.")
    customer = serializers.IntegerField(min_value=1, required=False)
    round = serializers.IntegerField(min_value=1, max_value=32_767, required=False)


class AnswerIn(Body):
    """An answer that was given elsewhere; once a customer and round."""

    survey = serializers.SlugField(max_length=60, help_text="The survey's slug.")
    customer = serializers.IntegerField(min_value=1)
    scores = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=10), max_length=10, required=False
    )
    comment = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    language = serializers.CharField(max_length=16, required=False, allow_blank=True)


class Surveys(Resource):
    """/surveys"""

    required_scopes = {"GET": "surveys:read"}

    @extend_schema(
        operation_id="list_surveys", summary="List surveys, newest first", responses=SurveyOut(many=True)
    )
    def get(self, request: Request) -> Response:
        self.filters(Query)
        return self.page(SURVEYS.filter(workspace=self.workspace), SurveyOut)


class OneSurvey(Resource):
    """/surveys/{id}"""

    required_scopes = {"GET": "surveys:read"}

    @extend_schema(operation_id="get_survey", summary="Read a survey", responses=SurveyOut)
    def get(self, request: Request, survey_id: int) -> Response:
        return Response(SurveyOut(self.find(SURVEYS, pk=survey_id)).data)


class SurveyResults(Resource):
    """/surveys/{id}/results"""

    required_scopes = {"GET": "surveys:read"}

    @extend_schema(
        operation_id="get_survey_results",
        summary="Read the figures of a survey's round",
        parameters=[ResultsQuery],
        responses=ResultsOut,
    )
    def get(self, request: Request, survey_id: int) -> Response:
        survey = self.find(SURVEYS, pk=survey_id)
        found = results_of(survey, number=self.filters(ResultsQuery).get("round"))
        return Response(ResultsOut(found).data)


class SurveyAnswers(Resource):
    """/survey-answers"""

    required_scopes = {"GET": "surveys:read", "POST": "surveys:write"}

    @extend_schema(
        operation_id="list_survey_answers",
        summary="List answers, newest first",
        parameters=[AnswerQuery],
        responses=AnswerOut(many=True),
    )
    def get(self, request: Request) -> Response:
        lookups = {"survey": "survey__slug", "customer": "customer_id", "round": "round"}
        filters = {lookups[name]: value for name, value in self.filters(AnswerQuery).items()}
        return self.page(ANSWERS.filter(workspace=self.workspace, **filters), AnswerOut)

    @extend_schema(
        operation_id="create_survey_answer",
        summary="Record a customer's answer",
        description="It is an event on the customer's timeline. 409: answered in this round, or not open.",
        request=AnswerIn,
        responses={201: AnswerOut},
    )
    @once
    def post(self, request: Request) -> Response:
        values = self.check(AnswerIn)
        survey = SURVEYS.filter(workspace=self.workspace, slug=values["survey"]).first()
        if survey is None:
            raise unknown("/survey", _("There is no survey with this slug."))
        customers = Customer.objects.filter(workspace=self.workspace, merged_into=None, pk=values["customer"])
        customer = customers.first()
        if customer is None:
            raise unknown("/customer", _("There is no customer with this id."))
        try:
            answer = answer_survey(
                survey=survey,
                customer=customer,
                scores=values.get("scores", []),
                comment=values.get("comment", ""),
                language=values.get("language", ""),
                collected_by="api",
                now=self.now,
            )
        except BadAnswers as bad:
            raise invalid([refused(name, message) for name, message in bad.problems.items()]) from bad
        except AnsweredAlready as error:
            raise Problem(409, "answered_already", _("The customer has answered in this round.")) from error
        except NotAsked as error:
            raise Problem(409, "not_open", _("The survey takes no answers now.")) from error
        return created(AnswerOut(answer).data, f"/api/v1/survey-answers?customer={customer.pk}")


def unknown(pointer: str, detail: str) -> Problem:
    return invalid([{"pointer": pointer, "code": "unknown", "detail": detail}])


def refused(name: str, message: str) -> dict[str, str]:
    pointer = f"/{name.replace('score.', 'scores/')}"
    return {"pointer": pointer, "code": "invalid", "detail": message}
