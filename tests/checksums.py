"""A database before and after: what must have written nothing is held to it."""

from __future__ import annotations

from django.db import connection


def checksums() -> dict[str, str]:
    """A checksum of every table's content."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'engagement_event_%%'"
        )
        tables = [row[0] for row in cursor.fetchall()]
        sums = {}
        for table in tables:
            cursor.execute(
                f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM \"{table}\" AS t"
            )
            sums[table] = cursor.fetchone()[0]
    return sums
