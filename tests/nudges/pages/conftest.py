"""A shop, one of its customers, and a message to them that was sent."""

from __future__ import annotations

import pytest
from django.test import Client

from engagement.models import Customer, Workspace
from journeys.models import CustomerNeed, Need
from nudges.models import Message
from tests import make, make_messages
from tests.nudges.pages.paths import ORIGIN


@pytest.fixture
def shop() -> Workspace:
    return make.workspace(name="Shoe shop", allowed_origins=[ORIGIN])


@pytest.fixture
def ana(shop: Workspace) -> Customer:
    return make.customer(shop, email="ana@example.org", name="Ana", external_id="ana")


@pytest.fixture
def need(ana: Customer) -> CustomerNeed:
    made = make_messages.need(ana)
    Need.objects.update(
        context_attributes=[
            {"key": "surface", "label": "Surface", "purpose": "To fit", "options": ["Road", "Trail"]}
        ]
    )
    return made


@pytest.fixture
def message(shop: Workspace, ana: Customer, need: CustomerNeed) -> Message:
    return make_messages.message(
        make_messages.nudge(shop), ana, customer_need=need, state="sent", subject="How to compare"
    )


@pytest.fixture
def browser() -> Client:
    """As strict as can be: a form without Django's own token would be refused, if these pages asked for it."""
    return Client(enforce_csrf_checks=True)
