"""Pages ask as often for many rows as for few."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from engagement.models import Customer
from tests import make, make_nudges
from tests.make_dashboard import Office, events

pytestmark = pytest.mark.django_db


def people(office: Office, number: int) -> None:
    made = Customer.objects.bulk_create(
        Customer(workspace=office.workspace, name=f"P{n}", first_seen_at=make.NOW, last_seen_at=make.NOW)
        for n in range(number)
    )
    for one in made[:60]:
        make_nudges.customer_need(one, office.need)


def decisions(office: Office, number: int) -> None:
    for _n in range(number):
        make_nudges.sent(office.nudge, make.customer(office.workspace), at=timezone.now())


def more_nudges(office: Office, number: int) -> None:
    for _n in range(number):
        nudge = make_nudges.nudge(office.workspace)
        make_nudges.sent(nudge, office.customer, at=timezone.now())


LISTS: dict[str, tuple[str, Any]] = {
    "home": ("/", decisions),
    "customers": ("/customers", people),
    "a customer": ("/customers/{customer_id}", lambda office, n: [
        make_nudges.sent(office.nudge, office.customer, at=timezone.now()) for _ in range(n)
    ]),
    "nudges": ("/nudges", more_nudges),
    "a nudge": ("/nudges/{nudge_id}", decisions),
    "a dry run": ("/nudges/{nudge_id}/dry-run", people),
    "live events": ("/events", lambda office, n: events(office.workspace, n)),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_page_asks_as_often_for_many_rows_as_for_few(
    office: Office, name: str, django_assert_num_queries: Any
) -> None:
    path, fill = LISTS[name]
    path = path.format(**office.ids)
    client = office.enter()
    fill(office, 10)
    client.get(path)  # what is read once a process is read now
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    asked = len(few)  # now: the next request empties the log
    fill(office, 1000 if fill is people else 60)
    client.get(path)  # and what the planner learns about tables of this size, once a connection
    with django_assert_num_queries(asked):
        assert client.get(path).status_code == 200
