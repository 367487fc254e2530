"""The language in which a member reads and is written to: the browser's, unless they chose one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client
from django.utils import translation

from engagement.dashboard.deeds import OBJECTS, VERBS, deed
from engagement.dashboard.tags import compact, figure, relative, when
from engagement.joining import language_of
from engagement.models import Member
from tests.make import NOW
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de-AT,de;q=0.9"}


def speaks_german(answer: object) -> bool:
    page = answer.content.decode()  # type: ignore[attr-defined]
    return '<html lang="de">' in page and "Einstellungen" in page


def test_without_a_choice_the_browser_is_followed() -> None:
    client = Office().enter("analyst")
    assert not speaks_german(client.get("/settings"))
    assert speaks_german(client.get("/settings", **GERMAN))


def test_a_choice_holds_in_every_workspace_and_against_the_browser() -> None:
    office = Office()
    user = office.members["marketer"].user
    elsewhere = Member.objects.create(workspace=Office().workspace, user=user, role="analyst")
    client = office.enter("marketer")
    answer = client.post("/account/language", {"language": "de"}, HTTP_ACCEPT_LANGUAGE="en")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/language")
    elsewhere.refresh_from_db()
    assert elsewhere.language == language_of(user.email.upper()) == "de"
    assert "Gespeichert." in client.get("/account/language", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    # A browser that knows nothing of the choice yet, with a session of the same person.
    assert speaks_german(office.enter("marketer").get("/settings", HTTP_ACCEPT_LANGUAGE="en"))
    assert Member.objects.exclude(user=user).exclude(language="").count() == 0, "nobody else's changed"


def test_a_refusal_is_told_in_the_members_language_too() -> None:
    office = Office()
    Member.objects.update(language="de")
    answer = office.enter("analyst").post("/settings/keys")
    assert answer.status_code == 403
    assert "Dafür ist die Rolle „Inhaber“" in answer.content.decode()


def test_the_choice_can_be_left_to_the_browser_again() -> None:
    office = Office()
    Member.objects.update(language="de")
    client = office.enter("owner")
    client.cookies["django_language"] = "de"
    client.post("/account/language", {"language": ""})
    assert client.cookies["django_language"].value == ""
    assert not speaks_german(client.get("/settings", HTTP_ACCEPT_LANGUAGE="en"))


def test_a_language_that_is_not_spoken_is_refused_and_nothing_changes() -> None:
    office = Office()
    answer = office.enter("owner").post("/account/language", {"language": "tlh"})
    assert (answer.status_code, Member.objects.exclude(language="").count()) == (200, 0)
    assert "django_language" not in answer.cookies


def test_signing_in_lets_the_browser_know_so_that_pages_without_a_member_speak_it_too() -> None:
    office = Office()
    user = office.members["owner"].user
    user.set_password("correct horse")
    user.save()
    Member.objects.filter(user=user).update(language="de")
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.post("/accounts/login/", {"login": user.email, "password": "correct horse"})
    assert client.cookies["django_language"].value == "de"
    assert speaks_nothing_but(client, "/accounts/password/change/", "Zurück zur Anwendung")


def speaks_nothing_but(client: Client, path: str, words: str) -> bool:
    return words in client.get(path).content.decode()


def test_a_new_membership_keeps_the_language_that_the_person_chose_elsewhere() -> None:
    known = Office().members["owner"].user
    Member.objects.filter(user=known).update(language="de")
    office = Office()
    office.enter("owner").post("/settings/members", {"email": known.email, "role": "analyst"})
    link = next(line for line in mail.outbox[0].body.splitlines() if "/join/" in line)
    client = Client()
    client.force_login(known)
    client.post("/join/" + link.partition("/join/")[2])
    assert Member.objects.get(workspace=office.workspace, user=known).language == "de"


@pytest.mark.parametrize(("chosen", "subject"), [("de", "Einladung zu"), ("", "Join"), ("en", "Join")])
def test_mails_speak_the_language_of_who_reads_them_not_of_who_causes_them(chosen: str, subject: str) -> None:
    known = Office().members["owner"].user
    Member.objects.filter(user=known).update(language=chosen)
    Office().enter("owner").post("/settings/members", {"email": known.email, "role": "analyst"})
    Client(HTTP_ACCEPT_LANGUAGE="fr").post("/accounts/password/reset/", {"email": known.email})
    invitation, reset = mail.outbox
    assert invitation.subject.startswith(subject)
    assert ("Passwort" in reset.subject) == (chosen == "de")


def test_dates_numbers_and_plurals_are_put_as_the_language_puts_them() -> None:
    with translation.override("de"):
        told = str(when(NOW, "exact"))
        assert f"{NOW.day}. " in told
        assert (figure(1234567), compact(12_400), compact(3_000_000)) == ("1.234.567", "12,4 Tsd.", "3 Mio.")
        assert relative(NOW.replace(year=2001)).startswith("vor ")
        assert relative(NOW.replace(year=2001)).endswith(" Jahren")
    with translation.override("en"):
        assert (figure(1234567), compact(12_400), compact(3_000_000)) == ("1,234,567", "12.4k", "3M")


def test_the_trail_tells_every_action_of_the_program_in_words() -> None:
    sources = [
        path for app in ("engagement", "journeys", "reviews", "nudges") for path in (ROOT / app).rglob("*.py")
    ]
    actions = {a for path in sources for a in re.findall(r'\baction="([a-z]+_[a-z_]+)"', path.read_text())}
    assert len(actions) > 30
    assert {a for a in actions if a.partition("_")[0] not in VERBS} == {"store_true"}, (
        "an option of a command"
    )
    assert {a for a in actions if a.partition("_")[2] not in OBJECTS} == {"store_true"}
    with translation.override("de"):
        assert [deed("revoke_key"), deed("publish")] == ["Schlüssel: zurückgezogen", "veröffentlicht"]
    assert [deed("revoke_key"), deed("teach_parrot")] == ["revoke key", "teach parrot"]
