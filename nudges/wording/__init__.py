"""From a marketer's words to what one customer reads: placeholders filled, Markdown rendered, the letter put round it.

The body is kept with the message; the letter round it holds signed links that are the customer's alone, so it is made
at the hand-over and never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import translation
from django.utils.translation import gettext as _

from engagement.models import Channel
from nudges.models import NudgeContent
from nudges.wording.blocks import fill_blocks
from nudges.wording.languages import nearest
from nudges.wording.letters import Links, Shape, as_text, interface_language, laid_out, links_of
from nudges.wording.occasions import Occasion
from nudges.wording.placeholders import Aborted, BadWording, Marking, MissingData, fill
from nudges.wording.references import bind
from nudges.wording.started import day_of, names_of
from nudges.wording.texts import TEXTED
from nudges.wording.values import Known, Subject, read_known, values

__all__ = [
    "Aborted",
    "BadWording",
    "Known",
    "Links",
    "MissingData",
    "Rendered",
    "Subject",
    "bind",
    "choose_content",
    "languages_of",
    "links_of",
    "read_known",
    "render",
]

LETTERED = {Channel.EMAIL}


@dataclass(frozen=True, slots=True)
class Rendered:
    """What one customer gets: `text` and `html` as they go out, `body_text` and `body_html` without the letter."""

    subject: str
    text: str
    html: str
    body_text: str
    body_html: str
    language: str
    unsubscribe_url: str
    answer_url: str
    link: str = ""
    link_label: str = ""
    extras: Mapping[str, str] = field(default_factory=dict)


def choose_content(
    contents: Iterable[NudgeContent], *, channel: str, languages: Sequence[str]
) -> NudgeContent:
    """The words for a channel in the first of the languages that has them, else in any.

    A channel without words of its own takes another's: they are Markdown for all. Raises BadWording without any.
    """
    own = [content for content in contents if content.channel == channel] or list(contents)
    if not own:
        raise BadWording(_("The nudge has no words yet: write them for at least one channel."))
    return nearest({content.language: content for content in reversed(own)}, languages) or own[0]


def render(
    *, content: NudgeContent, known: Known, channel: str, promise: str, category: str, links: Links
) -> Rendered:
    """What the customer of `known` gets by `channel`. `category` is its name, `links` the message's own.

    What the words only name was put into them before (`bind`). Raises BadWording, MissingData and Aborted.
    """
    data = values(known, language=content.language)
    marking = Marking(data)
    subject, source = marking.fill(content.subject), marking.fill(content.body)
    blocks = fill_blocks(content.blocks, marking, data["products"])
    link = _link(fill(content.link_url, data)) if content.link_url else ""
    label = fill(content.link_label, data)
    occasion = occasion_of(known, content.language)
    shape = Shape(
        subject=subject,
        source=source,
        blocks=blocks,
        is_letter=channel in LETTERED,
        language=content.language,
        has_link=bool(link),
        has_label=bool(label),
        promise=promise,
        need=known.need.need.name if known.need else "",
        stage=known.stage,
        category=category,
        shop=known.workspace.name,
        postal_address=known.workspace.postal_address,
        event=occasion.event if occasion else "",
    )
    letter = laid_out(shape).filled(
        marking.given, link=link, link_label=label, links=links, occasion=occasion
    )
    if channel in TEXTED:
        letter = as_text(letter, link=link, language=content.language)
    extras = {name: fill(str(value), data) for name, value in content.extras.items()}
    return Rendered(*letter, content.language, links.unsubscribe, links.answer, link, label, extras)


def occasion_of(known: Known, language: str) -> Occasion | None:
    """The event that started it, as the customer may read of it; None where none did, or it names no product."""
    if not known.started:
        return None
    with translation.override(interface_language(language)):
        products = names_of(known.started)
    zone = known.customer.timezone or known.workspace.timezone
    return (
        Occasion(known.started.name, products, day_of(known.started, zone=zone, language=language))
        if products
        else None
    )


def languages_of(known: Known) -> list[str]:
    """The languages to try, best first: the customer's, the workspace's, English."""
    return [language for language in (known.customer.locale, known.workspace.locale, "en") if language]


def _link(url: str) -> str:
    parts = url.split()
    return parts[0] if len(parts) == 1 and parts[0].startswith(("https://", "http://")) else ""
