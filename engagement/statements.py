"""SQL statements that choose and write at once, one a file in `<app>/sql/`, with named parameters.

The files are read once. Parameters are always bound by the driver, never put into the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
PARAMETER = re.compile(r"%\((\w+)\)s")
# Which statements each connection has prepared.
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


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


def run_prepared(name: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """`run_statement` for a statement that runs all the time: the database reads and plans it once for each connection.

    Its text must say the type of every parameter (`%(since)s::timestamptz`). Behind a pooler that hands connections
    around between transactions, set DISABLE_SERVER_SIDE_CURSORS as Django asks for there; this then runs it plainly.
    """
    if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        return run_statement(name, parameters)
    plan, text, names = _numbered(name)
    with connection.cursor() as cursor:
        known = _prepared.setdefault(connection.connection, set())
        if plan not in known:
            cursor.execute(f"PREPARE {plan} AS {text}")
            known.add(plan)
        places = f" ({', '.join(['%s'] * len(names))})" if names else ""
        cursor.execute(f"EXECUTE {plan}{places}", [parameters[name] for name in names])
        if cursor.description is None:
            return []
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


@cache
def _numbered(name: str) -> tuple[str, str, list[str]]:
    """(name of the plan, text with numbered parameters, their names in that order)."""
    text = statement(name)
    names = list(dict.fromkeys(PARAMETER.findall(text)))
    numbered = PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text)
    return name.replace(".", "_"), numbered.replace("%%", "%"), names


def among(rows: QuerySet[M], column: str, ids: Iterable[int]) -> QuerySet[M]:
    """The rows whose column is one of many ids. They go as one array: by `IN` each is a parameter of its own, which
    Django, driver and database handle one by one.
    """
    if not (told := list(ids)):
        return rows.none()
    table = rows.model._meta.db_table
    return rows.extra(where=[f'"{table}"."{column}" = ANY (%s)'], params=[told])  # noqa: S610  # no names from outside
