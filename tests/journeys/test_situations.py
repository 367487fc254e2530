"""The situation behind a need: told in one place, known at once, sensitive only with consent, gone at a wish."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from engagement.identities import make_token
from engagement.keys import make_key
from engagement.learning import learn_facts
from engagement.models import Customer, Event, Fact
from journeys.links import situation_url
from journeys.models import Need
from journeys.noting import BadSituation, note_situation
from journeys.situations import situation_of, situations_of
from tests import make
from tests.make import NOW
from tests.make_journeys_base import shoe_need

pytestmark = pytest.mark.django_db
ASKED = [
    {"key": "width", "label": "Foot width", "purpose": "Shoes differ.", "options": ["narrow", "wide"]},
    {"key": "uses", "label": "Where", "purpose": "", "kind": "set", "options": ["road", "trail"]},
    {"key": "knee", "label": "Knee trouble", "purpose": "Softer soles.", "kind": "nominal",
     "options": ["no", "yes"], "is_sensitive": True},
]  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh_turns():
    cache.clear()


@pytest.fixture
def need() -> Need:
    return shoe_need(make.workspace(), context_attributes=ASKED)


@pytest.fixture
def customer(need: Need) -> Customer:
    return make.customer(need.workspace)


def note(customer: Customer, need: Need, agreed: bool = False, **answers: Any) -> dict[str, Any]:
    return note_situation(
        customer=customer, need=need, answers=answers, agreed=agreed, source="test", now=NOW
    )


def told() -> list[dict[str, Any]]:
    return [event.properties for event in Event.objects.filter(name="Context Told").order_by("id")]


def test_what_is_told_is_known_at_once_and_learning_finds_the_same(need: Need, customer: Customer) -> None:
    assert note(customer, need, width="wide", uses=["trail"]) == {"width": "wide", "uses": ["trail"]}
    assert situation_of(customer, need) == {"width": "wide", "uses": ["trail"]}
    learn_facts(now=NOW)
    assert situation_of(customer, need) == {"width": "wide", "uses": ["trail"]}
    assert told() == [{"topic": need.slug, "facts": {"width": "wide", "uses": ["trail"]}, "source": "test"}]


def test_what_did_not_change_is_not_told_again_and_an_empty_answer_forgets(
    need: Need, customer: Customer
) -> None:
    note(customer, need, width="wide")
    note(customer, need, width="wide")
    assert len(told()) == 1
    assert note(customer, need, width="") == {}
    assert not Fact.objects.exists()
    learn_facts(now=NOW)
    assert not Fact.objects.exists()


def test_sensitive_answers_need_consent_which_is_kept_with_them(need: Need, customer: Customer) -> None:
    with pytest.raises(BadSituation) as refused:
        note(customer, need, knee="yes", width="wide")
    assert set(refused.value.problems) == {"agreed"}
    assert not Fact.objects.exists()
    note(customer, need, agreed=True, knee="yes")
    assert "Softer soles." in told()[0]["consent"]
    note(customer, need, knee="")
    assert situation_of(customer, need) == {}, "taking it back needs no consent"


def test_bad_answers_are_refused_by_field_and_nothing_is_kept(need: Need, customer: Customer) -> None:
    with pytest.raises(BadSituation) as refused:
        note(customer, need, width="round", colour="red", uses=["road"])
    assert set(refused.value.problems) == {"width", "colour"}
    assert not Fact.objects.exists()


def test_figures_told_elsewhere_are_read_in_their_bins_and_old_options_are_unknown(
    need: Need, customer: Customer
) -> None:
    need.context_attributes = [{"key": "weight", "kind": "numeric", "cuts": [60.0], "options": ["< 60", "≥ 60"]},
                               {"key": "width", "options": ["slim", "wide"]}]  # fmt: skip
    for key, value in (("weight", 72), ("width", "narrow")):
        Fact.objects.create(
            workspace=need.workspace, customer=customer, topic=need.slug, key=key, value=value, learned_at=NOW
        )
    assert situation_of(customer, need) == {"weight": "≥ 60"}


def test_the_customers_own_page_shows_and_changes_it_without_scripts(
    client: Any, need: Need, customer: Customer
) -> None:
    path = situation_url(customer).replace("http://127.0.0.1:8000", "").replace("http://testserver", "")
    path = path[path.index("/e/") :]
    page = client.get(path)
    assert "Shoes differ." in page.content.decode()
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert not Event.objects.exists()
    form = {"need": need.slug, "a.width": "wide", "a.uses": ["road", "trail"]}
    assert client.post(path, form).status_code == 303
    assert situation_of(customer, need) == {"width": "wide", "uses": ["road", "trail"]}
    refused = client.post(path, form | {"a.knee": "yes"})
    assert refused.status_code == 422
    assert "Agree to this" in refused.content.decode()
    assert client.post(path, {"need": "other"}).status_code == 404
    strangers = make.workspace()
    assert client.get(path.replace(need.workspace.slug, strangers.slug)).status_code == 404


def test_an_element_keeps_it_for_a_visitor_and_never_shows_it_for_an_id_that_has_signed_in(
    client: Any, need: Need
) -> None:
    key = make_key(workspace=need.workspace, kind="write", name="Shop")[1]
    path = f"/e/f/situation/?key={key}"
    asked = {"need": need.slug, "anonymous_id": "browser-1"}
    assert client.post(path, asked).status_code == 200
    assert not Customer.objects.exists(), "looking makes nobody"
    client.post(path, asked | {"told": "1", "a.width": "wide"})
    assert "<option selected>wide" in client.post(path, asked).content.decode()
    Customer.objects.update(external_id="u1")
    assert "selected>wide" not in client.post(path, asked).content.decode()
    assert client.post(path, asked | {"told": "1", "a.width": "narrow"}).status_code == 404
    assert Fact.objects.get().value == "wide"
    assert client.post(path, {"need": need.slug, "told": "1", "a.width": "wide"}).status_code == 404


def test_a_signed_in_customer_is_known_by_the_shops_token(
    client: Any, need: Need, customer: Customer
) -> None:
    key = make_key(workspace=need.workspace, kind="write", name="Shop")[1]
    token = make_token(
        workspace=need.workspace,
        external_id=str(customer.external_id),
        expires_at=timezone.now() + timedelta(hours=1),
    )
    answer = client.post(
        f"/e/f/situation/?key={key}", {"need": need.slug, "token": token, "told": "1", "a.width": "wide"}
    )
    assert "Noted." in answer.content.decode()
    assert situation_of(customer, need) == {"width": "wide"}
    assert answer.cookies == {}


def test_what_a_signed_in_customer_told_before_is_what_reviews_and_fit_are_asked_by(
    client: Any, need: Need, customer: Customer
) -> None:
    key = make_key(workspace=need.workspace, kind="write", name="Shop")[1]
    make.product(need.workspace, "TERN", category="Road shoes")
    note(customer, need, agreed=True, width="wide", uses=["road", "trail"], knee="yes")
    token = make_token(
        workspace=need.workspace,
        external_id=str(customer.external_id),
        expires_at=timezone.now() + timedelta(hours=1),
    )

    def told(**asked: str) -> tuple[str, str]:
        answer = client.post(f"/e/f/known/?key={key}", asked)
        return answer.content.decode(), answer["Cache-Control"]

    asked = "s.width=wide&s.uses=road&s.uses=trail"
    assert told(token=token, product="TERN") == (asked, "no-store"), "what is sensitive stays here"
    for nobody in ({}, {"token": token + "x"}, {"anonymous_id": "b"}):
        assert told(product="TERN", **nobody)[0] == ""
    assert told(token=token, product="none")[0] == ""


def test_all_situations_cost_two_queries(customer: Customer, django_assert_num_queries: Any) -> None:
    for n in range(8):
        need = shoe_need(customer.workspace, slug=f"n{n}")
        note(customer, need, width="wide")
    with django_assert_num_queries(2):
        assert len(situations_of(customer)) == 9
