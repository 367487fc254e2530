"""The suppression list: kept as hashes, marking addresses now and later, surviving erasure, reversible by rule."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from engagement.erasing import erase_customer
from engagement.models import Address, AuditEntry, Suppression, Workspace
from engagement.suppressing import (
    CannotLift,
    hash_of,
    lift_by_hand,
    lift_suppression,
    suppress_address,
    suppress_many,
)
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
ANA = "ana@example.org"


@pytest.fixture
def shop() -> Workspace:
    return make.workspace()


def suppress(shop: Workspace, reason: str = "hard_bounce", value: str = ANA) -> int:
    return suppress_address(
        workspace_id=shop.pk, channel="email", value=value, reason=reason, source="postmark", now=NOW
    )


def reasons(shop: Workspace) -> list[str]:
    return list(
        Address.objects.filter(workspace=shop).order_by("id").values_list("suppression_reason", flat=True)
    )


def test_the_database_hashes_as_we_do(shop: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT engagement_address_hash(%s, 'email', ' Ana@Example.org ')", [shop.pk])
        assert cursor.fetchone() == (hash_of(workspace_id=shop.pk, channel="email", value=ANA),)


def test_everybody_who_has_it_or_gets_it_later_is_marked_and_nobody_elsewhere(shop: Workspace) -> None:
    make.customer(shop, email=ANA)
    elsewhere = make.workspace()
    make.customer(elsewhere, email=ANA)
    assert suppress(shop) == 1
    make.customer(shop, email="ANA@example.org")
    make.customer(shop, email="ben@example.org")
    assert reasons(shop) == ["hard_bounce", "hard_bounce", ""]
    assert reasons(elsewhere) == [""]


def test_it_survives_erasure_and_holds_no_address(shop: Workspace) -> None:
    customer = make.customer(shop, email=ANA)
    suppress(shop, "complaint")
    erase_customer(customer=customer, actor=None, now=NOW)
    assert ANA not in str(Suppression.objects.values().get())
    make.customer(shop, email=ANA)
    assert reasons(shop) == ["complaint"]


def test_the_first_reason_stays_but_for_a_complaint(shop: Workspace) -> None:
    make.customer(shop, email=ANA)
    suppress(shop, "manual")
    suppress(shop, "hard_bounce")
    assert reasons(shop) == ["manual"]
    suppress(shop, "complaint")
    suppress(shop, "hard_bounce")
    assert reasons(shop) == ["complaint"]
    assert Suppression.objects.count() == 1


def test_a_marketer_takes_a_bounce_back_and_a_complaint_only_an_owner(shop: Workspace) -> None:
    make.customer(shop, email=ANA)
    marketer = make.member(shop, role="marketer")
    suppress(shop, "complaint")
    with pytest.raises(CannotLift, match="owner"):
        lift_by_hand(suppression=Suppression.objects.get(), actor=marketer.user, role="marketer", now=NOW)
    assert reasons(shop) == ["complaint"]
    lift_by_hand(suppression=Suppression.objects.get(), actor=marketer.user, role="owner", now=NOW)
    suppress(shop)
    assert (
        lift_by_hand(suppression=Suppression.objects.get(), actor=marketer.user, role="marketer", now=NOW)
        == 1
    )
    assert reasons(shop) == [""]
    assert not Suppression.objects.exists()
    assert AuditEntry.objects.filter(action="lift_suppression").count() == 2


def test_what_the_customer_said_themselves_nobody_takes_back_by_hand(shop: Workspace) -> None:
    owner = make.member(shop)
    suppress(shop, "stopped")
    with pytest.raises(CannotLift, match="customer"):
        lift_by_hand(suppression=Suppression.objects.get(), actor=owner.user, role="owner", now=NOW)


def test_lifting_for_another_reason_changes_nothing(shop: Workspace) -> None:
    make.customer(shop, email=ANA)
    suppress(shop, "complaint")
    assert lift_suppression(workspace_id=shop.pk, channel="email", value=ANA, reason="stopped", now=NOW) == 0
    assert reasons(shop) == ["complaint"]


def test_a_list_is_taken_in_once(shop: Workspace) -> None:
    owner = make.member(shop)
    make.customer(shop, email=ANA)
    lines = [ANA, '"ben@example.org",whatever', "", ANA.upper()]
    for added in (2, 0):
        assert suppress_many(workspace=shop, lines=lines, channel="email", actor=owner.user, now=NOW) == added
    assert reasons(shop) == ["import"]


@pytest.mark.parametrize(
    "change", [{"address_hash": ANA}, {"channel": "pigeon"}, {"reason": ""}, {"source": ""}]
)
def test_the_database_refuses_what_is_no_entry(shop: Workspace, change: dict[str, str]) -> None:
    suppress(shop)
    with pytest.raises(IntegrityError), transaction.atomic():
        Suppression.objects.update(**change)
