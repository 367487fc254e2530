"""Every address of the program × every kind of caller: who gets in, and that nothing is written for who doesn't.

The addresses come from the URL resolver, the expectations from the tables below. An address without an entry fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver

from engagement.keys import make_key
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db

READ, MODERATE, EDIT, OWN = "analyst", "moderator", "marketer", "owner"
RANK = [READ, MODERATE, EDIT, OWN]
# The least role that may read (GET) and change (POST) at each address of the dashboard; None: this method is refused.
DASHBOARD: dict[str, tuple[str | None, str | None]] = {
    "": (READ, None),
    "workspaces/switch": (None, READ),
    "account/language": (READ, READ),
    "events": (READ, None),
    "outbox": (OWN, None),
    "outbox/<str:name>": (OWN, None),
    "outbox/<str:name>/html": (OWN, None),
    "settings": (READ, OWN),
    "settings/keys": (READ, OWN),
    "settings/keys/<int:key_id>/revoke": (None, OWN),
    "settings/members": (READ, OWN),
    "settings/members/<int:member_id>/role": (None, OWN),
    "settings/members/<int:member_id>/remove": (None, OWN),
    "settings/invitations/<int:invitation_id>/revoke": (None, OWN),
    "settings/topics": (READ, OWN),
    "settings/topics/<int:category_id>": (OWN, OWN),
    "settings/topics/<int:category_id>/archive": (None, OWN),
    "settings/embedding": (READ, OWN),
    "settings/webhooks": (READ, OWN),
    "settings/webhooks/<int:endpoint_id>": (READ, OWN),
    "settings/webhooks/<int:endpoint_id>/secret": (None, OWN),
    "settings/webhooks/<int:endpoint_id>/switch": (None, OWN),
    "settings/webhooks/<int:endpoint_id>/delete": (None, OWN),
    "settings/webhooks/<int:endpoint_id>/test": (None, EDIT),
    "settings/webhooks/<int:endpoint_id>/again": (None, EDIT),
    "settings/snippets": (READ, None),
    "settings/audit": (READ, None),
    "settings/channels": (READ, None),
    "settings/channels/web_push/worker": (None, EDIT),
    "settings/channels/<slug:channel>": (READ, OWN),
    "settings/channels/<slug:channel>/keys": (None, OWN),
    "settings/channels/<slug:channel>/remove": (None, OWN),
    "settings/channels/<slug:channel>/test": (None, EDIT),
    "tasks": (READ, None),
    "tasks/written": (READ, None),
    "tasks/written/<int:text_id>/seen": (None, MODERATE),
    "tasks/<int:message_id>": (READ, None),
    "tasks/<int:message_id>/claim": (None, MODERATE),
    "tasks/<int:message_id>/outcome": (None, MODERATE),
    "settings/limits": (READ, OWN),
    "settings/limits/adaptive": (READ, OWN),
    "settings/limits/caps": (None, OWN),
    "settings/limits/caps/preview": (OWN, None),
    "settings/limits/caps/<int:cap_id>": (None, OWN),
    "settings/limits/caps/<int:cap_id>/archive": (None, OWN),
    "settings/limits/throughput": (None, OWN),
    "settings/limits/throughput/<int:throughput_id>/remove": (None, OWN),
    "needs": (READ, None),
    "needs/new": (EDIT, EDIT),
    "needs/<int:need_id>": (READ, EDIT),
    "needs/evidence": (READ, EDIT),
    "needs/alternatives": (READ, None),
    "surveys": (READ, None),
    "surveys/new": (EDIT, EDIT),
    "surveys/<int:survey_id>": (READ, None),
    "surveys/<int:survey_id>/edit": (EDIT, EDIT),
    "surveys/<int:survey_id>/state": (None, EDIT),
    "surveys/<int:survey_id>/changes": (None, EDIT),
    "surveys/<int:survey_id>/changes/<int:change_id>/remove": (None, EDIT),
    "guides": (READ, None),
    "guides/new": (EDIT, EDIT),
    "guides/preview": (EDIT, EDIT),
    "guides/readers": (READ, None),
    "guides/<int:guide_id>": (READ, EDIT),
    "guides/<int:guide_id>/state": (None, EDIT),
    "guides/<int:guide_id>/versions/<int:number>": (READ, None),
    "reviews": (READ, None),
    "reviews/<int:review_id>": (READ, None),
    "reviews/decide": (None, MODERATE),
    "reviews/undo": (None, MODERATE),
    "reviews/exports": (READ, OWN),
    "reviews/exports/<slug:what>/<slug:form>": (EDIT, None),
    "reviews/imports": (READ, EDIT),
    "reviews/imports/<int:import_id>": (READ, EDIT),
    "reviews/imports/<int:import_id>/change": (None, EDIT),
    "reviews/imports/<int:import_id>/report": (EDIT, None),
    "reviews/rules": (READ, OWN),
    "reviews/scrutiny": (READ, None),
    "reviews/photos/<int:photo_id>": (READ, None),
    "reviews/questions/<int:post_id>": (READ, None),
    "reviews/questions/<int:post_id>/answer": (None, EDIT),
    "reviews/<int:review_id>/respond": (None, EDIT),
    "customers": (READ, None),
    "customers/<int:customer_id>": (READ, None),
    "customers/<int:customer_id>/timeline": (READ, None),
    "customers/<int:customer_id>/what-if": (READ, None),
    "decisions/<int:decision_id>": (READ, None),
    "nudges": (READ, None),
    "nudges/new": (EDIT, EDIT),
    "conditions/audience": (READ, None),
    "nudges/results": (READ, None),
    "nudges/<int:nudge_id>": (READ, None),
    "nudges/<int:nudge_id>/results": (READ, None),
    "nudges/<int:nudge_id>/variants": (READ, EDIT),
    "nudges/<int:nudge_id>/variants/choose": (None, EDIT),
    "nudges/<int:nudge_id>/edit": (EDIT, EDIT),
    "nudges/<int:nudge_id>/status": (None, EDIT),
    "nudges/<int:nudge_id>/dry-run": (READ, None),
    "nudges/<int:nudge_id>/dry-runs": (None, EDIT),
    "dry-runs/<int:dry_run_id>": (READ, None),
    "dry-runs/<int:dry_run_id>/cancel": (None, EDIT),
    "nudges/<int:nudge_id>/words": (EDIT, EDIT),
    "nudges/<int:nudge_id>/words/<int:content_id>/delete": (None, EDIT),
    "nudges/<int:nudge_id>/preview": (READ, EDIT),
    "nudges/<int:nudge_id>/test": (None, EDIT),
    "nudges/snippets": (READ, None),
    "nudges/snippets/new": (EDIT, EDIT),
    "nudges/<int:nudge_id>/readiness": (READ, None),
    "nudges/<int:nudge_id>/readiness/gaps": (READ, None),
    "nudges/<int:nudge_id>/readiness/links": (None, EDIT),
    "nudges/<int:nudge_id>/readiness/ask": (None, EDIT),
    "nudges/<int:nudge_id>/readiness/approve": (None, EDIT),
    "nudges/snippets/<int:snippet_id>": (READ, EDIT),
    "nudges/snippets/<int:snippet_id>/delete": (None, EDIT),
    "nudges/pictures": (READ, EDIT),
    "nudges/pictures/<int:picture_id>/delete": (None, EDIT),
    "nudges/<int:nudge_id>/broadcasts": (None, EDIT),
    "customers/<int:customer_id>/flows/<int:run_id>/remove": (None, EDIT),
    "flows": (READ, None),
    "flows/new": (EDIT, EDIT),
    "flows/<int:flow_id>": (READ, None),
    "flows/<int:flow_id>/edit": (EDIT, EDIT),
    "flows/<int:flow_id>/change": (None, EDIT),
    "flows/<int:flow_id>/steps": (EDIT, None),
    "flows/<int:flow_id>/steps/new": (EDIT, EDIT),
    "flows/<int:flow_id>/steps/<slug:step>": (EDIT, EDIT),
    "flows/<int:flow_id>/steps/<slug:step>/move": (None, EDIT),
    "flows/<int:flow_id>/steps/<slug:step>/remove": (None, EDIT),
    "broadcasts/<int:broadcast_id>": (READ, None),
    "broadcasts/<int:broadcast_id>/state": (None, EDIT),
    "settings/opens-and-clicks": (READ, OWN),
    "settings/review-requests": (READ, EDIT),
    "settings/delivery": (READ, None),
    "settings/delivery/try": (None, OWN),
    "settings/delivery/suppressions": (READ, EDIT),
    "settings/delivery/suppressions/<int:suppression_id>/lift": (None, EDIT),
}
# What a right caller must send where an empty form would be refused for its content. {id} is filled from the office.
FORMS: dict[str, dict[str, str]] = {
    "reviews/imports/<int:import_id>": {
        **{f"column.{name}": name for name in ("sku", "rating", "date", "body")},
        "missing_products": "refuse",
        "unstated": "queue",
    },
    "reviews/imports/<int:import_id>/change": {"change": "stop"},
    "workspaces/switch": {"workspace": "{workspace}"},
    "reviews/decide": {"decision": "publish", "pick": "review:{review_id}:1"},
    "reviews/undo": {},
    "reviews/questions/<int:post_id>/answer": {"body": "It weighs a kilo, poles included."},
}
QUERIES = {"customers/<int:customer_id>/what-if": {"nudge": "{nudge_id}"}}
# Signed in or not, with or without a workspace: these are nobody's in particular.
ANYBODY = {"welcome", "join/<str:token>"}
ACCOUNT = re.compile(r"accounts/")
# Doors of customers and of their shops: no session at all; a key, a signed link or an origin decides.
SESSIONLESS = re.compile(r"(healthz|readyz|v1/|e/|m/|\^sourceConfig|\^rsaMetrics|\^analytics)")
API = re.compile(r"api/v1/")
STAND_INS = {
    "token": "forged", "name": "none.eml", "channel": "email", "language": "en", "external_id": "c1", "kind": "helpful",
    "slug": "none", "workspace": "none", "sku": "none", "action": "read", "key": "wk_none", "message_id": 1,
    "provider": "postmark", "what": "reviews", "form": "csv", "step": "s1",
    "endpoint_id": 1, "delivery_id": 1, "variant": "b",
    "account_id": 1, "address_id": 1, "dispatch_id": "6f1b1f3e-0000-4000-8000-000000000000",
    "customer_need_id": 1, "reply_id": 1, "product_id": 1, "uidb36": "1", "shortlist_id": 1, "item_id": 1, "number": 1,
}  # fmt: skip


def addresses(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern of the program, as written in the URL modules."""
    for entry in (resolver or get_resolver()).url_patterns:
        whole = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield whole, entry
        else:
            yield from addresses(entry, whole)


