"""The outbox shows mails as they came, and a mail can do nothing to the page around it."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.OUTBOX_DIR = str(tmp_path)
    return tmp_path


def letter(folder: Path, name: str, subject: str) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "shop@example.org", "ada@example.org"
    mail["Date"] = "Wed, 04 Mar 2026 12:00:00 +0000"
    mail.set_content("Plain words")
    mail.add_alternative(
        "<html><head></head><body><script>steal()</script><b>Rich words</b></body></html>", subtype="html"
    )
    (folder / name).write_bytes(mail.as_bytes())


def test_mails_are_listed_newest_first_and_found_by_subject(folder: Path) -> None:
    letter(folder, "20260304T120000.000001-000001-aa.eml", "First ü")
    letter(folder, "20260304T120001.000001-000002-bb.eml", "Second")
    page = Office().enter().get("/outbox").content.decode()
    assert page.index("Second") < page.index("First ü")
    assert "First ü" not in Office().enter().get("/outbox?q=second").content.decode()


def test_a_mail_is_shown_with_headers_and_both_parts(folder: Path) -> None:
    letter(folder, "a.eml", "Hello")
    page = Office().enter().get("/outbox/a.eml").content.decode()
    assert "Plain words" in page
    assert "shop@example.org" in page
    assert "Rich words" not in page, "the HTML stands in its own frame"
    assert 'sandbox="allow-popups' in page


def test_a_mails_html_runs_no_script_and_is_framed_by_us_only(folder: Path) -> None:
    letter(folder, "a.eml", "Hello")
    answer = Office().enter().get("/outbox/a.eml/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("name", ["..%2Fsecret.eml", "%2Fetc%2Fpasswd", "none.eml", ".hidden.eml", "a.txt"])
def test_nothing_but_mails_can_be_opened(folder: Path, name: str) -> None:
    letter(folder, "a.eml", "Hello")
    (folder.parent / "secret.eml").write_text("Subject: secret\n\nx")
    (folder / "a.txt").write_text("x")
    assert Office().enter().get(f"/outbox/{name}").status_code == 404


def test_without_a_mailbox_there_is_no_outbox(settings: Any) -> None:
    settings.OUTBOX_DIR = ""
    client = Office().enter()
    assert client.get("/outbox").status_code == 404
    assert "/outbox" not in client.get("/settings").content.decode()
