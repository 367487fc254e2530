"""Where the links of a message lead."""

from __future__ import annotations

import re

from nudges.links import inbox_url, preferences_url, reply_urls, unsubscribe_url
from nudges.models import Message

ORIGIN = "https://shop.example"


def path(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


def reply_path(message: Message, kind: str) -> str:
    return path(reply_urls(message.pk)[kind])


def all_links(message: Message) -> list[str]:
    """Every link of a message, and every page that those lead to."""
    preferences = preferences_url(message.customer)
    urls = [
        *reply_urls(message.pk).values(),
        unsubscribe_url(message.pk),
        preferences,
        f"{preferences}data/",
        f"{preferences}erase/",
        inbox_url(message.customer),
    ]
    return [path(url) for url in urls]