def filled(pattern: str, ids: dict[str, Any]) -> str:
    """The pattern as an address that could be asked for."""
    path = re.sub(r"\(\?P<(\w+)>(?:\[[^\]]*\]|[^()])*\)", r"<\1>", pattern)
    path = re.sub(r"\(\?:(\w+)[^)]*\)", r"\1", path)
    path = re.sub(r"[\^$?\\]", "", path)
    values = STAND_INS | ids
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values[match[1]]), path)


def written(queries: CaptureQueriesContext) -> list[str]:
    """Statements that changed something other than who is signed in or when a key was last used."""
    changes = re.compile(
        r"^\s*(?:/\*.*?\*/)?\s*(?:WITH\b.*\b)?(INSERT INTO|UPDATE|DELETE FROM)\b", re.I | re.S
    )
    harmless = re.compile(r'"(django_session|usersessions_usersession)"|SET "last_used_at"', re.I)
    return [
        query["sql"][:200]
        for query in queries.captured_queries
        if changes.match(query["sql"]) and not harmless.search(query["sql"])
    ]


def ask(
    client: Client, method: str, path: str, data: dict[str, str] | None = None
) -> tuple[int, HttpResponse, list[str]]:
    """One request in a savepoint that is taken back: its status, its answer, and what it wrote."""
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        answer = getattr(client, method.lower())(path, data or {})
        transaction.set_rollback(True)
    return answer.status_code, answer, written(queries)


