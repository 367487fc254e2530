"""Who may open which workspace: sign-in, invitation, roles, switching, throttling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail, signing
from django.core.cache import cache
from django.test import Client

from engagement.access import RANK, may
from engagement.joining import (
    Refused,
    accept_invitation,
    change_role,
    find_invitation,
    invitation_token,
    invite_member,
    remove_member,
    revoke_invitation,
)
from engagement.models import AuditEntry, Invitation, Member, Role, Workspace
from tests import make
from tests.make import NOW
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough passphrase"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def _nothing_counted_before() -> None:
    cache.clear()


def sign_up(client: Client, email: str) -> Any:
    form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    return client.post("/accounts/signup/", form)


def invitation(office: Office, email: str = "new@example.org", role: str = "marketer") -> Invitation:
    owner = office.members["owner"].user
    return invite_member(workspace=office.workspace, email=email, role=role, invited_by=owner, now=NOW)


@pytest.mark.parametrize(
    ("role", "reaches"),
    [("analyst", 1), ("moderator", 2), ("marketer", 3), ("owner", 4)],
)
def test_each_role_may_do_what_the_ones_below_may(office: Office, role: str, reaches: int) -> None:
    assert sum(may(office.members[role], other) for other in RANK) == reaches


def test_a_page_asks_for_sign_in_and_comes_back_to_itself(office: Office) -> None:
    answer = Client().get("/customers?q=ada")
    assert answer.headers["Location"] == "/accounts/login/?next=/customers%3Fq%3Dada"


def test_a_live_part_is_sent_to_the_login_page_as_a_whole(office: Office) -> None:
    answer = Client().get("/events", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/accounts/login/?next=/")


def test_a_refusal_names_the_role_that_is_needed(office: Office) -> None:
    answer = office.enter("analyst").get("/nudges/new")
    assert answer.status_code == 403
    assert "Marketer" in answer.content.decode()


def test_what_is_missing_or_forbidden_is_said_inside_the_frame_one_knows(office: Office) -> None:
    missing = office.enter().get("/customers/1")
    assert missing.status_code == 404
    assert "This page does not exist" in missing.content.decode()
    assert office.workspace.name in missing.content.decode()
    stranger = Client().get("/no/such/page")
    assert (stranger.status_code, "This page does not exist" in stranger.content.decode()) == (404, True)


def test_an_error_of_ours_says_so_without_the_database(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engagement.dashboard.settings.general.GeneralForm", None)
    answer = office.enter().get("/settings")
    assert (answer.status_code, "It is our fault" in answer.content.decode()) == (500, True)


def test_pages_with_customers_are_kept_in_no_cache(office: Office) -> None:
    assert office.enter().get("/customers").headers["Cache-Control"] == "no-store"


def test_a_member_of_two_workspaces_switches_and_stays(office: Office) -> None:
    other = make.workspace(name="Elsewhere")
    Member.objects.create(workspace=other, user=office.members["owner"].user, role="analyst")
    client = office.enter("owner")
    assert office.workspace.name in client.get("/settings").content.decode()
    client.post("/workspaces/switch", {"workspace": other.pk})
    page = client.get("/settings").content.decode()
    assert "<title>Settings" in page
    assert 'value="Elsewhere"' in page
    assert client.post("/settings", {}).status_code == 403, "an owner here, an analyst there"


def test_somebody_who_was_removed_is_out_at_once(office: Office) -> None:
    client = office.enter("marketer")
    remove_member(member=office.members["marketer"], actor=office.members["owner"].user, now=NOW)
    assert client.get("/customers").headers["Location"] == "/welcome"
    assert client.get("/welcome").status_code == 403


def test_nobody_signs_up_without_an_invitation_once_there_is_a_workspace(office: Office) -> None:
    answer = sign_up(Client(), "stranger@example.org")
    assert "by invitation" in answer.content.decode()
    assert not get_user_model().objects.filter(email="stranger@example.org").exists()


def test_the_first_person_of_an_installation_signs_up_and_opens_a_workspace() -> None:
    client = Client()
    assert sign_up(client, "first@example.org").status_code == 302
    assert client.get("/").headers["Location"] == "/welcome"
    form = {"name": "Larkfell", "timezone": "Europe/Riga", "locale": "en", "currency": "eur"}
    assert client.post("/welcome", form).status_code == 302
    workspace = Workspace.objects.get()
    assert (workspace.timezone, workspace.currency) == ("Europe/Riga", "EUR")
    assert [m.role for m in workspace.members.all()] == ["owner"]
    assert client.get("/").status_code == 200
    # Careful from the first day, and ready to infer.
    assert workspace.caps.count() == 2
    assert workspace.evidenceweight_set.exists()
    assert AuditEntry.objects.filter(workspace=workspace, action="open_workspace").exists()


def test_an_owner_invites_by_mail_and_the_invited_join_as_what_they_were_invited(office: Office) -> None:
    office.enter("owner").post("/settings/members", {"email": "new@example.org", "role": "moderator"})
    [letter] = mail.outbox
    assert letter.to == ["new@example.org"]
    link = next(word for word in letter.body.split() if "/join/" in word)
    path = link[link.index("/join/") :]
    client = Client()
    assert "Moderator" in client.get(path).content.decode()
    assert sign_up(client, "new@example.org").headers["Location"] == path
    assert not Member.objects.filter(user__email="new@example.org").exists(), "looking at it joins nobody"
    client.post(path)
    assert Member.objects.get(user__email="new@example.org").role == "moderator"
    assert client.post(path).status_code == 410, "it works once"


def test_an_invitation_is_for_one_address(office: Office) -> None:
    path = f"/join/{invitation_token(invitation(office))}"
    client = Client()
    client.get(path)
    assert "use that address" in sign_up(client, "friend@example.org").content.decode()
    other = get_user_model().objects.create(username="o", email="friend@example.org")
    with pytest.raises(Refused):
        accept_invitation(invitation_id=Invitation.objects.get().pk, user=other, now=NOW)
    assert not Member.objects.filter(user=other).exists()


def test_links_that_were_withdrawn_forged_or_are_too_old_open_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = invitation(office)
    token = invitation_token(one)
    assert find_invitation(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    later = (datetime.now(UTC) + timedelta(days=15)).timestamp()
    with monkeypatch.context() as patch:
        patch.setattr(signing.time, "time", lambda: later)
        assert find_invitation(token) is None
    assert find_invitation(token) == one
    revoke_invitation(invitation=one, actor=office.members["owner"].user, now=NOW)
    assert find_invitation(token) is None
    assert Client().get(f"/join/{token}").status_code == 410


def test_who_is_in_or_invited_already_is_not_invited_again(office: Office) -> None:
    invitation(office)
    for email in ("NEW@example.org", office.members["analyst"].user.email):
        with pytest.raises(Refused):
            invitation(office, email=email)


def test_the_last_owner_stays_one(office: Office) -> None:
    owner = office.members["owner"]
    for act in (
        lambda: change_role(member=owner, role="analyst", actor=owner.user, now=NOW),
        lambda: remove_member(member=owner, actor=owner.user, now=NOW),
    ):
        with pytest.raises(Refused):
            act()
    owner.refresh_from_db()
    assert owner.role == Role.OWNER
    change_role(member=office.members["analyst"], role="owner", actor=owner.user, now=NOW)
    remove_member(member=owner, actor=owner.user, now=NOW)
    assert [m.role for m in office.workspace.members.filter(role="owner")] == ["owner"]


@pytest.mark.usefixtures("_nothing_counted_before")
def test_guessing_a_password_is_stopped(office: Office) -> None:
    user = get_user_model().objects.create_user(username="v", email="victim@example.org", password=PASSWORD)
    Member.objects.create(workspace=office.workspace, user=user, role="analyst")
    client = Client()
    said = [
        client.post(
            "/accounts/login/", {"login": "victim@example.org", "password": f"guess {n}"}
        ).content.decode()
        for n in range(6)
    ]
    assert "Too many failed login attempts" not in said[0]
    assert "Too many failed login attempts" in said[5]
    right = client.post("/accounts/login/", {"login": "victim@example.org", "password": PASSWORD})
    assert right.status_code == 200, "not even with the right one, for a while"
    assert "_auth_user_id" not in client.session


def test_signing_out_needs_a_post(office: Office) -> None:
    client = office.enter("owner")
    client.get("/accounts/logout/")
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session


def test_forms_are_refused_without_their_token(office: Office) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(office.members["owner"].user)
    before = office.workspace.name
    assert client.post("/settings", {"name": "Stolen"}).status_code == 403
    office.workspace.refresh_from_db()
    assert office.workspace.name == before
