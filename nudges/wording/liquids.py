"""The language of placeholders: a bounded part of Liquid.

What a template can do is bounded by what is left out: only tags that cannot call out or write, only filters whose
output cannot outgrow its input, and limits on loops, depth and output.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TextIO

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.ast import BlockNode
from liquid.builtin import content, illegal
from liquid.builtin.expressions import FilteredExpression, LoopExpression
from liquid.builtin.filters import array, math, misc, string
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import LoopIterationLimitError
from liquid.stream import TokenStream
from liquid.stringify import to_liquid_string
from liquid.tag import Tag
from liquid.token import TOKEN_TAG
from liquid.undefined import FalsyStrictUndefined

from nudges.wording.layouts import OF_LETTER, mark

MAX_OUTPUT = 100_000
# What loops may go over in all, in signs of their own source: ten times the longest template, some 0.1 s.
MAX_WORK = 200_000
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


class Aborted(Exception):
    """The words themselves say that this customer must not get them: `{% abort "no product to show" %}`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


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


class BoundedContext(RenderContext):
    """Adds up what loops go over: each alone is bounded by its turns, and many one after the other take time too."""

    __slots__ = ("signs", "work")
    signs: int
    work: int

    def raise_for_loop_limit(self, length: int = 1) -> None:
        super().raise_for_loop_limit(length)
        self.work = getattr(self, "work", 0) + self.signs * length
        if self.work > MAX_WORK:
            raise LoopIterationLimitError("the loops take too long", token=None)


class BoundedForNode(for_tag.ForNode):
    """Tells how long it is before its turns are counted."""

    __slots__ = ("signs",)

    def __init__(
        self, token: Token, expression: LoopExpression, block: BlockNode, default: BlockNode | None = None
    ) -> None:
        super().__init__(token, expression, block, default)
        self.signs = len(str(self))

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, BoundedContext)
        context.signs = self.signs
        return super().render_to_output(context, buffer)


class BoundedForTag(for_tag.ForTag):
    node_class = BoundedForNode


class BoundedTemplate(BoundTemplate):
    context_class = BoundedContext


class TooLong(Exception):
    """The values put in are longer than any message may be."""


class MarkingContext(BoundedContext):
    """Keeps the values that were put in, in their order; for any number of templates one after the other."""

    __slots__ = ("given", "length")

    def __init__(self, values: Mapping[str, object]) -> None:
        super().__init__(EMPTY, globals=values)
        self.given: list[str] = []
        self.length = 0

    def put(self, value: str) -> str:
        """The mark that stands for this value."""
        self.given.append(value)
        self.length += len(value)
        if self.length > MAX_OUTPUT:
            raise TooLong
        return mark(OF_LETTER + len(self.given) - 1)


class MarkedOutputNode(OutputNode):
    """Puts a mark where a value goes, for a layout that serves every customer; what is empty leaves nothing."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        text = " ".join(to_liquid_string(self.expression.evaluate(context), autoescape=False).split())
        if not text:
            return 0
        assert isinstance(context, MarkingContext)
        return buffer.write(context.put(text))


class MarkedOutput(Output):
    node_class = MarkedOutputNode


class PlainOutputNode(OutputNode):
    """Puts a value in as it is, on one line: for addresses and labels."""

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
    BoundedForTag,
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
    template_class: type[BoundTemplate] = BoundedTemplate
    output_stream_limit: ClassVar[int | None] = MAX_OUTPUT

    def __init__(self, output: type[Output]) -> None:
        self._output = output
        super().__init__(undefined=Missing)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in [*TAGS, self._output]:
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, function)


class MarkingPlaceholders(Placeholders):
    """Values are kept beside the text and bounded there (`MarkingContext`), the text by what loops may go over."""

    output_stream_limit = None


MARKED = MarkingPlaceholders(MarkedOutput)
PLAIN = Placeholders(PlainOutput)
EMPTY = MARKED.from_string("")
