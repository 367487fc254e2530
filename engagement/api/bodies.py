"""What the API reads and writes: JSON, bounded and of a kind that the database can keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

MAX_BYTES = 5 * 1024 * 1024
MAX_DEPTH = 32


class JsonBodies(BaseParser):
    """A JSON body. Refuses what Postgres cannot keep (NUL, halves of characters) and what JSON does not know (NaN)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise RequestDataTooBig
        try:
            value = json.loads(raw.decode(), parse_constant=_refuse_constant)
        except UnicodeDecodeError as error:
            raise ParseError(_("The body is not UTF-8.")) from error
        except RecursionError as error:
            raise ParseError(_("The body is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("The body is not JSON: {error}").format(error=error)) from error
        check_value(value)
        return value


class JsonAlways(BaseContentNegotiation):
    """The API speaks JSON only, so no Accept header is refused."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


def check_value(value: Any, depth: int = 0) -> None:
    """Raise ParseError on text that Postgres cannot keep, and on nesting beyond MAX_DEPTH."""
    if depth > MAX_DEPTH:
        raise ParseError(_("The body is nested more than {depth} levels deep.").format(depth=MAX_DEPTH))
    if isinstance(value, str):
        if not is_storable(value):
            raise ParseError(_("The body holds a NUL or half a character (U+0000, U+D800 to U+DFFF)."))
    elif isinstance(value, dict):
        for name, inner in value.items():
            check_value(name, depth + 1)
            check_value(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_value(inner, depth + 1)


def is_storable(text: str) -> bool:
    """Postgres can keep this text."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _refuse_constant(name: str) -> NoReturn:
    raise ParseError(_("{name} is not JSON.").format(name=name))
