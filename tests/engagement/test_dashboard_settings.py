"""Settings: what owners change is kept, audited, and refused with a reason where it makes no sense."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engagement.keys import find_key
from engagement.models import ApiKey, AuditEntry, Category, Workspace
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office(timezone="Europe/Riga")


def general(office: Office, **fields: Any) -> dict[str, Any]:
    names = ["name", "timezone", "locale", "currency", "holdout_percent", "retention_days"]
    return {name: getattr(office.workspace, name) for name in names} | fields


def test_a_change_of_settings_is_kept_and_stands_in_the_trail_with_before_and_after(office: Office) -> None:
    office.enter().post("/settings", general(office, name="Larkfell", currency="chf"))
    office.workspace.refresh_from_db()
    assert (office.workspace.name, office.workspace.currency) == ("Larkfell", "CHF")
    line = AuditEntry.objects.get(action="change_settings")
    assert line.detail["currency"] == ["EUR", "CHF"]
    assert "timezone" not in line.detail
    assert line.actor == office.members["owner"].user


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("timezone", "Mars/Olympus", "Select a valid choice"),
        ("currency", "EU1", "three letters"),
        ("holdout_percent", "80", "less than or equal to 50"),
        ("retention_days", "3", "greater than or equal to 30"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(
    office: Office, field: str, value: str, says: str
) -> None:
    before = str(getattr(Workspace.objects.get(pk=office.workspace.pk), field))
    answer = office.enter().post("/settings", general(office, **{field: value}))
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert str(getattr(Workspace.objects.get(pk=office.workspace.pk), field)) == before
    assert not AuditEntry.objects.exists()


def test_a_secret_key_is_shown_once_and_works(office: Office) -> None:
    client = office.enter()
    page = client.post(
        "/settings/keys", {"name": "Sync", "kind": "secret", "scopes": ["needs:read"]}
    ).content.decode()
    [text] = set(re.findall(r"sk_[\w-]{20,}", page))
    found = find_key(text)
    assert found is not None
    assert found.scopes == ["needs:read"]
    again = client.get("/settings/keys").content.decode()
    assert text not in again
    assert found.prefix in again
    assert text not in str(list(AuditEntry.objects.values()))


def test_a_secret_key_needs_something_it_may_do(office: Office) -> None:
    page = office.enter().post("/settings/keys", {"name": "Sync", "kind": "secret"}).content.decode()
    assert "Choose at least one thing" in page
    assert not ApiKey.objects.exists()


def test_a_key_that_was_revoked_is_refused_and_the_trail_says_by_whom(office: Office) -> None:
    client = office.enter()
    client.post("/settings/keys", {"name": "Shop", "kind": "write"})
    key = ApiKey.objects.get()
    client.post(f"/settings/keys/{key.pk}/revoke")
    assert find_key(key.public_key) is None
    assert AuditEntry.objects.filter(action="revoke_key").count() == 1
    client.post(f"/settings/keys/{key.pk}/revoke")
    assert AuditEntry.objects.filter(action="revoke_key").count() == 1, "twice is once"


def test_topics_are_added_changed_archived_and_brought_back(office: Office) -> None:
    client = office.enter()
    client.post("/settings/topics", {"name": "Tips & tricks", "opt_in": "on"})
    client.post("/settings/topics", {"name": "Tips tricks"})
    first, second = Category.objects.order_by("position")
    assert (first.slug, first.opt_in, second.slug) == ("tips-tricks", True, "tips-tricks-2")
    client.post(f"/settings/topics/{first.pk}", {"name": "Tips", "description": "Now and then."})
    client.post(f"/settings/topics/{first.pk}/archive", {"archived": "yes"})
    first.refresh_from_db()
    assert (first.name, first.opt_in, first.archived_at is None) == ("Tips", False, False)
    client.post(f"/settings/topics/{first.pk}/archive", {"archived": "no"})
    first.refresh_from_db()
    assert first.archived_at is None
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "create_category", "create_category", "change_category", "archive_category", "restore_category",
    ]  # fmt: skip


def test_allowed_sites_are_kept_as_browsers_write_them(office: Office) -> None:
    office.enter().post(
        "/settings/embedding",
        {"origins": "https://Shop.example:443/\n\nhttp://127.0.0.1:8001\nhttps://shop.example"},
    )
    office.workspace.refresh_from_db()
    assert office.workspace.allowed_origins == ["https://shop.example", "http://127.0.0.1:8001"]


@pytest.mark.parametrize(
    "line", ["shop.example", "https://shop.example/path", "javascript:alert(1)", "https://a:x"]
)
def test_what_is_no_site_is_refused_by_name(office: Office, line: str) -> None:
    page = office.enter().post("/settings/embedding", {"origins": line}).content.decode()
    assert "is no site" in page
    office.workspace.refresh_from_db()
    assert office.workspace.allowed_origins == []


def test_the_embed_secret_is_shown_to_owners_only(office: Office) -> None:
    assert "es_" in office.enter("owner").get("/settings/embedding").content.decode()
    assert "es_" not in office.enter("marketer").get("/settings/embedding").content.decode()


def test_the_trail_can_be_searched(office: Office) -> None:
    client = office.enter()
    client.post("/settings/topics", {"name": "Tips"})
    assert "create category" in client.get("/settings/audit?q=create category").content.decode()
    assert "create category" not in client.get("/settings/audit?q=revoke").content.decode()
    topic = Category.objects.get(workspace=office.workspace, name="Tips")
    # What it was done to is named once.
    assert (
        f'create topic <span class="ts-quiet">{topic.pk}</span>'
        in client.get("/settings/audit").content.decode()
    )
