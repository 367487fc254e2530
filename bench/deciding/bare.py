"""The least that can be done: the ledger rows and messages that ours wrote, written again by INSERT … SELECT.

Each customer whom ours decides for has a double with the same candidates, which are never due. What ours decided for
the one is set down for the other in plain tables beforehand; timed is only the insert of these very rows into the same
tables, with their indexes, constraints and foreign keys, and its commit.
"""

from __future__ import annotations

import time

from django.db import connection

TABLES = ("nudges_decision", "nudges_message")


def stage(first: int, last: int) -> int:
    """Set down the rows that the doubles of the customers from `first` to `last` get; returns how many decisions."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"""
                DROP TABLE IF EXISTS staged_{table};
                CREATE UNLOGGED TABLE staged_{table} AS
                SELECT made.*, twin.id AS twin_id FROM {table} AS made
                JOIN nudges_candidate AS own ON own.id = made.candidate_id
                JOIN nudges_candidate AS twin ON twin.customer_id = own.customer_id + 1
                    AND twin.nudge_id = own.nudge_id AND twin.occasion = own.occasion
                WHERE own.customer_id BETWEEN %s AND %s AND own.occasion LIKE 'broadcast:%%'
                ORDER BY made.id;
                UPDATE staged_{table} SET candidate_id = twin_id, customer_id = customer_id + 1,
                    id = nextval(pg_get_serial_sequence('{table}', 'id'));
                ALTER TABLE staged_{table} DROP COLUMN twin_id;
                """,
                [first, last],
            )
        cursor.execute("UPDATE staged_nudges_message SET dispatch_id = uuidv7()")
        for table in TABLES:
            cursor.execute(f"VACUUM (ANALYZE) staged_{table}")
        cursor.execute("SELECT count(*) FROM staged_nudges_decision")
        (count,) = cursor.fetchone()
    return int(count)


def insert() -> float:
    """Insert what is staged, in one transaction; returns the seconds that it took."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for table in reversed(TABLES):
            cursor.execute(
                f"INSERT INTO {table} ({columns(table)}) SELECT {columns(table)} FROM staged_{table}"
            )
        cursor.execute("COMMIT")
    return time.perf_counter() - began


def columns(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            [table],
        )
        (names,) = cursor.fetchone()
    return str(names)
