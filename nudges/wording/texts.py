"""A message as a text: the words, the link, and the words by which it is answered."""

from __future__ import annotations

from django.utils.translation import gettext as _

from engagement.models import Channel
from nudges.channels.segments import plainer
from nudges.commands import STOP, words_for
from nudges.models import ReplyKind

TEXTED = {Channel.SMS.value, Channel.WHATSAPP.value}


def text_message(body: str, *, link: str, language: str) -> str:
    """The whole of an SMS. Plain signs, because one typographic quote would halve what a segment holds."""
    return plainer("\n".join(part for part in (body.strip(), link, answers_line(language)) if part))


def answers_line(language: str) -> str:
    """How to answer, in one short line of the language's own words. Called under that language."""
    words = words_for(language)
    return _("Answer: %(words)s. %(stop)s ends this.") % {
        "words": ", ".join(words[kind] for kind in ReplyKind.values),
        "stop": words[STOP],
    }
