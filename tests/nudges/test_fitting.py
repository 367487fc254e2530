"""Whoever comes to fit a flow's condition asks to come in: at once by news of them, and by sweeps as time passes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.learning import learn_facts
from engagement.models import Customer, Unread, Workspace
from journeys.inferring import infer_needs
from nudges.considering import consider_fitting, consider_stage_changes, sweep_fitting, sweeping
from nudges.considering.listening import NEWS_READER
from nudges.flowing import advance_flows, end_flow, pause_flow, publish_flow, resume_flow, save_draft
from nudges.models import Flow, FlowRun, Nudge
from tests import make, make_flows, make_nudges
from tests.make import NOW
from tests.make_flows import say, wait
from tests.nudges.deciding_one import DAY, MINUTE
from tests.nudges.test_considering_events import happen
from tests.plans import believe, nodes

pytestmark = pytest.mark.django_db
GOLD = {"trait": "plan", "is": "gold"}
LATER = NOW + sweeping.REST


def fitted(workspace: Workspace, nudge: Nudge, condition: dict[str, Any] = GOLD, **fields: Any) -> Flow:
    """A flow that whoever fits comes into, published now."""
    made = make_flows.flow(workspace, say(nudge), state="draft", trigger="condition", conditions=condition)
    save_draft(flow=made, values={"goal": {}} | fields, actor=None, now=NOW)
    return publish_flow(flow=made, actor=None, now=NOW)


def describe(customer: Customer, **traits: Any) -> None:
    """Somebody tells what they are; inference and learning are not through with it yet."""
    event = IncomingEvent(
        type="identify",
        name="",
        message_id=f"{customer.pk}:{traits}",
        occurred_at=NOW,
        user_id=customer.external_id,
        traits=traits,
    )
    ingest_events(workspace_id=customer.workspace_id, events=[event], received_at=NOW, source="api")


def learn() -> None:
    infer_needs(now=NOW)
    learn_facts(now=NOW)


def asked() -> list[int]:
    return list(FlowRun.objects.order_by("customer").values_list("customer", flat=True))


# By news


def test_who_comes_to_fit_asks_at_once_and_nobody_else_is_looked_at(
    workspace: Workspace, nudge: Nudge
) -> None:
    fitted(workspace, nudge)
    ann, bo, _quiet = (make.customer(workspace) for _n in range(3))
    describe(ann, plan="gold")
    describe(bo, plan="plain")
    learn()
    assert consider_fitting(now=NOW) == {"taken": 2, "asked_into_flows": 1}
    assert consider_fitting(now=NOW) == {}
    assert asked() == [ann.pk]


def test_who_is_inside_or_was_once_asks_no_more(workspace: Workspace, nudge: Nudge) -> None:
    fitted(workspace, nudge)
    ann = make.customer(workspace)
    for plan in ("gold", "gold-again", "gold"):
        describe(ann, plan=plan, at=plan)
        learn()
        consider_fitting(now=NOW)
        advance_flows(now=NOW)
    happen(ann, "Cart Viewed")
    learn()
    assert consider_fitting(now=NOW) == {"taken": 1}
    assert asked() == [ann.pk]


def test_whose_news_is_not_learned_yet_waits_behind_the_others(workspace: Workspace, nudge: Nudge) -> None:
    fitted(workspace, nudge, {"fact": "milk", "topic": "", "is": "oat"})
    ann, bo = make.customer(workspace), make.customer(workspace)
    happen(bo, "Cart Viewed")
    learn()
    happen(ann, "Context Told", topic="", facts={"milk": "oat"})
    assert consider_fitting(now=NOW + MINUTE) == {"taken": 1}  # bo's; ann's would have come too early
    assert asked() == []
    waiting = Unread.objects.get(reader=NEWS_READER)
    assert (waiting.customer, waiting.since) == (ann, NOW + MINUTE)
    learn()
    assert consider_fitting(now=NOW + MINUTE) == {"taken": 1, "asked_into_flows": 1}
    assert asked() == [ann.pk]


def test_a_stage_reached_without_news_lets_ask_too(workspace: Workspace, nudge: Nudge) -> None:
    need = make_nudges.need(workspace)
    fitted(workspace, nudge, {"need": need.slug, "stage": "shortlist"})
    held, elsewhere = (make_nudges.customer_need(make.customer(workspace), need) for _twice in range(2))
    make_nudges.stage_change(held)
    assert consider_stage_changes(now=NOW)["asked_into_flows"] == 1
    assert asked() == [held.customer_id]
    assert elsewhere.customer_id not in asked()


def test_a_workspace_leaves_word_exactly_while_such_a_flow_is_live(
    workspace: Workspace, nudge: Nudge
) -> None:
    def leaves_word() -> bool:
        workspace.refresh_from_db()
        return NEWS_READER in workspace.event_readers

    assert not leaves_word()
    flow = fitted(workspace, nudge)
    assert leaves_word()
    pause_flow(flow=flow, actor=None, now=NOW)
    assert not leaves_word()
    resume_flow(flow=flow, actor=None, now=NOW)
    assert leaves_word()
    end_flow(flow=flow, actor=None, now=NOW)
    assert not leaves_word()


def test_a_flow_whose_condition_makes_no_sense_holds_up_no_other(workspace: Workspace, nudge: Nudge) -> None:
    broken, whole = fitted(workspace, nudge), fitted(workspace, nudge)
    published = make_flows.version(broken, say(nudge), published_at=NOW, trigger="condition",
                                   conditions={"consent": "gone", "channel": "email"})  # fmt: skip
    Flow.objects.filter(pk=broken.pk).update(version=published)
    make.customer(workspace, traits={"plan": "gold"})
    assert sweep_fitting(now=NOW)["asked_into_flows"] == 1
    assert FlowRun.objects.get().flow == whole


def test_the_number_of_statements_does_not_grow_with_news(workspace: Workspace, nudge: Nudge) -> None:
    fitted(workspace, nudge)

    def statements_for(number: int) -> int:
        for _n in range(number):
            describe(make.customer(workspace), plan="gold")
        learn()
        with CaptureQueriesContext(connection) as queries:
            assert consider_fitting(now=NOW)["asked_into_flows"] == number
        return len(queries)

    assert statements_for(2) == statements_for(20)
    with CaptureQueriesContext(connection) as queries:
        assert consider_fitting(now=NOW) == {}
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 1


def test_of_many_customers_only_those_with_news_are_read(workspace: Workspace, nudge: Nudge) -> None:
    fitted(workspace, nudge, {"all": [GOLD, {"event": "Signed In", "last": {"longer_ago": "30d"}}]})
    crowd = [Customer(workspace=workspace, first_seen_at=NOW, last_seen_at=NOW) for _n in range(4000)]
    Customer.objects.bulk_create(crowd)
    for _n in range(3):
        describe(make.customer(workspace), plan="gold")
    learn()
    with CaptureQueriesContext(connection) as queries:
        consider_fitting(now=NOW)
    [look] = [
        query["sql"] for query in queries if query["sql"].startswith('SELECT "engagement_customer"."id"')
    ]
    with connection.cursor() as cursor:
        believe(cursor, ["engagement_customer"], 100, 400_000)  # as if there were a hundred times as many
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {look}")
        [([told],)] = cursor.fetchall()
    reads = [node for node in nodes(told["Plan"]) if node.get("Relation Name") == "engagement_customer"]
    assert len(reads) == 1
    assert reads[0]["Actual Rows"] + reads[0].get("Rows Removed by Filter", 0) == 3


# By sweeps


def test_who_fits_when_it_goes_live_asks_and_nobody_of_another_workspace(
    workspace: Workspace, nudge: Nudge
) -> None:
    gold = make.customer(workspace, traits={"plan": "gold"})
    make.customer(workspace)
    make.customer(make.workspace(), traits={"plan": "gold"})
    fitted(workspace, nudge)
    assert sweep_fitting(now=NOW) == {"taken": 2, "asked_into_flows": 1}
    assert asked() == [gold.pk]


def test_what_comes_true_by_time_alone_is_found_by_the_next_sweep(workspace: Workspace, nudge: Nudge) -> None:
    away, back = make.customer(workspace), make.customer(workspace)
    fitted(workspace, nudge, {"event": "Signed In", "last": {"longer_ago": "30d"}})
    for customer, days in ((away, 29), (back, 1)):
        happen(customer, "Signed In", at=NOW - days * DAY)
    learn()
    consider_fitting(now=NOW)
    assert sweep_fitting(now=NOW) == {"taken": 2}
    assert consider_fitting(now=NOW + 2 * DAY) == {}
    assert sweep_fitting(now=NOW + 2 * DAY)["asked_into_flows"] == 1
    assert asked() == [away.pk]


def test_a_sweep_goes_on_where_it_was_and_rests_when_it_is_through(
    workspace: Workspace, nudge: Nudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "SLICE", 2)
    people = [make.customer(workspace, traits={"plan": "gold"}).pk for _n in range(5)]
    flow = fitted(workspace, nudge)
    for through, looked_at in ((people[:2], 2), (people[:4], 2), (people, 1)):
        assert sweep_fitting(now=NOW, limit=2)["taken"] == looked_at
        assert asked() == through
    assert sweep_fitting(now=LATER - MINUTE) == {}
    flow.refresh_from_db()
    assert (flow.swept_to, flow.swept_at) == (0, NOW)
    assert sweep_fitting(now=LATER) == {"taken": 5}


def test_one_run_looks_at_no_more_than_its_limit(
    workspace: Workspace, nudge: Nudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "SLICE", 2)
    for _n in range(9):
        make.customer(workspace)
    fitted(workspace, nudge)
    fitted(workspace, nudge)
    assert sweep_fitting(now=NOW, limit=6)["taken"] == 6


def test_every_workspace_has_a_slice_before_any_has_a_second(
    workspace: Workspace, nudge: Nudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "SLICE", 1)
    small = make.workspace()
    for one, flows in ((workspace, 3), (small, 1)):
        for _n in range(3):
            make.customer(one, traits={"plan": "gold"})
        for _n in range(flows):
            fitted(one, make_nudges.nudge(one))
    for turn in range(1, 4):
        sweep_fitting(now=NOW + turn * MINUTE, limit=2)
        assert FlowRun.objects.filter(workspace=small).count() == turn
        assert FlowRun.objects.filter(workspace=workspace).count() == turn
    # The large one's three flows had one slice each.
    assert len(set(FlowRun.objects.filter(workspace=workspace).values_list("flow", flat=True))) == 3


def test_what_was_changed_or_resumed_looks_at_everybody_anew(workspace: Workspace, nudge: Nudge) -> None:
    silver = make.customer(workspace, traits={"plan": "silver"})
    flow = fitted(workspace, nudge)
    sweep_fitting(now=NOW)
    save_draft(flow=flow, values={"conditions": {"trait": "plan", "is": "silver"}}, actor=None, now=NOW)
    assert sweep_fitting(now=NOW) == {}
    publish_flow(flow=flow, actor=None, now=NOW)
    assert sweep_fitting(now=NOW)["asked_into_flows"] == 1
    assert asked() == [silver.pk]
    pause_flow(flow=flow, actor=None, now=NOW)
    late = make.customer(workspace, traits={"plan": "silver"})
    assert sweep_fitting(now=LATER) == {}
    resume_flow(flow=flow, actor=None, now=NOW)
    assert sweep_fitting(now=NOW)["asked_into_flows"] == 1
    assert asked() == [silver.pk, late.pk]


def test_who_was_asked_for_today_and_is_out_again_is_not_tried_again_by_each_sweep(
    workspace: Workspace, nudge: Nudge
) -> None:
    make.customer(workspace, traits={"plan": "gold"})
    make_flows.flow(workspace, say(nudge), trigger="condition", conditions=GOLD, re_entry="after_end")
    assert sweep_fitting(now=NOW)["asked_into_flows"] == 1
    advance_flows(now=NOW)
    with CaptureQueriesContext(connection) as queries:
        assert sweep_fitting(now=LATER) == {"taken": 1}
    assert [query["sql"] for query in queries if "INSERT" in query["sql"]] == []
    assert sweep_fitting(now=NOW + DAY)["asked_into_flows"] == 1


def test_whoever_fits_on_comes_again_after_so_many_days(workspace: Workspace, nudge: Nudge) -> None:
    make.customer(workspace, traits={"plan": "gold"})
    fitted(workspace, nudge, re_entry="after_days", re_entry_days=30)
    for days, wanted in ((0, 1), (29, 0), (30, 1)):
        assert sweep_fitting(now=NOW + days * DAY)["asked_into_flows"] == wanted
        advance_flows(now=NOW + days * DAY)
    assert set(FlowRun.objects.values_list("state", flat=True)) == {"finished"}


def test_who_is_inside_is_not_asked_for_again(workspace: Workspace, nudge: Nudge) -> None:
    make.customer(workspace, traits={"plan": "gold"})
    flow = fitted(workspace, nudge, steps=[wait("90d"), say(nudge)], re_entry="after_days", re_entry_days=1)
    sweep_fitting(now=NOW)
    advance_flows(now=NOW)
    assert sweep_fitting(now=NOW + 2 * DAY) == {"taken": 1}
    assert FlowRun.objects.get().state == "running"
    assert flow.runs.count() == 1