@pytest.fixture
def ours() -> Office:
    return Office().furnish()


@pytest.fixture
def theirs() -> Office:
    return Office().furnish()


def dashboard_calls(office: Office) -> Iterator[tuple[str, str, str, str | None, dict[str, str]]]:
    """(pattern, method, path, least role, form) for every address and method of the dashboard."""
    known = office.ids | {"workspace": office.workspace.pk}
    for pattern, roles in DASHBOARD.items():
        for method, role in zip(("GET", "POST"), roles, strict=True):
            form = (QUERIES if method == "GET" else FORMS).get(pattern, {})
            yield (
                pattern,
                method,
                filled(pattern, office.ids),
                role,
                {name: value.format(**known) for name, value in form.items()},
            )


def test_every_address_of_the_program_has_an_entry() -> None:
    unknown = [
        pattern
        for pattern, _entry in addresses()
        if pattern not in DASHBOARD
        and pattern not in ANYBODY
        and not ACCOUNT.match(pattern)
        and not SESSIONLESS.match(pattern)
        and not API.match(pattern)
    ]
    assert unknown == []
    assert set(DASHBOARD) <= {pattern for pattern, _entry in addresses()}, (
        "an entry is left of an address that is gone"
    )


def test_nobody_unknown_gets_into_the_dashboard(ours: Office) -> None:
    for pattern, method, path, _role, form in dashboard_calls(ours):
        status, answer, wrote = ask(Client(), method, path, form)
        assert (status, answer.headers.get("Location", "")[:16]) == (302, "/accounts/login/"), (
            method,
            pattern,
        )
        assert wrote == [], (method, pattern)


