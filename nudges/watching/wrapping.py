"""A picture and signed links put into a message at its hand-over, never into what is kept of it.

Links are wrapped where a click costs the customer nothing: in the HTML of an e-mail, and behind a browser's push. A
text would grow by a segment, a push in an app would no longer open the app, and the plain-text part of an e-mail stays
as it was written. Our own pages (answers, preferences, leaving) are never wrapped.
"""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape, unescape

from django.conf import settings

from engagement.models import Channel
from nudges.links import picture_url, watched_url
from nudges.models import Message
from nudges.watching.choosing import Watcher
from nudges.wording import Rendered

WATCHED_CHANNELS = (Channel.EMAIL.value, Channel.WEB_PUSH.value)
LINK = re.compile(r'(<a\b[^>]*?\shref=")(https?://[^"]+)(")', re.IGNORECASE)
END = re.compile(r"</body\s*>(?![\s\S]*</body)", re.IGNORECASE)
LONGEST_LINK = 2000
HIDDEN = "display:none;max-height:0;overflow:hidden;mso-hide:all"


def watched(message: Message, words: Rendered, watcher: Watcher | None) -> Rendered:
    """The words with what tells of an open or a click, as far as the watcher may note them by this channel."""
    if watcher is None:
        return words
    if message.channel == Channel.EMAIL:
        return replace(words, html=_letter(message.pk, words.html, watcher))
    if message.channel == Channel.WEB_PUSH and watcher.clicks and words.link:
        return replace(words, link=wrapped(message.pk, words.link, base=watcher.base))
    return words


def _letter(message_id: int, html: str, watcher: Watcher) -> str:
    foot = ""
    if watcher.clicks:
        html, links = _wrap_links(message_id, html, watcher.base)
        foot += trap(message_id, links[0], base=watcher.base) if links else ""
    if watcher.opens:
        foot += picture(message_id, base=watcher.base)
    placed, count = END.subn(lambda end: foot + end[0], html, count=1)
    return placed if count else html + foot


def _wrap_links(message_id: int, html: str, base: str) -> tuple[str, list[str]]:
    """The HTML with its links wrapped, and those that were."""
    links: list[str] = []

    def wrap(found: re.Match[str]) -> str:
        link = unescape(found[2])
        made = wrapped(message_id, link, base=base)
        if made == link:
            return found[0]
        links.append(link)
        return f"{found[1]}{escape(made)}{found[3]}"

    return LINK.sub(wrap, html), links


def wrapped(message_id: int, link: str, *, base: str) -> str:
    """The link by way of us; itself where it is ours already, or too long to be carried."""
    if link.startswith(f"{settings.BASE_URL}/") or len(link) > LONGEST_LINK:
        return link
    return watched_url(message_id, link, base=base)


def picture(message_id: int, *, base: str) -> str:
    return f'<img src="{escape(picture_url(message_id, base=base))}" width="1" height="1" alt="" border="0">'


def trap(message_id: int, link: str, *, base: str) -> str:
    """A link like the others that neither a reader nor a screen reader comes to: who follows it is no person."""
    url = escape(watched_url(message_id, link, base=base, is_trap=True))
    return f'<a href="{url}" style="{HIDDEN}" tabindex="-1" aria-hidden="true"></a>'
