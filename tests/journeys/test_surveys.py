"""Surveys: asked of whom they are for, answered once a round, read only when enough answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from engagement.keys import make_key
from engagement.models import AuditEntry, Customer, Event, Workspace
from engagement.people import merge_customers
from journeys.inferring import infer_needs
from journeys.links import survey_url
from journeys.models import Survey, SurveyAnswer, SurveyChange
from journeys.surveys.answering import AnsweredAlready, BadAnswers, NotAsked, answer_survey, is_asked
from journeys.surveys.asking import BadSurvey, close_survey, open_survey, save_survey
from journeys.surveys.changes import tried
from journeys.surveys.changing import note_change
from journeys.surveys.results import results_of
from tests import make
from tests.make import NOW
from tests.make_api import caller
from tests.make_dashboard import Office, member
from tests.make_surveys import answer, answers, change, survey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_turns():
    cache.clear()


@pytest.fixture
def workspace() -> Workspace:
    return make.workspace(name="Larkfell")


def test_an_answer_is_taken_once_a_round_and_told(workspace: Workspace) -> None:
    asked = survey(workspace)
    ana = make.customer(workspace)
    answer(asked, 9, comment="Good soles", customer=ana)
    with pytest.raises(AnsweredAlready):
        answer(asked, 0, customer=ana)
    event = Event.objects.get(name="Survey Answered")
    assert (event.customer_id, event.properties["score"], event.properties["comment"]) == (
        ana.pk,
        9,
        "Good soles",
    )
    close_survey(survey=asked, actor=None, now=NOW)
    again = open_survey(survey=asked, actor=None, now=NOW)
    answer(again, 3, customer=ana)
    assert list(SurveyAnswer.objects.order_by("id").values_list("round", "scores")) == [(1, [9]), (2, [3])]


@pytest.mark.parametrize(
    ("kind", "scores", "comment", "field"),
    [
        ("nps", [11], "", "score.0"),
        ("nps", [], "said nothing", "score.0"),
        ("csat", [0], "", "score.0"),
        ("ces", [8], "", "score.0"),
        ("engagement", [7] * 9, "", "score.9"),
        ("open", [], " ", "comment"),
        ("nps", [5], "x" * 2001, "comment"),
    ],
)
def test_what_is_no_answer_is_refused_by_field(
    workspace: Workspace, kind: str, scores: list[int], comment: str, field: str
) -> None:
    asked = survey(workspace, kind=kind, question="What is missing?" if kind == "open" else "")
    with pytest.raises(BadAnswers) as refused:
        answer(asked, *scores, comment=comment)
    assert set(refused.value.problems) == {field}
    assert not Event.objects.exists()


def test_what_is_not_open_takes_nothing(workspace: Workspace) -> None:
    draft = survey(workspace, opened=False)
    over = survey(workspace, closes_at=NOW + timedelta(days=1))
    for asked, at in ((draft, NOW), (over, NOW + timedelta(days=2))):
        with pytest.raises(NotAsked):
            answer(asked, 9, at=at)
    assert not SurveyAnswer.objects.exists()


def test_only_whom_its_conditions_fit_is_asked(workspace: Workspace) -> None:
    gold = make.customer(workspace, traits={"plan": "gold"})
    plain = make.customer(workspace)
    asked = survey(workspace, conditions={"trait": "plan", "is": "gold"})
    assert [is_asked(asked, one, now=NOW) for one in (gold, plain, None)] == [True, False, False]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "Open", "kind": "open"}, "question"),
        ({"name": "x", "kind": "poll"}, "kind"),
        ({"name": "x", "conditions": {"trat": 1}}, "conditions"),
        ({"name": "x", "themes": [{"name": "", "terms": []}]}, "themes"),
        ({"name": "x", "slug": "Two Words"}, "slug"),
    ],
)
def test_a_survey_that_cannot_be_asked_is_refused_by_field(
    workspace: Workspace, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadSurvey) as refused:
        save_survey(workspace=workspace, values={"kind": "nps"} | values, actor=None, now=NOW)
    assert field in refused.value.problems
    assert not Survey.objects.exists()


def test_what_was_asked_stays_once_it_was_opened(workspace: Workspace) -> None:
    asked = survey(workspace)
    with pytest.raises(BadSurvey) as refused:
        save_survey(workspace=workspace, survey=asked, values={"kind": "csat"}, actor=None, now=NOW)
    assert set(refused.value.problems) == {"kind"}
    save_survey(workspace=workspace, survey=asked, values={"name": "Other"}, actor=None, now=NOW)
    assert AuditEntry.objects.filter(action="change_survey").count() == 1


def test_figures_are_hidden_while_few_answered(workspace: Workspace) -> None:
    asked = survey(workspace)
    answers(asked, [10, 10, 9, 0])
    found = results_of(asked)
    assert (found.n, found.is_hidden, found.figures, found.bars, found.rounds[0].figure) == (
        4,
        True,
        [],
        [],
        None,
    )
    answers(asked, [10], at=NOW + timedelta(days=40))
    found = results_of(asked)
    assert (found.figures[0].score.value, found.figures[0].score.n) == (60, 5)
    assert [(month.name, month.n, month.figure) for month in found.months] == [
        ("2026-03", 4, None),
        ("2026-04", 1, None),
    ]
    assert [bar.count for bar in found.bars] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3]


def test_the_engagement_scale_has_three_dimensions(workspace: Workspace) -> None:
    asked = survey(workspace, kind="engagement")
    for n in range(6):
        answer(asked, *([1 + n] * 3 + [7] * 4 + [4] * 3))
    overall, thinking, feeling, doing = results_of(asked).figures
    assert (thinking.score.value, feeling.score.value, doing.score.value) == (3.5, 7, 4)
    assert (thinking.alpha, overall.score.n) == (pytest.approx(1), 6)


def test_open_answers_are_grouped_and_quoted(workspace: Workspace) -> None:
    asked = survey(workspace, kind="open", question="What is missing?",
                   themes=[{"name": "Sizes", "terms": ["half sizes"]}])  # fmt: skip
    for words in ("More half sizes", "Half sizes please", "half sizes", "A laces guide", "Opening hours"):
        answer(asked, comment=words)
    found = results_of(asked)
    assert (found.words, found.themes[0].count) == (5, 3)
    assert found.groups[0].name == "half sizes"


def test_figures_cost_as_much_for_many_as_for_few(
    workspace: Workspace, django_assert_num_queries: Any
) -> None:
    asked = survey(workspace)
    answers(asked, range(10))
    with django_assert_num_queries(2):
        assert results_of(asked).n == 10


def test_two_customers_found_to_be_one_answered_once(workspace: Workspace) -> None:
    first, second = survey(workspace), survey(workspace)
    visitor, ana = make.customer(workspace, external_id=None), make.customer(workspace)
    answer(first, 1, customer=visitor)
    answer(second, 2, customer=visitor)
    answer(first, 9, customer=ana)
    merge_customers(
        workspace_id=workspace.pk, source_id=visitor.pk, target_id=ana.pk, cause="identify", now=NOW
    )
    infer_needs(now=NOW)
    kept = SurveyAnswer.objects.order_by("survey_id").values_list("customer", "scores")
    assert list(kept) == [(ana.pk, [9]), (ana.pk, [2])]


def test_an_element_asks_once_whom_it_may_remember(client: Any, workspace: Workspace) -> None:
    asked = survey(workspace)
    path = f"/e/f/survey/?key={make_key(workspace=workspace, kind='write', name='Shop')[1]}"
    form = {"survey": asked.slug, "anonymous_id": "browser-1"}
    assert client.post(path, {"survey": asked.slug}).status_code == 404, "nobody could answer only once"
    assert "recommend Larkfell" in client.post(path, form).content.decode()
    assert not Customer.objects.exists()
    refused = client.post(path, form | {"answer": "1", "score.0": "99"})
    assert refused.status_code == 422
    assert "Thank you" in client.post(path, form | {"answer": "1", "score.0": "8"}).content.decode()
    assert client.post(path, form).status_code == 404, "it asks nobody twice"
    assert SurveyAnswer.objects.get().scores == [8]
    assert client.post(path, form | {"survey": "other"}).status_code == 404


def test_a_link_of_a_message_asks_without_scripts_and_keeps_nothing_before_it_is_sent(
    client: Any, workspace: Workspace
) -> None:
    asked = survey(workspace, kind="csat", subject="our delivery")
    ana = make.customer(workspace, locale="de-AT")
    url = survey_url(ana, workspace, asked.slug)
    path = url[url.index("/e/") :]
    page = client.get(f"{path}?score=4")
    assert page.status_code == 200
    assert 'value="4" checked' in page.content.decode()
    assert 'lang="de"' in page.content.decode()
    assert not SurveyAnswer.objects.exists()
    assert client.post(path, {"comment": "x"}).status_code == 422
    assert client.post(path, {"score.0": "4", "comment": "Quick"}).status_code == 303
    assert client.get(path).status_code == 200
    answered = SurveyAnswer.objects.get()
    assert (answered.customer, answered.scores, answered.collected_by) == (ana, [4], "link")
    close_survey(survey=asked, actor=None, now=NOW)
    assert client.get(path).status_code == 410
    assert client.get(path.replace(workspace.slug, make.workspace().slug)).status_code == 404


def test_marketers_ask_open_read_and_close() -> None:
    office = Office().furnish()
    client = office.enter("marketer")
    form = {"name": "After the order", "kind": "ces", "themes": "Delivery: late, courier", "conditions": ""}
    assert client.post("/surveys/new", form | {"conditions": "{"}).status_code == 200
    assert client.post("/surveys/new", form).status_code == 302
    asked = Survey.objects.get(slug="after-the-order")
    assert asked.themes == [{"name": "Delivery", "terms": ["late", "courier"]}]
    client.post(f"/surveys/{asked.pk}/state", {"change": "open"})
    asked.refresh_from_db()
    for n in range(6):
        answer(asked, 5 + n % 3, comment="The courier came late", at=timezone.now())
    page = client.get(f"/surveys/{asked.pk}").content.decode()
    assert "The courier came late" in page
    assert "n = 6" in page
    assert client.get(f"/surveys/{asked.pk}?round=7").status_code == 404
    client.post(f"/surveys/{asked.pk}/state", {"change": "close"})
    asked.refresh_from_db()
    assert asked.status == "closed"
    assert "After the order" in client.get("/surveys").content.decode()


def test_what_was_tried_stands_beside_what_people_answered_before_and_since(workspace: Workspace) -> None:
    asked = survey(workspace, kind="csat", themes=[{"name": "Delivery", "terms": ["late", "courier"]}])
    assert tried(asked) == []
    for n in range(10):
        answer(asked, 2, comment="Came late" if n < 6 else "Nice socks", at=NOW - timedelta(days=1 + n))
        answer(asked, 5, comment="Came late" if n < 1 else "Nice socks", at=NOW + timedelta(days=1 + n))
    answer(asked, 1, comment="Came late", at=NOW - timedelta(days=120))
    values = {"what": "Another courier", "since": NOW.date(), "url": "/nudges/1"}
    staff = member(workspace, "owner").user
    for theme in ("Delivery", "Delivery", "Nice socks", ""):
        note_change(survey=asked, values=values | {"theme": theme}, actor=staff, now=NOW)
    whole, socks, delivery = tried(asked)
    assert [(one.before.n, one.since.n) for one in (whole, socks, delivery)] == [(10, 10)] * 3
    assert [side.figure and side.figure.score.value for side in delivery.sides] == [0, 1]
    assert [side.named and side.named.value for side in delivery.sides] == [0.6, 0.1]
    assert [side.named and side.named.value for side in socks.sides] == [0.4, 0.9], (
        "a term that answers share"
    )
    assert [side.named for side in whole.sides] == [None, None]
    assert AuditEntry.objects.filter(action="change_survey").count() == 3, "the same again changes nothing"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://", "nudges/1"]
)
def test_a_change_leads_to_the_web_or_to_a_page_of_ours(workspace: Workspace, url: str) -> None:
    values = {"what": "Another courier", "since": NOW.date(), "url": url}
    staff = member(workspace, "owner").user
    with pytest.raises(BadSurvey) as refused:
        note_change(survey=survey(workspace), values=values, actor=staff, now=NOW)
    assert set(refused.value.problems) == {"url"}


def test_marketers_note_and_take_away_what_is_tried() -> None:
    office = Office().furnish()
    client = office.enter("marketer")
    path = f"/surveys/{office.ids['survey_id']}"
    form = {"what": "Another courier", "since": "2026-03-01", "theme": "", "url": ""}
    client.post(f"{path}/changes", form | {"since": "soon"})
    client.post(f"{path}/changes", form)
    noted = SurveyChange.objects.get(survey_id=office.ids["survey_id"], what="Another courier")
    assert "Another courier" in client.get(path).content.decode()
    stranger = Office().furnish().enter("marketer")
    assert stranger.post(f"{path}/changes/{noted.pk}/remove").status_code == 404
    client.post(f"{path}/changes/{noted.pk}/remove")
    assert not SurveyChange.objects.filter(pk=noted.pk).exists()


def test_no_change_stands_with_a_survey_of_another_workspace(workspace: Workspace) -> None:
    change(survey(workspace), workspace=make.workspace())
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_answers_given_elsewhere_come_by_api_and_figures_go_out(workspace: Workspace) -> None:
    asked = survey(workspace)
    shop = caller(workspace)
    ana = make.customer(workspace)
    body = {"survey": asked.slug, "customer": ana.pk, "scores": [9], "comment": "Good"}
    made = shop.post("survey-answers", body)
    assert (made.status_code, made.json()["scores"], made.json()["collected_by"]) == (201, [9], "api")
    assert (shop.post("survey-answers", body).status_code) == 409
    answers(asked, [10, 9, 8, 1])
    result = shop.get(f"surveys/{asked.pk}/results").json()
    assert (result["n"], result["figures"][0]["score"]["value"]) == (5, 40)
    assert [row["slug"] for row in shop.pages("surveys")] == [asked.slug]
    assert len(shop.pages(f"survey-answers?survey={asked.slug}")) == 5
    wrong = shop.post("survey-answers", body | {"customer": make.customer(workspace).pk, "scores": []})
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/scores/0"]
    stranger = caller(make.workspace())
    assert stranger.get(f"surveys/{asked.pk}").status_code == 404
    assert stranger.get(f"surveys/{asked.pk}/results").status_code == 404
    assert stranger.pages("survey-answers") == []


@pytest.mark.parametrize(
    "fields",
    [
        {"scores": [11]},
        {"scores": [-1]},
        {"scores": [1] * 11},
        {"scores": [], "comment": ""},
        {"collected_by": "fax"},
    ],
)
def test_the_database_keeps_answers_in_shape(workspace: Workspace, fields: dict[str, Any]) -> None:
    given = {"scores": [5], "collected_by": "link", "customer": make.customer(workspace)} | fields
    with pytest.raises(IntegrityError), transaction.atomic():
        SurveyAnswer.objects.create(workspace=workspace, survey=survey(workspace), round=1, at=NOW, **given)


def test_no_answer_mixes_two_workspaces(workspace: Workspace) -> None:
    asked, stranger = survey(workspace), make.customer(make.workspace())
    with pytest.raises(ValueError, match="two workspaces"):
        answer_survey(survey=asked, customer=stranger, scores=[5], collected_by="link", now=NOW)
    SurveyAnswer.objects.create(
        workspace=workspace, survey=asked, round=1, customer=stranger, scores=[5], collected_by="link", at=NOW
    )
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
