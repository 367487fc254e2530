"""Facts and consents of a customer by API."""

import pytest

from engagement.learning import learn_facts
from engagement.models import Consent, Event
from tests import make
from tests.make_api import caller

pytestmark = pytest.mark.django_db


def test_facts_are_told_as_an_event_and_known_at_once() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    shop = caller(workspace)
    told = shop.post(f"customers/{customer.pk}/facts", {"topic": "tents", "facts": {"persons": 3}})
    assert (told.status_code, told.json()["customer"]) == (202, customer.pk)
    event = Event.objects.get()
    assert (event.name, event.customer_id) == ("Context Told", customer.pk)
    assert (event.properties["topic"], event.properties["facts"]) == ("tents", {"persons": 3})
    assert shop.pages(f"customers/{customer.pk}/facts")[0]["value"] == 3, "known at once"
    learn_facts(now=event.received_at)
    [fact] = shop.pages(f"customers/{customer.pk}/facts")
    assert (fact["topic"], fact["key"], fact["value"], fact["source_event_id"]) == (
        "tents",
        "persons",
        3,
        event.pk,
    )


@pytest.mark.parametrize("body", [{}, {"facts": {}}, {"facts": {"x" * 61: 1}}, {"facts": 5}])
def test_facts_that_say_nothing_are_refused(body: object) -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    assert caller(workspace).post(f"customers/{customer.pk}/facts", body).status_code == 422
    assert not Event.objects.exists()


def test_consent_is_recorded_with_its_proof_and_read_back() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    make.category(workspace, "tips", opt_in=True)
    make.category(workspace, "service", opt_in=False)
    shop = caller(workspace)
    before = {row["category"]: row for row in shop.get(f"customers/{customer.pk}/consents").json()["data"]}
    assert before["tips"]["allowed_channels"] == []
    assert "email" in before["service"]["allowed_channels"]

    answer = shop.put(
        f"customers/{customer.pk}/consents",
        {
            "consents": [
                {
                    "category": "tips",
                    "channels": ["email", "sms"],
                    "state": "granted",
                    "proof": "box at checkout",
                },
                {"category": "service", "channels": ["sms"], "state": "denied"},
            ]
        },
    )
    assert answer.status_code == 200
    after = {row["category"]: row for row in answer.json()["data"]}
    assert after["tips"]["allowed_channels"] == ["email", "sms"]
    assert "sms" not in after["service"]["allowed_channels"]
    assert [(word["source"], word["proof"]) for word in after["tips"]["words"]] == [
        ("api", "box at checkout")
    ] * 2
    assert Event.objects.filter(name="Consent Changed").count() == 3
    assert shop.get(f"customers/{customer.pk}/consents").json() == answer.json()


def test_one_wrong_word_keeps_the_others_from_being_written() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    make.category(workspace, "tips")
    foreign = make.category(make.workspace(), "foreign")
    words = [
        {"category": "tips", "channels": ["email"], "state": "denied"},
        {"category": foreign.slug, "channels": ["email"], "state": "denied"},
    ]
    answer = caller(workspace).put(f"customers/{customer.pk}/consents", {"consents": words})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/consents/1/category"]
    assert not Consent.objects.exists()
    assert not Event.objects.exists()


def test_reading_does_not_allow_writing() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace)
    make.category(workspace, "tips")
    reader = caller(workspace, "customers:read")
    words = [{"category": "tips", "channels": ["email"], "state": "granted"}]
    assert reader.put(f"customers/{customer.pk}/consents", {"consents": words}).status_code == 403
    assert reader.post(f"customers/{customer.pk}/facts", {"facts": {"a": 1}}).status_code == 403
    assert not Consent.objects.exists()
    assert not Event.objects.exists()
