"""A shop of many customers with a history of messages, five caps, a budget, quiet hours and four nudges.

Filled by SQL that writes what deciding would have left: messages, their candidates, and the pressure of each customer.
The history's ledger rows are left out: nothing that is measured reads them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection

from bench.measuring import say

NOW = datetime(
    2026, 6, 10, 19, 30, tzinfo=UTC
)  # a Wednesday: half past nine in Berlin, where it is quiet by then
DECIDED_AT = NOW + timedelta(seconds=61)  # when the collecting time is over
HISTORY_DAYS = 30
CATEGORIES = ("tips", "offers", "news")
NUDGES = (  # name, promise, interest, category, channels, priority, on_cap
    ("Choose well", "choose_well", "customer", "tips", ["email"], 60, "defer"),
    ("Come back", "feel_good", "customer", "news", ["web_push", "email"], 50, "drop"),
    ("Offer", "choose_us", "business", "offers", ["email"], 70, "drop"),
    ("Clearance", "choose_us", "business", "offers", ["web_push", "email"], 40, "defer"),
)
CAPS = (  # scope, value, window, seconds, unit, limit
    ("any", "", "rolling", 7 * 86400, "", 4),
    ("any", "", "calendar", None, "day", 2),
    ("channel", "email", "rolling", 30 * 86400, "", 12),
    ("category", "", "calendar", None, "week", 2),
    ("promise", "choose_us", "rolling", 14 * 86400, "", 3),
)
BIG = ("nudges_message", "nudges_candidate", "nudges_pressure", "engagement_customer", "engagement_address")


@dataclass
class Shop:
    """The workspace, its four nudges and how many customers it has; their ids run from 1 to `customers`."""

    workspace: Any
    nudges: list[Any]
    customers: int


def make_shop(*, customers: int, each: int, share: int = 1) -> Shop:
    """A workspace with so many customers and `each` messages of history for every one of them; `share`: only for those
    who come first, one in so many, in each fifth of them.
    """
    shop = _make_rules(customers)
    with _unwatched():
        _fill_customers(shop)
        if each:
            _fill_history(shop, each, share)
        _fill_pressure(shop)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    return shop


def _make_rules(customers: int) -> Shop:
    world = importlib.import_module("engagement.models")
    nudges = importlib.import_module("nudges.models")
    workspace = world.Workspace.objects.create(
        name="Bench", slug="bench", timezone="UTC", holdout_percent=5, holdout_salt="bench"
    )
    since = NOW - timedelta(minutes=10)  # what was sent before does not stand under these rules
    nudges.Policy.objects.create(
        workspace=workspace,
        quiet_start=time(21),
        quiet_end=time(8),
        business_limit=3,
        business_window_seconds=7 * 86400,
        business_share_percent=60,
        changed_at=since,
    )
    for scope, value, window, seconds, unit, limit in CAPS:
        nudges.Cap.objects.create(
            workspace=workspace,
            scope=scope,
            scope_value=value,
            changed_at=since,
            window=window,
            seconds=seconds,
            unit=unit,
            limit=limit,
        )
    categories = {
        slug: world.Category.objects.create(workspace=workspace, slug=slug, name=slug.title(), opt_in=False)
        for slug in CATEGORIES
    }
    made = [
        nudges.Nudge.objects.create(
            workspace=workspace,
            name=name,
            promise=promise,
            interest=interest,
            category=categories[category],
            channels=channels,
            priority=priority,
            on_cap=on_cap,
            trigger="broadcast",
            status="active",
        )
        for name, promise, interest, category, channels, priority, on_cap in NUDGES
    ]
    return Shop(workspace, made, customers)


@contextmanager
def _unwatched() -> Iterator[None]:
    """Fill without triggers and build the indexes afterwards: the rows are as the program would have left them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index AS i
            WHERE i.indrelid = ANY (%s::regclass[]) AND NOT i.indisprimary
              AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)
            """,
            [list(BIG)],
        )
        indexes = cursor.fetchall()
        cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET session_replication_role; RESET maintenance_work_mem")


def _fill_customers(shop: Shop) -> None:
    parameters = {"workspace": shop.workspace.pk, "customers": shop.customers, "now": NOW}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO engagement_customer (
                id, workspace_id, external_id, email, name, traits, traits_told, timezone, locale, first_seen_at,
                last_seen_at
            )
            SELECT n, %(workspace)s, 'c' || n, 'c' || n || '@example.org', 'Customer ' || n, '{}', '{}',
                   (ARRAY['UTC', 'UTC', 'UTC', 'America/New_York', 'Europe/Berlin'])[1 + n %% 5], 'en',
                   %(now)s - interval '90 days', %(now)s - n %% 30 * interval '1 day'
            FROM generate_series(1, %(customers)s) AS n;
            INSERT INTO engagement_address (
                workspace_id, customer_id, channel, value, verified_at, suppression_reason, updated_at
            )
            SELECT %(workspace)s, n, way.channel, way.channel || n || '@example.org', NULL, '', %(now)s
            FROM generate_series(1, %(customers)s) AS n,
                 LATERAL (VALUES ('email', 1), ('web_push', 3)) AS way (channel, nth)
            WHERE n %% way.nth = 0;
            -- One in ten has left a topic; one in fifty wants at most one message a week.
            INSERT INTO engagement_consent (workspace_id, customer_id, category_id, channel, state, source, proof, at)
            SELECT %(workspace)s, n, c.id, 'email', 'denied', 'preference_page', '', %(now)s - interval '40 days'
            FROM generate_series(10, %(customers)s, 10) AS n
            JOIN engagement_category AS c ON c.workspace_id = %(workspace)s AND c.slug = 'offers';
            INSERT INTO nudges_preference (customer_id, workspace_id, max_per_week, paused_categories, updated_at)
            SELECT n, %(workspace)s, 1, '{}', %(now)s - interval '1 minute'
            FROM generate_series(50, %(customers)s, 50) AS n;
            SELECT setval(pg_get_serial_sequence('engagement_customer', 'id'), %(customers)s);
            """,
            parameters,
        )
    say(f"  {shop.customers:,} customers")


