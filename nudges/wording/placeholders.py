"""Placeholders in a marketer's words filled: `{{ customer.name | default: "friend" }}` (see `liquids`).

Values are put in after Markdown was read, so that a customer's name is never read as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from io import StringIO
from typing import Any

from django.utils.translation import gettext as _
from liquid import BoundTemplate
from liquid.exceptions import LiquidError, UndefinedError

from nudges.wording.liquids import MARKED, MAX_OUTPUT, PLAIN, Aborted, MarkingContext, Placeholders, TooLong

__all__ = ["Aborted", "BadWording", "Marking", "MissingData", "fill", "missing_values"]

MAX_SOURCE = 20_000


class BadWording(Exception):
    """The words cannot be rendered, whoever the customer is; the message says what to change."""


class MissingData(Exception):
    """This customer lacks what a placeholder asks for, and it has no default."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def fill(source: str, values: Mapping[str, Any]) -> str:
    """A line with its placeholders filled from plain dicts, lists, strings and numbers.

    Raises BadWording where the template is wrong or grows past its bounds, MissingData where a value is not known, and
    Aborted where the template says so.
    """
    if not _has_placeholders(source):
        return source
    with _told_apart():
        return _parsed(PLAIN, source).render(values)


class Marking:
    """The texts of one message, from one customer's values, with marks where these go (see `layouts`)."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._context = MarkingContext(values)

    @property
    def given(self) -> Sequence[str]:
        """The values of all texts filled so far, in the order of their marks."""
        return self._context.given

    def fill(self, source: str, **more: Any) -> str:
        """A text with marks, from the values of the message and `more`. Raises as `fill` does."""
        if not _has_placeholders(source):
            return source
        buffer = StringIO()
        with _told_apart():
            _parsed(MARKED, source).render_with_context(self._context, buffer, **more)
            if len(marked := buffer.getvalue()) > MAX_OUTPUT:
                raise TooLong
        return marked


def missing_values(source: str, values: Mapping[str, Any]) -> list[str]:
    """The placeholders of the words for which `values` has nothing, defaults or not, sorted. Raises BadWording."""
    return sorted(".".join(path) for path in _paths(source) if _look_up(values, path) is None)


@lru_cache(maxsize=4096)
def _paths(source: str) -> frozenset[tuple[str, ...]]:
    """Every value that a template asks for, as the steps to it."""
    try:
        found = _parsed(PLAIN, source).analyze(include_partials=False).globals
    except LiquidError as error:
        raise BadWording(
            _("The placeholders cannot be read: %(error)s.") % {"error": _first_line(error)}
        ) from error
    return frozenset(tuple(map(str, use.segments)) for uses in found.values() for use in uses)


@contextmanager
def _told_apart() -> Iterator[None]:
    """What is wrong with the words, and what is not known about the customer."""
    try:
        yield
    except UndefinedError as error:
        raise MissingData(_name(error)) from error
    except TooLong as error:
        raise BadWording(
            _("The text grows longer than %(limit)s characters.") % {"limit": MAX_OUTPUT}
        ) from error
    except LiquidError as error:
        raise BadWording(
            _("The placeholders cannot be filled: %(error)s.") % {"error": _first_line(error)}
        ) from error


def _has_placeholders(source: str) -> bool:
    return "{{" in source or "{%" in source or len(source) > MAX_SOURCE


def _parsed(environment: Placeholders, source: str) -> BoundTemplate:
    if len(source) > MAX_SOURCE:
        raise BadWording(_("The text is longer than %(limit)s characters.") % {"limit": MAX_SOURCE})
    return _parse(environment, source)


@lru_cache(maxsize=4096)
def _parse(environment: Placeholders, source: str) -> BoundTemplate:
    return environment.from_string(source)


def _look_up(values: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if isinstance(values, list) and step in ("first", "last", "0"):
            values = values[0] if values else None
        elif isinstance(values, Mapping) and step in values:
            values = values[step]
        else:
            return values if step == "size" else None
    return values


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _name(error: UndefinedError) -> str:
    match = re.match(r"'?([\w.\[\]\"' -]+?)'? is undefined", str(error.args[0]) if error.args else "")
    return match.group(1) if match else str(error)
