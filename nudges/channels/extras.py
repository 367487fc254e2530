"""What a channel's content has beside words and a link: the fields of the nudge editor that only this channel has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.models import Channel

LONGEST = 2_000


class Extra(NamedTuple):
    """One field; like all words it takes placeholders."""

    name: str
    label: Any
    help: Any
    is_long: bool = False


EXTRAS = {
    Channel.WEB_PUSH.value: (
        Extra(
            "icon",
            gettext_lazy("Icon's address"),
            gettext_lazy("A square picture over https, shown beside the text."),
        ),
        Extra(
            "image", gettext_lazy("Picture's address"), gettext_lazy("Shown large where the system has room.")
        ),
    ),
    Channel.WHATSAPP.value: (
        Extra(
            "template",
            gettext_lazy("Template"),
            gettext_lazy(
                "The approved template's Content SID (HX…). Without one, only running conversations get it."
            ),
        ),
        Extra(
            "variables",
            gettext_lazy("Template's variables"),
            gettext_lazy('One a line, such as: 1 = {{ customer.name | default: "there" }}'),
            is_long=True,
        ),
    ),
}


def extras_of(channel: str) -> tuple[Extra, ...]:
    """The fields that only this channel's content has."""
    return EXTRAS.get(channel, ())


def problem_of(name: str, value: str) -> str:
    """What is wrong with a field's value, in words; nothing when it can be kept."""
    if len(value) > LONGEST:
        return _("At most %(limit)s characters.") % {"limit": LONGEST}
    if name in ("icon", "image") and value and not value.startswith(("https://", "{{")):
        return _("Write an address that begins with https://.")
    if name == "template" and value and not re.fullmatch(r"HX[0-9a-fA-F]{32}", value):
        return _("It begins with HX and has 34 characters.")
    if name == "variables" and any("=" not in line for line in value.splitlines() if line.strip()):
        return _("Write each line as 1 = text.")
    return ""


def kept_extras(channel: str, told: Mapping[str, Any]) -> dict[str, str]:
    """The channel's own fields of what was told, without the empty ones."""
    return {
        extra.name: str(told[extra.name]).strip()
        for extra in extras_of(channel)
        if str(told.get(extra.name) or "").strip()
    }
