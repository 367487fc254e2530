"""From a marketer's words to what one customer reads: placeholders filled, Markdown rendered, the letter put round it.

The body is kept with the message; the letter round it holds signed links that are the customer's alone, so it is made
at the hand-over and never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from engagement.models import Channel, Customer
from journeys.models import CustomerNeed
from nudges.models import Nudge, NudgeContent
from nudges.wording.letters import Links, Shape, as_text, laid_out, links_of, preview_links
from nudges.wording.placeholders import BadWording, MissingData, fill, fill_marked, missing_values
from nudges.wording.texts import TEXTED
from nudges.wording.values import Known, Subject, read_known, values

__all__ = [
    "BadWording",
    "Known",
    "Links",
    "MissingData",
    "Preview",
    "Rendered",
    "Subject",
    "choose_content",
    "languages_of",
    "links_of",
    "preview",
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


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as a customer would see it, or the reason why it cannot be made; `missing` names unknown values."""

    rendered: Rendered | None
    missing: list[str]
    problem: str = ""


def choose_content(
    contents: Iterable[NudgeContent], *, channel: str, languages: Sequence[str]
) -> NudgeContent:
    """The words for a channel in the first of the languages that has them, else in any.

    A channel without words of its own takes another's: they are Markdown for all. Raises BadWording without any.
    """
    own = [content for content in contents if content.channel == channel] or list(contents)
    if not own:
        raise BadWording(_("The nudge has no words yet: write them for at least one channel."))
    by_language = {content.language.lower().replace("_", "-"): content for content in reversed(own)}
    for language in _with_bases(languages):
        if language in by_language:
            return by_language[language]
    return own[0]


def render(
    *, content: NudgeContent, known: Known, channel: str, promise: str, category: str, links: Links
) -> Rendered:
    """What the customer of `known` gets by `channel`. `category` is its name, `links` the message's own.

    Raises BadWording and MissingData.
    """
    data = values(known, language=content.language)
    subject = fill(content.subject, data)[:200].strip()
    source, given = fill_marked(content.body, data)
    link = _link(fill(content.link_url, data)) if content.link_url else ""
    label = fill(content.link_label, data)
    shape = Shape(
        source=source,
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
    )
    letter = laid_out(shape).filled(given, subject=subject, link=link, link_label=label, links=links)
    if channel in TEXTED:
        letter = as_text(letter, link=link, language=content.language)
    extras = {name: fill(str(value), data) for name, value in content.extras.items()}
    return Rendered(subject, *letter, content.language, links.unsubscribe, links.answer, link, label, extras)


def preview(*, nudge: Nudge, customer: Customer, channel: str, now: datetime) -> Preview:
    """The nudge as this customer would get it now, with what is not known about them. Sends and stores nothing."""
    need = (
        CustomerNeed.objects.filter(customer=customer, need=nudge.trigger_need).select_related("need")
        if nudge.trigger_need_id
        else CustomerNeed.objects.filter(customer=customer).select_related("need")
    ).filter(opened_at__lte=now).order_by("closed_at", "-stage_since").first()  # fmt: skip
    stage = need.stage if need else nudge.trigger_stage
    [known] = read_known({nudge.workspace_id: nudge.workspace}, [Subject(customer, need, stage)])
    missing: list[str] = []
    try:
        content = choose_content(nudge.contents.all(), channel=channel, languages=languages_of(known))
        data = values(known, language=content.language)
        sources = [content.subject, content.body, content.link_url, content.link_label]
        missing = sorted({name for source in sources for name in missing_values(source, data)})
        rendered = render(
            content=content,
            known=known,
            channel=channel,
            promise=nudge.promise,
            category=nudge.category.name,
            links=preview_links(),
        )
    except MissingData as error:
        return Preview(None, missing, _("“%(what)s” is not known and has no default.") % {"what": error.what})
    except BadWording as error:
        return Preview(None, missing, str(error))
    return Preview(rendered, missing)


def languages_of(known: Known) -> list[str]:
    """The languages to try, best first: the customer's, the workspace's, English."""
    return [language for language in (known.customer.locale, known.workspace.locale, "en") if language]


def _with_bases(languages: Iterable[str]) -> list[str]:
    """Each language followed by its base: de-AT, de."""
    tags = [language.lower().replace("_", "-") for language in languages]
    return [form for tag in tags for form in dict.fromkeys((tag, tag.partition("-")[0]))]


def _link(url: str) -> str:
    url = url.strip()
    return url if url.startswith(("https://", "http://")) and not any(sign.isspace() for sign in url) else ""
