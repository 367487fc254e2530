"""The outbox of an installation that tries things out: the mails that its SMTP peer really received.

Only where OUTBOX_DIR is set. The folder holds the mails of the whole installation, which is why only owners read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render

from engagement.access import DashboardRequest, dashboard_page
from engagement.dashboard.framing import only_framed
from engagement.models import Role

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@=-]{0,200}\.eml")
SHOWN = 100


@dataclass(frozen=True)
class Letter:
    """One mail's envelope, for the list."""

    name: str
    subject: str
    sender: str
    to: str
    at: datetime | None


@dashboard_page(role=Role.OWNER)
def outbox(request: DashboardRequest) -> HttpResponse:
    """Newest first; the list renews itself."""
    names = letter_names()
    asked = request.GET.get("q", "").strip().lower()
    letters = [read_envelope(name) for name in names[: SHOWN if not asked else 1000]]
    if asked:
        letters = [one for one in letters if asked in f"{one.subject} {one.to}".lower()][:SHOWN]
    context = {"letters": letters, "total": len(names), "asked": asked, "shown": SHOWN}
    is_fragment = request.htmx and not request.htmx.boosted
    template = "_outbox.html" if is_fragment else "outbox.html"
    return render(request, f"engagement/dashboard/{template}", context)


@dashboard_page(role=Role.OWNER)
def letter(request: DashboardRequest, name: str) -> HttpResponse:
    """One mail: headers, rendered HTML, plain text."""
    mail = read_letter(name)
    context = {
        "name": name,
        "mail": mail,
        "headers": [(key, str(value)) for key, value in mail.items()],
        "text": part(mail, "plain"),
        "has_html": bool(part(mail, "html")),
        "envelope": read_envelope(name),
    }
    return render(request, "engagement/dashboard/letter.html", context)


@dashboard_page(role=Role.OWNER)
def letter_html(request: DashboardRequest, name: str) -> HttpResponse:
    """The HTML part alone, for a frame without rights."""
    body = part(read_letter(name), "html")
    if not body:
        raise Http404
    return only_framed(
        HttpResponse(body.replace("<head>", '<head><base target="_blank">', 1)),
        style_src=["'unsafe-inline'"],
        img_src=["data:", "https:", "http:"],
        sandbox=["allow-popups", "allow-popups-to-escape-sandbox"],
    )


def folder() -> Path:
    if not settings.OUTBOX_DIR:
        raise Http404
    return Path(settings.OUTBOX_DIR)


def letter_names() -> list[str]:
    """Names of the kept mails, newest first: their names sort in the order of arrival."""
    try:
        return sorted(
            (path.name for path in folder().glob("*.eml") if NAME.fullmatch(path.name)), reverse=True
        )
    except OSError:
        return []


def path_of(name: str) -> Path:
    """The file of a mail; 404 for anything that isn't a plain name of one."""
    path = folder() / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise Http404
    return path


def read_letter(name: str) -> EmailMessage:
    with path_of(name).open("rb") as file:
        return BytesParser(_class=EmailMessage, policy=policy.default).parse(file)


def read_envelope(name: str) -> Letter:
    with path_of(name).open("rb") as file:
        head = BytesHeaderParser(policy=policy.default).parse(file)
    return Letter(
        name=name,
        subject=str(head.get("Subject", "")),
        sender=str(head.get("From", "")),
        to=str(head.get("To", "")),
        at=arrived_at(name) or sent_at(str(head.get("Date", ""))),
    )


def arrived_at(name: str) -> datetime | None:
    """When the mailbox took it, by its file's name such as 20260304T120000.000001-…; None for another name."""
    try:
        return datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None


def sent_at(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def part(mail: EmailMessage, kind: str) -> str:
    """The text of the mail's HTML or plain part; empty when it has none."""
    found = mail.get_body(preferencelist=(kind,))
    if found is None:
        return ""
    try:
        content = found.get_content()
    except (LookupError, ValueError):
        return ""
    return content if isinstance(content, str) else ""
