"""Statements: what many rows are asked for by."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from engagement.models import Customer, Workspace
from engagement.statements import among
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Workspace:
    return make.workspace()


def test_many_ids_go_as_one_array_and_join_other_filters(shop: Workspace) -> None:
    ana, ben, _cem = (make.customer(shop, name=name) for name in ("Ana", "Ben", "Cem"))
    rows = Customer.objects.select_related("workspace")
    assert set(among(rows, "id", (one.pk for one in (ana, ben)))) == {ana, ben}
    assert list(among(rows, "id", [ana.pk, ben.pk]).filter(name="Ben")) == [ben]


def test_among_none_there_is_nobody_and_nobody_is_asked(
    shop: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.customer(shop)
    with django_assert_num_queries(0):
        assert list(among(Customer.objects.all(), "id", [])) == []
