"""Settings, Delivery: providers with their circuits, and the suppression list."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.models import Address, Suppression, Workspace
from engagement.suppressing import suppress_address
from nudges.models import Circuit
from tests import make, make_channels

pytestmark = pytest.mark.django_db
PAGE = "/settings/delivery"


@pytest.fixture
def browser() -> tuple[Client, Workspace]:
    workspace = make.workspace()
    return signed_in(workspace, "owner"), workspace


def signed_in(workspace: Workspace, role: str) -> Client:
    client = Client()
    client.force_login(make.member(workspace, role=role).user)
    return client


def text(client: Client, url: str = PAGE) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_failing_provider_is_shown_with_its_error_and_can_be_tried(
    browser: tuple[Client, Workspace],
) -> None:
    client, workspace = browser
    now = timezone.now()
    assert "no trouble" in text(client)
    Circuit.objects.create(
        provider="email", failures=4, opened_at=now, open_until=now + timedelta(hours=1),
        last_error="421 <b>busy</b>", changed_at=now,
    )  # fmt: skip
    page = text(client)
    assert "fails, messages wait" in page
    assert "421 &lt;b&gt;busy&lt;/b&gt;" in page
    assert signed_in(workspace, "marketer").post(f"{PAGE}/try", {"provider": "email"}).status_code == 403
    assert Circuit.objects.filter(open_until__gt=now + timedelta(minutes=50)).exists()
    client.post(f"{PAGE}/try", {"provider": "email"})
    assert Circuit.objects.filter(open_until__lte=timezone.now()).exists()


def test_an_own_account_is_shown_in_place_of_the_installations_with_its_state_and_its_warming_up(
    browser: tuple[Client, Workspace],
) -> None:
    client, workspace = browser
    now = timezone.now()
    own = make_channels.account(
        workspace, "email", provider="postmark", api_key="k",
        warm_up_from=(now - timedelta(days=2)).astimezone(UTC).date().isoformat(), first_day="200",
    )  # fmt: skip
    key = f"email@{own.pk}"
    Circuit.objects.create(provider="email", failures=4, open_until=now + timedelta(hours=1), changed_at=now)
    page = text(client)
    assert "Your own account with Postmark" in page
    assert "Day 3 of 14 of warming up: 0 of 800 today." in page
    assert "fails, messages wait" not in page, "the installation's trouble is not theirs"
    Circuit.objects.create(provider=key, failures=3, open_until=now + timedelta(hours=1), changed_at=now)
    assert "fails, messages wait" in text(client)
    # Another shop's owner sees nothing of it, and cannot touch it.
    stranger = signed_in(make.workspace(), "owner")
    assert "Postmark" not in text(stranger)
    stranger.post(f"{PAGE}/try", {"provider": key})
    assert Circuit.objects.filter(provider=key, open_until__gt=now + timedelta(minutes=50)).exists()
    client.post(f"{PAGE}/try", {"provider": key})
    assert Circuit.objects.filter(provider=key, open_until__lte=timezone.now()).exists()


def test_the_list_is_searched_added_to_taken_from_and_downloaded(
    browser: tuple[Client, Workspace],
) -> None:
    client, workspace = browser
    make.customer(workspace, email="ana@example.org")
    other = make.workspace()
    client.post(f"{PAGE}/suppressions", {"channel": "email", "addresses": "ana@example.org\nben@example.org"})
    suppress_address(
        workspace_id=other.pk,
        channel="email",
        value="ana@example.org",
        reason="complaint",
        now=timezone.now(),
    )
    assert "ana@example.org" in text(client)
    found = text(client, f"{PAGE}?q=BEN@example.org")
    assert found.count("Use again") == 1
    assert "ana@example.org" not in found
    assert "Not on the list" in text(client, f"{PAGE}?q=cleo@example.org")
    downloaded = text(client, f"{PAGE}/suppressions")
    assert downloaded.count("email,") == 2
    assert "@" not in downloaded
    theirs = Suppression.objects.get(workspace=other)
    assert client.post(f"{PAGE}/suppressions/{theirs.pk}/lift").status_code == 404
    for mine in Suppression.objects.filter(workspace=workspace):
        client.post(f"{PAGE}/suppressions/{mine.pk}/lift")
    assert list(Suppression.objects.all()) == [theirs]
    assert Address.objects.get().suppressed_at is None


def test_a_marketer_takes_back_no_complaint(browser: tuple[Client, Workspace]) -> None:
    _, workspace = browser
    suppress_address(
        workspace_id=workspace.pk,
        channel="email",
        value="a@b.example",
        reason="complaint",
        now=timezone.now(),
    )
    marketer = signed_in(workspace, "marketer")
    answer = marketer.post(f"{PAGE}/suppressions/{Suppression.objects.get().pk}/lift", follow=True)
    assert "for an owner to take back" in answer.content.decode()
    assert Suppression.objects.exists()


def test_the_page_takes_no_more_queries_for_more_rows(
    browser: tuple[Client, Workspace],
) -> None:
    client, workspace = browser
    seen = []
    for number in (2, 30):
        for n in range(number):
            suppress_address(
                workspace_id=workspace.pk, channel="email", value=f"{number}-{n}@b.example", reason="manual",
                now=timezone.now(),
            )  # fmt: skip
        with CaptureQueriesContext(connection) as queries:
            text(client)
        seen.append(len(queries))
    assert seen[0] == seen[1]
