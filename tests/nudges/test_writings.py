"""What customers write in their own words: kept as it came, shown to people, dealt with once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from nudges.hearing import hear_reply
from nudges.hearing.texting import IncomingText, hear_text
from nudges.models import InboundText, Reply
from tests import make_dashboard, make_messages
from tests.make_dashboard import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def hear(office: Office, text: str, provider_id: str) -> None:
    told = IncomingText("sms", "+4915112345678", text, provider_id)
    hear_text(workspace=office.workspace, incoming=told, now=timezone.now())


def test_words_are_shown_as_they_came_and_commands_are_not(office: Office) -> None:
    hear(office, "Please do not stop <b>the blue one</b>", "SM1")
    hear(office, "STOP", "SM2")
    page = office.enter("analyst").get("/tasks/written").content.decode()
    assert "Please do not stop &lt;b&gt;the blue one&lt;/b&gt;" in page
    assert page.count("<article") == 1
    assert "/seen" not in page  # an analyst reads


def test_dealt_with_it_leaves_the_list_and_can_come_back(office: Office) -> None:
    text, client = make_dashboard.text(office.workspace), office.enter("moderator")
    assert client.post(f"/tasks/written/{text.pk}/seen").status_code == 302
    first = InboundText.objects.get().seen_at
    assert first is not None
    client.post(f"/tasks/written/{text.pk}/seen")
    assert InboundText.objects.get().seen_at == first
    assert "in blue" not in client.get("/tasks/written").content.decode()
    assert "in blue" in client.get("/tasks/written?all").content.decode()
    client.post(f"/tasks/written/{text.pk}/seen", {"again": "1"})
    assert InboundText.objects.get().seen_at is None


def test_words_that_came_with_an_answer_stand_beside(office: Office) -> None:
    office.furnish()
    message = make_messages.message(office.nudge, office.customer)
    for kind, text in (("not_now", "After the move"), ("helpful", "")):
        hear_reply(message_id=message.pk, kind=kind, detail={"text": text}, now=timezone.now())
    page = office.enter("analyst").get("/tasks/written").content.decode()
    assert "After the move" in page
    Reply.objects.update(at=timezone.now() - timedelta(days=91))
    assert "After the move" not in office.enter("analyst").get("/tasks/written").content.decode()


def test_the_page_asks_the_same_for_many(office: Office) -> None:
    client = office.enter()
    client.get("/tasks/written")
    counts = []
    for number in (1, 9):
        for _ in range(number):
            make_dashboard.text(office.workspace, at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            client.get("/tasks/written")
        counts.append(len(queries))
    assert counts[0] == counts[1]
