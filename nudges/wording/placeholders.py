"""Placeholders in a marketer's words: a bounded part of Liquid, `{{ customer.name | default: "friend" }}`.

What a template can do is bounded by what is left out: only tags that cannot call out or write, only filters whose
output cannot outgrow its input, and limits on loops, depth and output. Values are put in after Markdown was read, so
that a customer's name is never read as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TextIO

from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin import content, illegal
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.filters import array, math, misc, string
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import LiquidError, UndefinedError
from liquid.output import LimitedStringIO
from liquid.stream import TokenStream
from liquid.stringify import to_liquid_string
from liquid.tag import Tag
from liquid.token import TOKEN_TAG
from liquid.undefined import FalsyStrictUndefined

from nudges.wording.layouts import OF_LETTER, mark

MAX_SOURCE = 20_000
MAX_OUTPUT = 100_000
LONGEST_REASON = 72  # with its prefix it is a rule of the ledger

# None of them makes more text than it was given, save by the length of its own arguments.
FILTERS = {
    "default": misc.default,
    "size": misc.size,
    "capitalize": string.capitalize,
    "downcase": string.downcase,
    "upcase": string.upcase,
    "strip": string.strip,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "url_encode": string.url_encode,
    "first": array.first,
    "last": array.last,
    "round": math.round_,
    "floor": math.floor,
    "ceil": math.ceil,
}


class BadWording(Exception):
    """The words cannot be rendered, whoever the customer is; the message says what to change."""


class Aborted(Exception):
    """The words themselves say that this customer must not get them: `{% abort "no product to show" %}`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class MissingData(Exception):
    """This customer lacks what a placeholder asks for, and it has no default."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class AbortNode(OutputNode):
    """Ends the message where it is come to."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        text = to_liquid_string(self.expression.evaluate(context), autoescape=False)
        raise Aborted(" ".join(text.split())[:LONGEST_REASON])


class AbortTag(Tag):
    """`{% abort "why" %}`: what the ledger is to say."""

    name = "abort"
    block = False

    def parse(self, stream: TokenStream) -> AbortNode:
        token = stream.eat(TOKEN_TAG)
        return AbortNode(token, FilteredExpression.parse(self.env, stream.into_inner(tag=token, eat=False)))


class Missing(FalsyStrictUndefined):
    """What is not known about a customer: it may be tested and may have a default, but is never shown as nothing."""

    __slots__ = ()
    force_liquid_default = True


class MarkingContext(RenderContext):
    """Keeps the values that were put in, in their order."""

    __slots__ = ("given",)
    given: list[str]


class MarkingTemplate(BoundTemplate):
    context_class = MarkingContext


class MarkedOutputNode(OutputNode):
    """Puts a mark where a value goes, for a layout that serves every customer; what is empty leaves nothing."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        text = " ".join(to_liquid_string(self.expression.evaluate(context), autoescape=False).split())
        if not text:
            return 0
        assert isinstance(context, MarkingContext)
        context.given.append(text)
        return buffer.write(mark(OF_LETTER + len(context.given) - 1))


class MarkedOutput(Output):
    node_class = MarkedOutputNode


class PlainOutputNode(OutputNode):
    """Puts a value in as it is, on one line: for subjects."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        text = to_liquid_string(self.expression.evaluate(context), autoescape=False)
        return buffer.write(" ".join(text.split()))


class PlainOutput(Output):
    node_class = PlainOutputNode


TAGS: list[type[Tag]] = [
    content.Literal,
    illegal.Illegal,
    if_tag.IfTag,
    unless_tag.UnlessTag,
    case_tag.CaseTag,
    comment_tag.CommentTag,
    for_tag.ForTag,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    AbortTag,
]


class Placeholders(Environment):
    """The bounded language; `output` says how values are put in."""

    block_nesting_limit = 10
    context_depth_limit = 15
    loop_iteration_limit = 200
    local_namespace_limit = 10_000
    output_stream_limit = MAX_OUTPUT

    def __init__(self, output: type[Output]) -> None:
        self._output = output
        super().__init__(undefined=Missing)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in [*TAGS, self._output]:
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, function)


class MarkingPlaceholders(Placeholders):
    template_class = MarkingTemplate


MARKED = MarkingPlaceholders(MarkedOutput)
PLAIN = Placeholders(PlainOutput)


def fill(source: str, values: Mapping[str, Any]) -> str:
    """A line with its placeholders filled from plain dicts, lists, strings and numbers.

    Raises BadWording where the template is wrong or grows past its bounds, MissingData where a value is not known, and
    Aborted where the template says so.
    """
    if not _has_placeholders(source):
        return source
    with _told_apart():
        return _parsed(PLAIN, source).render(values)


def fill_marked(
    source: str, values: Mapping[str, Any], given: list[str] | None = None
) -> tuple[str, list[str]]:
    """The words with marks where values go (see `layouts`), and the values in the order of their marks.

    With `given`, the values of another text before this one, theirs are added to it. Raises as `fill` does.
    """
    given = [] if given is None else given
    if not _has_placeholders(source):
        return source, given
    with _told_apart():
        template = _parsed(MARKED, source)
        context = MarkingContext(template, globals=template.make_globals(values))
        context.given = given
        buffer = LimitedStringIO(limit=MAX_OUTPUT)
        template.render_with_context(context, buffer)
    if sum(map(len, given)) > MAX_OUTPUT:
        raise BadWording(_("The text grows longer than %(limit)s characters.") % {"limit": MAX_OUTPUT})
    return buffer.getvalue(), given


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
