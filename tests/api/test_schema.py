"""The OpenAPI document is true: committed as it is served, valid, and kept by the program under made-up requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from engagement.api.schema import make_document
from engagement.keys import SCOPES
from engagement.models import ApiKey, IdempotencyRecord, Workspace
from tests import (
    make,
    make_flows,
    make_messages,
    make_nudges,
    make_reviews,
    make_shortlists,
    make_surveys,
    make_webhooks,
)
from tests.make_api import caller

PROJECT = Path(__file__).resolve().parents[2]
COMMITTED = PROJECT / "docs" / "openapi.json"
REFRESH = "manage.py spectacular --format openapi-json --file docs/openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 3  # for each operation
METHODS = ("get", "post", "put", "patch", "delete")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in make_document()["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def test_the_committed_document_is_what_the_program_says() -> None:
    assert json.loads(COMMITTED.read_text()) == json.loads(json.dumps(make_document())), (
        f"refresh it: {REFRESH}"
    )


def test_the_document_is_valid_openapi() -> None:
    document = json.loads(json.dumps(make_document()))
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_making_the_document_gives_no_warning(tmp_path: Path) -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "schema.yml"))


def test_the_document_is_served_to_everybody_and_names_no_workspace() -> None:
    answer = Client().get("/api/v1/schema/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == json.loads(json.dumps(make_document()))


def test_every_operation_says_who_may_call_it_and_how_it_refuses() -> None:
    names = [operation["operationId"] for _path, _method, operation in operations()]
    assert len(names) == len(set(names)) > 70
    for path, method, operation in operations():
        where = f"{method} {path}"
        assert operation["summary"], where
        scope = operation["description"].rpartition("`")[0].rpartition("`")[2]
        assert scope in SCOPES, where
        assert operation["security"] == [{"bearerKey": []}, {"basicKey": []}], where
        refusals = [status for status in operation["responses"] if status >= "400"]
        assert {"400", "401", "403", "429"} <= set(refusals), where
        for status in refusals:
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], where
        headers = [one["name"] for one in operation.get("parameters", []) if one["in"] == "header"]
        assert ("Idempotency-Key" in headers) == (method == "post"), where


@contextmanager
def one_connection() -> Iterator[None]:
    """Requests through WSGI stay in the test's transaction: they leave its connection open, as with Django's client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
@pytest.mark.timeout(180)
def test_made_up_requests_are_answered_as_the_document_says(settings: Any) -> None:
    settings.API_RATE_LIMIT = 1_000_000
    workspace = make.workspace()
    key = caller(workspace).text
    ids = inhabit(workspace)
    answered: dict[str, set[int]] = {}
    with one_connection():
        schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
        for result in schema.get_all_operations():
            operation = result.ok()
            statuses = answered.setdefault(operation.label, set())
            try_out(operation, ids, key, statuses)
    assert len(answered) == len(list(operations()))
    reached = [label for label, statuses in answered.items() if any(status < 300 for status in statuses)]
    # Otherwise the run would only have shown that nothing is found.
    assert len(reached) > len(answered) * 0.6, sorted(set(answered) - set(reached))
    assert not ApiKey.objects.exclude(workspace=workspace).exists()
    IdempotencyRecord.objects.all().delete()


def try_out(operation: Any, ids: dict[str, Any], key: str | None, statuses: set[int]) -> None:
    """Send made-up requests for one operation, half of them about rows that are there."""
    turn = iter(range(10_000))

    @given(case=operation.as_strategy())
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:
        if next(turn) % 3:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = ids.get(name, case.path_parameters[name])
        response = case.call(headers={"Authorization": f"Bearer {key}"})
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    run()


def inhabit(workspace: Workspace) -> dict[str, Any]:
    """A workspace with one of everything; the ids by the names that paths give them."""
    category = make.category(workspace, "tips")
    customer = make.customer(workspace, email="ann@example.org")
    product = make.product(workspace, "tent")
    need = make_messages.need(customer)
    make_nudges.stage_change(need)
    nudge = make_messages.nudge(workspace)
    message = make_messages.message(nudge, customer, customer_need=need)
    make_nudges.cap(workspace, 3)
    shop = caller(workspace)
    reply = shop.post("replies", {"message": message.pk, "kind": "helpful"}).json()
    broadcast = shop.post(f"nudges/{nudge.pk}/broadcasts", {}).json()
    guide = shop.post(
        "guides",
        {
            "need": need.need.slug,
            "stage": "shortlist",
            "slug": "choose",
            "title": "Choose",
            "blocks": [{"kind": "text", "markdown": "Look twice."}],
        },
    ).json()
    dry_run = shop.post(f"nudges/{nudge.pk}/dry-runs", {}).json()
    [item] = make_shortlists.kept(customer, need.need, product)
    endpoint = make_webhooks.endpoint(workspace)
    delivery = shop.post(f"webhook-endpoints/{endpoint.pk}/test", {}).json()
    return {
        "address_id": customer.addresses.get().pk,
        "dry_run_id": dry_run["id"],
        "item_id": item.pk,
        "shortlist_id": item.shortlist_id,
        "survey_id": make_surveys.survey(workspace).pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": delivery["id"],
        "category_id": category.pk,
        "customer_id": customer.pk,
        "external_id": customer.external_id,
        "product_id": product.pk,
        "need_id": need.need_id,
        "customer_need_id": need.pk,
        "guide_id": guide["id"],
        "review_id": make_reviews.review(product, published=False).pk,
        "nudge_id": nudge.pk,
        "broadcast_id": broadcast["id"],
        "flow_id": make_flows.flow(workspace, make_flows.say(nudge)).pk,
        "decision_id": message.candidate.decision.pk,
        "message_id": message.pk,
        "reply_id": reply["id"],
        "channel": "email",
        "language": "en",
    }
