"""What a careful reader would say of a nudge's words before they go to many: a list, worst first.

Rules of thumb with their sources: Gmail cuts off mails beyond 102 kB; subjects beyond some 60 signs are cut on phones;
pictures without words are what filters of spam look for, and what many people never see; RFC 8058 and the rules of
Gmail and Yahoo for bulk mail want a way out and a true sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.models import Channel, Customer
from engagement.outbound import refusal_of
from nudges.models import Nudge, NudgeContent, ReplyKind
from nudges.variants import name_of
from nudges.visits import Visited, seen_before
from nudges.wording import bind
from nudges.wording.layouts import NOWHERE
from nudges.wording.previews import known_of, preview_of

HEAVY = 102_000  # Gmail cuts longer ones off, and with them the foot that lets people leave
LONG_SUBJECT = 60
WORDS_A_PICTURE = 20
MANY_LINKS = 20
SHORTENERS = {"bit.ly", "goo.gl", "t.co", "tinyurl.com", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly"}
LOUD = re.compile(
    r"!{2,}|\${2,}|€{2,}|\b(?:100 ?%|free!|act now|click here|hier klicken|gratis!|nur heute)", re.I
)


class Weight(models.TextChoices):
    """How much a finding weighs."""

    STOP = "stop", gettext_lazy("Mend this")
    WARN = "warn", gettext_lazy("Look at this")
    FINE = "fine", gettext_lazy("In order")


class Finding(NamedTuple):
    """One thing found, and in which words."""

    weight: Weight
    where: str
    text: str


class _Read(HTMLParser):
    """What a letter holds beside its frame: links with their words, pictures, words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.pictures: list[str | None] = []
        self.words = 0
        self._href: str | None = None
        self._said = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "a":
            self._href, self._said = told.get("href") or "", ""
        elif tag == "img":
            self.pictures.append(told.get("alt"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.links.append((self._href, self._said.strip()))
            self._href = None

    def handle_data(self, data: str) -> None:
        self.words += len(data.split())
        self._said += data


def checks_of(nudge: Nudge, customer: Customer | None, *, now: datetime) -> list[Finding]:
    """What there is to say of all words of a nudge, read as `customer` gets them; worst first. Writes nothing."""
    contents = list(nudge.contents.order_by("channel", "language"))
    if not contents:
        return [Finding(Weight.STOP, "", _("There are no words yet."))]
    bind(contents, {nudge.workspace_id: nudge.workspace})
    found = [*_of_workspace(nudge, contents)]
    for content in contents:
        found += _of_content(nudge, content, customer, now)
    order = list(Weight)
    return sorted(found, key=lambda finding: order.index(finding.weight))


def links_of_words(nudge: Nudge, customer: Customer, *, now: datetime) -> list[str]:
    """The addresses that the words lead to, each once, as `customer` gets them."""
    contents = list(nudge.contents.order_by("channel", "language"))
    bind(contents, {nudge.workspace_id: nudge.workspace})
    [known] = known_of(nudge, [customer], now=now)
    pages = [preview_of(nudge, [content], known, channel=content.channel).rendered for content in contents]
    found = [
        address
        for page in pages
        if page
        for address in [*(href for href, _said in _Read(page.body_html).links), page.link]
        if address.startswith(("https://", "http://"))
    ]
    return list(dict.fromkeys(found))


def _of_workspace(nudge: Nudge, contents: Sequence[NudgeContent]) -> Iterator[Finding]:
    workspace = nudge.workspace
    if Channel.EMAIL in nudge.channels:
        if not workspace.postal_address:
            text = _("Your postal address is missing: the law asks for it at the foot of every e-mail.")
            yield Finding(Weight.STOP, _("Settings"), text)
        if not workspace.sender_email:
            text = _("You have no sender's address of your own: answers and complaints go elsewhere.")
            yield Finding(Weight.WARN, _("Settings"), text)
    languages = {content.language.lower().partition("-")[0] for content in contents}
    if workspace.locale.lower().partition("-")[0] not in languages:
        text = _("There are no words in your own language (%(language)s), which is the fallback.")
        yield Finding(Weight.WARN, "", text % {"language": workspace.locale})


def _of_content(
    nudge: Nudge, content: NudgeContent, customer: Customer | None, now: datetime
) -> Iterator[Finding]:
    where = f"{content.get_channel_display()} · {content.language}"
    if content.variant:
        where += f" · {name_of(nudge, content.variant)}"
    if customer is None:
        yield Finding(Weight.WARN, where, _("There is no customer yet as whom it could be read."))
        return
    [known] = known_of(nudge, [customer], now=now)
    found = preview_of(nudge, [content], known, channel=content.channel)
    if found.rendered is None:
        text = found.problem or _("The words end it for %(who)s: “%(why)s”.") % {
            "who": customer,
            "why": found.aborted,
        }
        yield Finding(Weight.STOP if found.problem else Weight.WARN, where, text)
        return
    said = [*_of_subject(found.rendered.subject), *_of_links(found.rendered.body_html, found.rendered.link)]
    if content.channel == Channel.EMAIL:
        said += _of_letter(found.rendered.body_html, found.rendered.html)
    yield from (Finding(weight, where, text) for weight, text in said)
    if not said:
        yield Finding(Weight.FINE, where, _("Nothing found."))


def _of_subject(subject: str) -> Iterator[tuple[Weight, str]]:
    if not subject:
        yield Weight.STOP, _("The subject is empty.")
    if len(subject) > LONG_SUBJECT:
        told = {"n": len(subject), "most": LONG_SUBJECT}
        yield Weight.WARN, _("The subject has %(n)s signs; phones show some %(most)s.") % told
    letters = [sign for sign in subject if sign.isalpha()]
    if len(letters) > 8 and sum(map(str.isupper, letters)) > len(letters) * 0.7:
        yield Weight.WARN, _("The subject is written in capitals: filters take it for shouting.")
    if loud := LOUD.search(subject):
        yield (
            Weight.WARN,
            _("“%(what)s” in the subject is what filters of spam look for.") % {"what": loud[0]},
        )


def _of_letter(body: str, whole: str) -> Iterator[tuple[Weight, str]]:
    read = _Read(body)
    if sum(href == NOWHERE for href, _said in _Read(whole).links) < len(ReplyKind) + 2:
        yield Weight.STOP, _("It lacks the four answers, the preference page or the way out.")
    if (size := len(whole.encode())) > HEAVY:
        yield (
            Weight.STOP,
            _("It has %(size)s kB: mail programs cut it off after 102.") % {"size": size // 1000},
        )
    if nameless := sum(not alt for alt in read.pictures):
        told = {"n": nameless}
        yield Weight.WARN, _("Pictures that say nothing to who cannot see them: %(n)s.") % told
    if read.pictures and read.words < WORDS_A_PICTURE * len(read.pictures):
        yield (
            Weight.WARN,
            _("It is nearly all pictures: filters and people without pictures see little of it."),
        )


def _of_links(body: str, link: str) -> Iterator[tuple[Weight, str]]:
    links = _Read(body).links + ([(link, "")] if link else [])
    if len(links) > MANY_LINKS:
        yield Weight.WARN, _("It has %(n)s links; few people follow more than a handful.") % {"n": len(links)}
    visited = seen_before([address for address, _said in links])
    for address, said in dict.fromkeys(links):
        if told := _about_link(address, said, visited):
            yield told


def _about_link(address: str, said: str, visited: Mapping[str, Visited]) -> tuple[Weight, str] | None:
    if address.startswith(("mailto:", "tel:", settings.BASE_URL)):
        return None
    told = {"address": address[:200]}
    host = (urlsplit(address).hostname or "").removeprefix("www.")
    if not address.startswith("https://"):
        return Weight.STOP, _("A link that is no https:// leads nowhere, or in the open: %(address)s") % told
    if refusal_of(address):
        return Weight.STOP, _("Nobody outside your house reaches %(address)s") % told
    if host in SHORTENERS:
        return Weight.WARN, _(
            "A shortened link hides where it leads, as those of spam do: %(address)s"
        ) % told
    named = re.search(r"\b(?:https?://)?(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})\b", said.lower())
    if named and named[1] != host and not host.endswith("." + named[1]):
        return Weight.STOP, _("“%(said)s” leads to %(address)s: that is how phishing looks.") % (
            told | {"said": said}
        )
    seen = visited.get(address)
    if seen and seen.is_dead:
        return Weight.STOP, _("A dead link: %(address)s (%(what)s)") % (told | {"what": seen.what})
    return None