def test_somebody_without_a_workspace_is_told_so(ours: Office) -> None:
    stranger = ours.enter("analyst")
    ours.members["analyst"].delete()
    for pattern, method, path, _role, form in dashboard_calls(ours):
        status, answer, wrote = ask(stranger, method, path, form)
        assert (status, answer.headers.get("Location")) == (302, "/welcome"), (method, pattern)
        assert wrote == [], (method, pattern)


def test_another_company_finds_nothing_of_ours(ours: Office, theirs: Office) -> None:
    """Not even its owner: an address that names a thing of ours is as if it did not exist."""
    owner = theirs.enter("owner")
    for pattern, method, path, role, form in dashboard_calls(ours):
        if role is None or "<int:" not in pattern:
            continue
        status, _answer, wrote = ask(owner, method, path, form)
        assert (status, wrote) == (404, []), (method, pattern)


def test_another_company_cannot_switch_into_ours(ours: Office, theirs: Office) -> None:
    status, _answer, wrote = ask(
        theirs.enter("owner"), "POST", "/workspaces/switch", {"workspace": str(ours.workspace.pk)}
    )
    assert (status, wrote) == (404, [])


@pytest.mark.parametrize("role", RANK)
def test_each_role_may_do_what_its_entry_says_and_no_more(
    ours: Office, role: str, settings: Any, tmp_path: Any
) -> None:
    settings.OUTBOX_DIR = str(tmp_path)
    (tmp_path / "none.eml").write_text("Subject: Hello\nContent-Type: text/html\n\n<p>Hello</p>")
    client = ours.enter(role)
    for pattern, method, path, least, form in dashboard_calls(ours):
        status, _answer, wrote = ask(client, method, path, form)
        if least is None:
            assert (status, wrote) == (405, []), (method, pattern)
        elif RANK.index(role) < RANK.index(least):
            assert (status, wrote) == (403, []), (method, pattern)
        else:
            assert status in (200, 302), (method, pattern, status)
            assert method == "POST" or wrote == [], f"a GET wrote: {pattern} {wrote}"


def test_account_pages_let_nobody_unknown_change_anything() -> None:
    for pattern, _entry in addresses():
        if not ACCOUNT.match(pattern):
            continue
        for method in ("GET", "POST"):
            status, _answer, wrote = ask(Client(), method, filled(pattern, {}))
            assert status in (200, 302, 404, 405), (method, pattern, status)
            assert wrote == [], (method, pattern)


def test_doors_of_shops_and_customers_hand_out_no_session_and_take_nothing_unsigned() -> None:
    for pattern, _entry in addresses():
        if not SESSIONLESS.match(pattern):
            continue
        for method in ("GET", "POST"):
            status, answer, wrote = ask(Client(), method, filled(pattern, {}))
            assert status < 500, (method, pattern, status)
            assert not answer.cookies, (method, pattern)
            assert wrote == [], (method, pattern, wrote)


def test_no_embed_and_no_hosted_page_stumbles_over_a_character_that_no_table_takes(ours: Office) -> None:
    key = make_key(workspace=ours.workspace, kind="write", name="Shop")[1]
    names = ("product", "need", "survey", "guide", "review", "check", "link", "do", "lang", "order", "token", "s.width",
             "anonymous_id", "name", "body", "email", "message", "subscription", "topics", "cursor")  # fmt: skip
    said = dict.fromkeys(names, "a\x00")
    parts = dict.fromkeys(("sku", "token", "slug", "name", "external_id", "kind"), "a%00")
    for pattern, _entry in addresses():
        if not pattern.startswith("e/"):
            continue
        path = filled(pattern, parts | {"workspace": ours.workspace.slug})
        for method, address in (("GET", path), ("POST", f"{path}?key={key}")):
            fields = said | ({"key": key} if method == "GET" else {})
            status, _answer, wrote = ask(Client(raise_request_exception=False), method, address, fields)
            assert status < 500, (method, pattern, status)
            assert wrote == [], (method, pattern, wrote)
