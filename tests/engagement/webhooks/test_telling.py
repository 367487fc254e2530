"""Owners hear by mail, once each, of an endpoint that was switched off without anybody doing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction

from engagement.counts import Counts
from engagement.models import Endpoint, Member, Workspace
from engagement.webhooks.delivering import deliver_webhooks
from engagement.webhooks.subscribing import switch_endpoint
from engagement.webhooks.telling import AGAIN_AFTER, tell_owners
from engagement.webhooks.waits import GIVEN_UP_AFTER
from tests import make
from tests.https_peer import Answer, Peer
from tests.make_webhooks import announced, endpoint

pytestmark = pytest.mark.django_db
NOW = make.NOW


class Unwilling(EmailBackend):
    """A mail server that takes nothing for one address."""

    refused = "ann@example.org"

    def send_messages(self, messages: Any) -> int:
        if any(self.refused in message.to for message in messages):
            raise ConnectionRefusedError("no such luck")
        return super().send_messages(messages)


@pytest.fixture
def owner(workspace: Workspace) -> Member:
    return make.member(workspace, email="ann@example.org")


def switched_off(workspace: Workspace) -> Endpoint:
    """An endpoint that said that it is gone, as delivering leaves it."""
    one = endpoint(workspace, description="Order desk")
    one.is_enabled, one.disabled_because, one.disabled_at = False, "gone", NOW
    one.untold, one.tell_at = list(workspace.members.values_list("pk", flat=True)), NOW
    one.save()
    return one


def test_of_one_that_is_gone_each_owner_is_told_once_and_nobody_else(
    workspace: Workspace, told: Endpoint, program: Peer, owner: Member, settings: Any
) -> None:
    settings.BASE_URL = "https://touchstone.example.org"
    make.member(workspace, email="bo@example.org", language="de")
    make.member(workspace, role="marketer", email="marketer@example.org")
    make.member(make.workspace(), email="elsewhere@example.org")
    announced(workspace, 1)
    program.answers = [Answer(410)]
    deliver_webhooks(now=NOW)
    assert mail.outbox == [], "the step that posts writes no mail"
    assert tell_owners(now=NOW) == Counts(taken=1, told=2)
    assert tell_owners(now=NOW + timedelta(days=1)) == {}
    english, german = mail.outbox
    assert (english.to, german.to) == (["ann@example.org"], ["bo@example.org"])
    for words in (
        told.url,
        workspace.name,
        "410",
        f"https://touchstone.example.org/settings/webhooks/{told.pk}",
    ):
        assert words in english.body
        assert words in german.body
    assert "gone for good" in english.body
    assert "Switch on" in english.body
    assert "Einschalten" in german.body
    assert "nothing for five days" not in english.body


def test_of_one_that_took_nothing_for_days_the_mail_says_that(
    workspace: Workspace, told: Endpoint, program: Peer, owner: Member
) -> None:
    program.otherwise = Answer(500)
    for at in (NOW, NOW + GIVEN_UP_AFTER):
        announced(workspace, 1, at=at)
        assert tell_owners(now=at) == {}
        deliver_webhooks(now=at)
    assert tell_owners(now=NOW + GIVEN_UP_AFTER)["told"] == 1
    [letter] = mail.outbox
    assert "took nothing for five days" in letter.body
    assert "gone for good" not in letter.body


def test_of_one_switched_off_by_hand_nobody_is_told(workspace: Workspace, owner: Member) -> None:
    switch_endpoint(endpoint=endpoint(workspace), is_on=False, actor=owner.user, now=NOW)
    assert tell_owners(now=NOW) == {}
    assert mail.outbox == []


def test_who_has_switched_it_on_again_needs_no_mail(workspace: Workspace, owner: Member) -> None:
    switch_endpoint(endpoint=switched_off(workspace), is_on=True, actor=owner.user, now=NOW)
    assert tell_owners(now=NOW) == {}
    assert mail.outbox == []


def test_who_is_no_owner_any_more_is_not_told(workspace: Workspace, owner: Member) -> None:
    make.member(workspace, email="bo@example.org")
    switched_off(workspace)
    owner.role = "analyst"
    owner.save()
    assert tell_owners(now=NOW)["told"] == 1
    assert [letter.to for letter in mail.outbox] == [["bo@example.org"]]


def test_whom_no_mail_reaches_is_tried_again_for_a_day_and_the_others_are_not(
    workspace: Workspace, owner: Member, settings: Any
) -> None:
    make.member(workspace, email="bo@example.org")
    one = switched_off(workspace)
    settings.EMAIL_BACKEND = f"{__name__}.Unwilling"
    assert tell_owners(now=NOW) == Counts(taken=1, told=1, failed=1)
    assert tell_owners(now=NOW + AGAIN_AFTER / 2) == {}
    assert tell_owners(now=NOW + AGAIN_AFTER) == Counts(taken=1, failed=1)
    assert tell_owners(now=NOW + timedelta(days=1))["failed"] == 1
    assert [letter.to for letter in mail.outbox] == [["bo@example.org"]]
    one.refresh_from_db()
    assert (one.untold, one.tell_at, one.is_enabled) == ([], None, False)
    assert tell_owners(now=NOW + timedelta(days=2)) == {}


@pytest.mark.parametrize(
    "broken",
    [{"untold": [1]}, {"tell_at": NOW}, {"untold": [1], "tell_at": NOW}],
)
def test_nobody_is_to_be_told_of_one_that_is_on(workspace: Workspace, broken: dict[str, Any]) -> None:
    one = endpoint(workspace)
    with pytest.raises(IntegrityError, match="endpoint_off_tells_members"), transaction.atomic():
        Endpoint.objects.filter(pk=one.pk).update(**broken)
