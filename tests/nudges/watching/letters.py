"""Watched mails: choosing to watch, sending one, what stands in it, and fetching something of it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from engagement.models import Customer, Workspace
from nudges.hearing import Choices, save_preferences
from nudges.models import Message, Nudge, Watch
from nudges.sending import send_messages
from tests import make, make_messages

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
WRITTEN = "https://shop.example/p?a=1&b=Grüße#top"
PLACE = "https://shop.example/p?a=1&b=Gr%C3%BC%C3%9Fe#top"  # as Markdown writes it


def watch(shop: Workspace, who: str = "not_refused", **fields: Any) -> Watch:
    return Watch.objects.create(workspace=shop, who=who, **{"opens": True, "clicks": True} | fields)


def refuse(customer: Customer, *, may: bool = False) -> None:
    save_preferences(customer=customer, choices=Choices(may_be_watched=may), now=make.NOW)


def sent_mail(
    nudge: Nudge, customer: Customer, mailoutbox: list[Any]
) -> tuple[Message, EmailMultiAlternatives]:
    message = make_messages.message(nudge, customer)
    send_messages(now=make.NOW)
    message.refresh_from_db()
    assert message.state == "sent"
    return message, mailoutbox[-1]


def html_of(mail: EmailMultiAlternatives) -> str:
    return str(mail.alternatives[0][0])


def watched_links(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'<a\b[^>]*\shref="([^"]*/m/t/[^"]+)"', html)]


def pictures(html: str) -> list[str]:
    return re.findall(r'<img src="([^"]*/m/t/[^"]+)"', html)


def path(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


def clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The doors' clock stands so many seconds after the sending."""
    monkeypatch.setattr(timezone, "now", lambda: make.NOW + timedelta(seconds=seconds))


def fetch(client: Client, url: str, *, agent: str = CHROME, method: str = "get", **headers: str) -> Any:
    return getattr(client, method)(path(url), headers={"user-agent": agent, **headers})