def _fill_history(shop: Shop, each: int, share: int) -> None:
    """Message k of customer n is of nudge (n + k) % 4, at a moment that n and k give, spread over 30 days."""
    parameters = {
        "workspace": shop.workspace.pk,
        "each": each,
        "now": NOW,
        "nudges": [nudge.pk for nudge in shop.nudges],
        "since": NOW - timedelta(days=HISTORY_DAYS),
        "fifth": shop.customers // 5,
        "first": shop.customers // 5 // share,
    }
    step = 200_000
    with connection.cursor() as cursor:
        for start in range(1, shop.customers + 1, step):
            stop = min(start + step - 1, shop.customers)
            cursor.execute(HISTORY, parameters | {"start": start, "stop": stop})
            say(f"  history of {stop:,}")


HISTORY = """
WITH past AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('nudges_candidate', 'id')) AS id, n AS customer_id, k,
           (%(nudges)s::bigint[])[1 + (n + k) %% 4] AS nudge_id,
           %(since)s::timestamptz - interval '1 hour'
               + (k + (hashint4extended(n * 64 + k, 7) & 1023) / 1024.0) * interval '30 days' / %(each)s AS at
    FROM generate_series(%(start)s::int, %(stop)s) AS n, generate_series(0, %(each)s - 1) AS k
    WHERE (n - 1) %% %(fifth)s < %(first)s
), candidates AS (
    INSERT INTO nudges_candidate (
        id, workspace_id, customer_id, nudge_id, occasion, put_forward_at, not_after
    )
    SELECT id, %(workspace)s, customer_id, nudge_id, 'history:' || k, at, at + interval '3 days'
    FROM past
)
INSERT INTO nudges_message (
    workspace_id, candidate_id, customer_id, nudge_id, channel, address, category_id, interest, promise, flow,
    need_slug, zone, counts, subject, text, html, state, dispatch_id, decided_at, not_after, attempts, sent_at,
    provider_id, error
)
SELECT %(workspace)s, past.id, customer_id, nudge_id, 'email', 'email' || customer_id || '@example.org',
       nudge.category_id, nudge.interest, nudge.promise, '', '', 'UTC', true, nudge.name, '', '', 'delivered',
       gen_random_uuid(), at, at + interval '3 days', 1, at, '', ''
FROM past JOIN nudges_nudge AS nudge ON nudge.id = past.nudge_id
ORDER BY customer_id, at
"""


def _fill_pressure(shop: Shop) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO nudges_pressure (
                customer_id, workspace_id, sent_at, message_ids, channels, categories, interests, promises, flows,
                needs, zones
            )
            SELECT m.customer_id, %(workspace)s,
                   array_agg(m.decided_at ORDER BY m.id DESC), array_agg(m.id ORDER BY m.id DESC),
                   array_agg(m.channel::text ORDER BY m.id DESC), array_agg(c.slug::text ORDER BY m.id DESC),
                   array_agg(m.interest::text ORDER BY m.id DESC), array_agg(m.promise::text ORDER BY m.id DESC),
                   array_agg(m.flow::text ORDER BY m.id DESC), array_agg(m.need_slug::text ORDER BY m.id DESC),
                   array_agg(m.zone::text ORDER BY m.id DESC)
            FROM nudges_message AS m JOIN engagement_category AS c ON c.id = m.category_id
            GROUP BY m.customer_id
            """,
            {"workspace": shop.workspace.pk},
        )
    say("  pressure")
