"""How a statement is answered: the plan that the database makes where tables are said to be large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper


def believe(cursor: CursorWrapper, tables: Sequence[str], pages: int, rows: int) -> None:
    """What ANALYZE would say of tables of that size, within this transaction: ANALYZE would leave it behind."""
    for table in tables:
        cursor.execute(
            "SELECT pg_restore_relation_stats('schemaname', current_schema()::text, 'relname', %s::text, "
            "'relpages', %s, 'reltuples', %s::real)",
            [table, pages, rows],
        )


def believe_alike(cursor: CursorWrapper, table: str, **values: object) -> None:
    """What ANALYZE would say of a table whose rows are all alike in these columns."""
    for column, value in values.items():
        cursor.execute(
            "SELECT pg_restore_attribute_stats('schemaname', current_schema()::text, 'relname', %s::text, "
            "'attname', %s::text, 'inherited', false, 'null_frac', 0::real, 'avg_width', 8, 'n_distinct', 1::real, "
            "'most_common_vals', %s::text, 'most_common_freqs', '{1}'::real[])",
            [table, column, f"{{{value}}}"],
        )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's steps, each before those below it."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)
