"""Consent: opt-in or opt-out by category, each change told once, taken back as if never said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engagement.consents import ConsentChange, allowed_channels, set_consent
from engagement.models import Category, Channel, Consent, Customer, Event, Workspace
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture
def shop() -> Workspace:
    return make.workspace()


@pytest.fixture
def ana(shop: Workspace) -> Customer:
    return make.customer(shop)


def say(customer: Customer, category: Category, state: str | None, *channels: str) -> list[ConsentChange]:
    return set_consent(
        workspace_id=customer.workspace_id,
        customer_id=customer.pk,
        category_id=category.pk,
        channels=channels or ["email"],
        state=state,
        source="api",
        proof="form 7",
        now=NOW,
    )


def allowed(customer: Customer, category: Category) -> set[str]:
    found = allowed_channels([customer.pk], workspace_id=customer.workspace_id, category_id=category.pk)
    return found[customer.pk]


def test_an_opt_in_category_needs_a_yes_and_any_other_a_no(shop: Workspace, ana: Customer) -> None:
    news, tips = make.category(shop, "news", opt_in=True), make.category(shop, "tips")
    assert allowed(ana, news) == set()
    assert allowed(ana, tips) == set(Channel.values)
    say(ana, news, "granted")
    say(ana, tips, "denied")
    assert allowed(ana, news) == {"email"}
    assert allowed(ana, tips) == set(Channel.values) - {"email"}


def test_each_change_is_told_with_what_stood_before(shop: Workspace, ana: Customer) -> None:
    tips = make.category(shop)
    assert say(ana, tips, "denied", "email", "sms") == [
        ConsentChange(tips.pk, "email", None, "denied"),
        ConsentChange(tips.pk, "sms", None, "denied"),
    ]
    assert say(ana, tips, "granted") == [ConsentChange(tips.pk, "email", "denied", "granted")]
    word = Consent.objects.get(channel="email")
    assert (word.state, word.source, word.proof, word.at) == ("granted", "api", "form 7", NOW)
    told = Event.objects.filter(name="Consent Changed").order_by("id").values_list("properties", flat=True)
    assert [(event["channel"], event["before"], event["after"]) for event in told] == [
        ("email", None, "denied"),
        ("sms", None, "denied"),
        ("email", "denied", "granted"),
    ]


def test_the_same_word_again_changes_and_tells_nothing(shop: Workspace, ana: Customer) -> None:
    tips = make.category(shop)
    say(ana, tips, "denied")
    Consent.objects.update(at=NOW - timedelta(days=1))
    assert say(ana, tips, "denied") == []
    assert Consent.objects.get().at == NOW - timedelta(days=1)
    assert Event.objects.count() == 1


def test_a_word_can_be_taken_back_as_if_never_said(shop: Workspace, ana: Customer) -> None:
    tips = make.category(shop)
    say(ana, tips, "denied")
    assert say(ana, tips, None) == [ConsentChange(tips.pk, "email", "denied", None)]
    assert not Consent.objects.exists()
    assert "email" in allowed(ana, tips)


def test_nobody_speaks_across_workspaces(ana: Customer, shop: Workspace) -> None:
    foreign = make.workspace()
    with pytest.raises(Category.DoesNotExist):
        say(ana, make.category(foreign), "denied")
    stranger = make.customer(foreign)
    tips = make.category(shop)
    with pytest.raises(Customer.DoesNotExist):
        set_consent(
            workspace_id=shop.pk,
            customer_id=stranger.pk,
            category_id=tips.pk,
            channels=["email"],
            state="denied",
            source="api",
            now=NOW,
        )
    assert not Consent.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize(("state", "channel"), [("maybe", "email"), ("denied", "pigeon")])
def test_what_nobody_knows_is_refused_by_name(
    shop: Workspace, ana: Customer, state: str, channel: str
) -> None:
    with pytest.raises(ValueError, match=r"maybe|pigeon"):
        say(ana, make.category(shop), state, channel)
    assert not Consent.objects.exists()
