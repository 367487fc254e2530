"""SQL statements that choose and write at once, one a file in `<app>/sql/`, with named parameters.

The files are read once. Parameters are always bound by the driver, never put into the text.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from django.db import connection


@cache
def statement(name: str) -> str:
    """The text of `<app>.<statement>`, such as `nudges.decide_round`."""
    app, _, stem = name.partition(".")
    return resources.files(app).joinpath("sql", f"{stem}.sql").read_text()


def run_statement(name: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Run one statement and return its rows as dictionaries; an empty list when it returns none."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        if cursor.description is None:
            return []
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
