"""Reads on needs: counts, a customer's needs in words, the timeline, and the leaf of the condition language."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from engagement.conditions import check_condition, customers_matching, describe_condition
from engagement.models import Product, Workspace
from journeys.evidence import DEFAULT_EVIDENCE, install_default_evidence
from journeys.inferring import infer_needs, lapse_needs
from journeys.models import CustomerNeed, EvidenceWeight, Stage
from journeys.needs import needs_by_stage, read_needs, read_stage_changes
from journeys.reasons import PLAIN, sentence_of
from tests import make
from tests.make import NOW
from tests.make_journeys import comparing, did, need, ordered, person, send, shop, viewed

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def workspace() -> Workspace:
    """Ana compares shoes, Ben bought some, Cem looked at one page, Dua compares hats."""
    made = shop()
    need(made, "hats")
    send(made, *comparing(NOW - 3 * DAY), viewed("a", NOW - 3 * DAY, "cem"))
    send(made, *comparing(NOW - HOUR, "ben"), ordered("o1", ["b"], NOW - MINUTE, "ben"))
    send(made, *comparing(NOW - HOUR, "dua", category="hats"))
    infer_needs(now=NOW)
    return made


def found(workspace: Workspace, condition: dict[str, Any]) -> set[str]:
    assert check_condition(condition, workspace=workspace) == []
    people = customers_matching(condition, workspace=workspace, now=NOW)
    return {external_id or "" for external_id in people.values_list("external_id", flat=True)}


def test_needs_are_counted_by_stage_in_one_query(workspace: Workspace) -> None:
    need(workspace, "unwanted")
    send(shop(), *comparing(NOW, "stranger"))
    infer_needs(now=NOW)
    with CaptureQueriesContext(connection) as captured:
        counted = {counts.slug: counts for counts in needs_by_stage(workspace)}
    assert len(captured) == 1
    assert counted["shoes"].by_stage == {
        "none": 1, "awareness": 0, "shortlist": 1, "purchase": 0, "post_purchase": 1
    }  # fmt: skip
    assert counted["shoes"].under_way == 2
    assert counted["hats"].by_stage["shortlist"] == 1
    assert set(counted["unwanted"].by_stage.values()) == {0}


def test_closed_needs_are_not_counted(workspace: Workspace) -> None:
    lapse_needs(now=NOW + 300 * DAY)
    assert all(counts.under_way == 0 for counts in needs_by_stage(workspace))


def test_a_customer_s_needs_say_why_in_words(workspace: Workspace) -> None:
    Product.objects.filter(workspace=workspace, sku="b").update(name="Fell Runner")
    [view] = read_needs(person(workspace))
    assert view.row.stage == Stage.SHORTLIST
    assert view.because == [
        "Put Fell Runner into the cart.",
        "Looked at another product within a week, Fell Runner.",
    ]


def test_the_timeline_tells_each_change_with_its_reason(workspace: Workspace) -> None:
    lapse_needs(now=NOW + 60 * DAY)
    newest, *older = read_stage_changes(person(workspace), before=None, limit=50)
    assert newest.title == "Shoes: Shortlist → Not started"
    assert newest.explanation.startswith("Nothing was heard for ")
    assert [entry.title for entry in older] == [
        "Shoes: Need awareness → Shortlist",
        "Shoes: Not started → Need awareness",
    ]
    assert read_stage_changes(person(workspace), before=newest.at, limit=1) == older[:1]
    assert read_stage_changes(make.customer(workspace), before=None, limit=50) == []


@pytest.mark.parametrize("signal", sorted({signal for signal, _, _ in DEFAULT_EVIDENCE}))
def test_every_default_signal_has_words(signal: str) -> None:
    about = {"signal": signal, "subject": "x", "name": "Some Event", "event_id": 1}
    assert "Some Event" not in sentence_of(about) or signal in PLAIN
    assert sentence_of({**about, "subject": ""})
    assert sentence_of({**about, "signal": "one of their own"}) == "Some Event (x)."


def test_words_follow_the_language_of_the_reader_not_of_the_writer(workspace: Workspace) -> None:
    with translation.override("de"):
        assert read_needs(person(workspace))[0].because
    assert "into the cart" not in str(CustomerNeed.objects.values_list("evidence", flat=True)[0])


@pytest.mark.parametrize(
    ("leaf", "whom"),
    [
        ({"need": "shoes"}, {"ana", "ben"}),
        ({"need": "any"}, {"ana", "ben", "dua"}),
        ({"need": "shoes", "stage": "shortlist"}, {"ana"}),
        ({"need": "shoes", "stage": ["none", "post_purchase"]}, {"cem", "ben"}),
        ({"need": "shoes", "at_least": "purchase"}, {"ben"}),
        ({"need": "any", "stage": "shortlist", "for_at_least": "2d"}, {"ana"}),
        ({"need": "any", "stage": "shortlist", "for_at_most": "2d"}, {"dua"}),
        ({"not": {"need": "shoes"}}, {"cem", "dua"}),
    ],
)
def test_conditions_find_customers_by_need_and_stage(
    workspace: Workspace, leaf: dict[str, Any], whom: set[str]
) -> None:
    assert found(workspace, leaf) == whom
    assert describe_condition(leaf)


def test_closed_needs_and_other_workspaces_fit_no_leaf(workspace: Workspace) -> None:
    other = shop()
    send(other, *comparing(NOW, "stranger"))
    infer_needs(now=NOW)
    assert "stranger" not in found(workspace, {"need": "shoes"})
    CustomerNeed.objects.update(closed_at=NOW, closed_reason="not_relevant")
    assert found(workspace, {"need": "any", "stage": list(Stage.values)}) == set()


@pytest.mark.parametrize(
    ("leaf", "path"),
    [
        ({"need": "boats"}, "need"),
        ({"need": 7}, "need"),
        ({"need": "shoes", "stage": "sold"}, "stage"),
        ({"need": "shoes", "stage": []}, "stage"),
        ({"need": "shoes", "stage": "none", "at_least": "purchase"}, "at_least"),
        ({"need": "shoes", "at_least": "none"}, "at_least"),
        ({"need": "shoes", "at_least": ["purchase"]}, "at_least"),
        ({"need": "shoes", "for_at_least": "soon"}, "for_at_least"),
        ({"need": "shoes", "colour": "red"}, "colour"),
    ],
)
def test_a_bad_leaf_is_named_with_its_remedy(workspace: Workspace, leaf: dict[str, Any], path: str) -> None:
    [problem] = check_condition(leaf, workspace=workspace)
    assert problem.path.endswith(path)
    assert len(problem.message) > 10


def test_another_workspace_s_need_cannot_be_named(workspace: Workspace) -> None:
    need(make.workspace(), "boats")
    assert check_condition({"need": "boats"}, workspace=workspace)


def test_default_evidence_is_installed_once_and_leaves_changed_weights_alone() -> None:
    workspace = make.workspace()
    assert install_default_evidence(workspace) == len(DEFAULT_EVIDENCE)
    EvidenceWeight.objects.filter(signal="guide read").update(stage="shortlist", weight=9)
    assert install_default_evidence(workspace) == 0
    assert EvidenceWeight.objects.get(signal="guide read").weight == 9


def test_needs_of_many_events_cost_two_queries(workspace: Workspace) -> None:
    for n in range(20):
        need(workspace, f"kind-{n}")
        send(workspace, did("Product List Viewed", NOW, category=f"kind-{n}"))
    infer_needs(now=NOW)
    ana = person(workspace)
    with CaptureQueriesContext(connection) as captured:
        assert len(read_needs(ana)) == 21
    assert len(captured) <= 3  # the workspace, the needs, the products
