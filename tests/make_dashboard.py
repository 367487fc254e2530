"""A workspace with one of everything that a dashboard page shows, and somebody of every role."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from engagement.events import IncomingEvent
from engagement.ingesting import ingest_events
from engagement.keys import make_key
from engagement.models import (
    ApiKey,
    Customer,
    Invitation,
    Member,
    RejectedEvent,
    Role,
    Suppression,
    Workspace,
)
from engagement.suppressing import suppress_address
from journeys.guides import save_guide
from journeys.models import Guide
from nudges.models import Broadcast, Decision, InboundText, Nudge, NudgeContent
from reviews.importing import upload_reviews
from reviews.models import Post, Review, ReviewImport, ReviewPhoto
from reviews.talking import ask_question
from tests import make, make_contents, make_flows, make_nudges, make_reviews, make_surveys, make_webhooks
from tests.make import NOW

_serial = count(1)


class Office:
    """One company's workspace and the people in it; `enter("owner")` is a browser in which that person is signed in."""

    def __init__(self, **fields: Any) -> None:
        self.workspace: Workspace = make.workspace(**fields)
        self.members: dict[str, Member] = {role: member(self.workspace, role) for role in Role.values}

    def enter(self, role: str = "owner") -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(self.members[role].user)
        return client

    def furnish(self) -> Office:
        """Put one of each thing into it; ids for addresses are in `ids`."""
        workspace = self.workspace
        customer = make.customer(workspace, email="ada@example.org", name="Ada Lovelace")
        need = make_nudges.need(workspace, slug=f"need-{next(_serial)}")
        topic = make.category(workspace)
        nudge = make_nudges.nudge(
            workspace, category=topic, trigger="broadcast", trigger_stage="", name="Sale"
        )
        content = NudgeContent.objects.create(
            workspace=workspace,
            nudge=nudge,
            channel="email",
            subject="Hello",
            body="Dear {{ customer.name }}",
        )
        make_nudges.customer_need(customer, need)
        make_nudges.sent(nudge, customer, at=NOW)
        review = make_reviews.review(make.product(workspace, name="Tent"), customer, published=False)
        self.customer, self.need, self.topic, self.nudge, self.review = customer, need, topic, nudge, review
        flow = make_flows.flow(workspace, make_flows.say(nudge), name="Welcome")
        self.guide = guide(self)
        self.photo, self.question = photo(review), question(review)
        self.key = write_key(workspace)
        survey = make_surveys.survey(workspace)
        self.ids: dict[str, Any] = {
            "customer_id": customer.pk,
            "need_id": need.pk,
            "category_id": topic.pk,
            "nudge_id": nudge.pk,
            "content_id": content.pk,
            "review_id": review.pk,
            "import_id": review_import(workspace).pk,
            "guide_id": self.guide.pk,
            "survey_id": survey.pk,
            "change_id": make_surveys.change(survey).pk,
            "photo_id": self.photo.pk,
            "post_id": self.question.pk,
            "number": 1,
            "decision_id": Decision.objects.get(customer=customer).pk,
            "message_id": make_nudges.sent(nudge, customer, at=NOW, channel="staff_task", address="").pk,
            "broadcast_id": broadcast(nudge).pk,
            "cap_id": make_nudges.cap(workspace, 1).pk,
            "flow_id": flow.pk,
            "run_id": make_flows.run(flow, customer).pk,
            "dry_run_id": make_nudges.dry_run(nudge).pk,
            "throughput_id": make_nudges.throughput(workspace, 60).pk,
            "text_id": text(workspace, customer).pk,
            "endpoint_id": make_webhooks.endpoint(workspace).pk,
            "suppression_id": suppression(workspace).pk,
            "snippet_id": make_contents.snippet(workspace).pk,
            "picture_id": make_contents.picture(workspace).pk,
            "key_id": self.key.pk,
            "member_id": member(workspace, "analyst").pk,
            "invitation_id": Invitation.objects.create(
                workspace=workspace, email="new@example.org", role="analyst"
            ).pk,
        }
        return self


def text_of(answer: Any) -> str:
    """The page as it is read, without line breaks."""
    return " ".join(answer.content.decode().split())


def declared(office: Office, **fields: Any) -> dict[str, Any]:
    """The form of a nudge that a stage starts."""
    return {
        "name": "A tip",
        "promise": "choose_well",
        "interest": "customer",
        "category": office.topic.pk,
        "channel_1": "email",
        "channel_2": "inbox",
        "trigger": "stage_change",
        "trigger_need": office.need.pk,
        "trigger_stage": "shortlist",
        "conditions": "",
        "priority": 50,
        "on_cap": "drop",
        "expires_after_hours": 72,
        "respects_caps": "on",
        "counts": "on",
    } | fields


def photo(review: Review) -> ReviewPhoto:
    """A photo of the review, with files of a few bytes."""
    made = ReviewPhoto.objects.create(
        workspace=review.workspace, review=review, name=f"photo-{next(_serial)}", width=1, height=1,
        thumb_width=1, thumb_height=1, size=2, since=1, added_at=NOW,
    )  # fmt: skip
    for path in (made.path, made.thumb_path):
        default_storage.save(path, ContentFile(b"x"))
    return made


def question(review: Review) -> Post:
    """A question about the reviewed product that waits for a moderator."""
    return ask_question(
        product=review.product, customer=review.customer, body="Does it stand up to a storm?",
        author_name="Bo", language="en", situation={}, need_slug="", now=NOW,
    )  # fmt: skip


def suppression(workspace: Workspace) -> Suppression:
    suppress_address(
        workspace_id=workspace.pk, channel="email", value="gone@example.org", reason="hard_bounce", now=NOW
    )
    return Suppression.objects.get(workspace=workspace)


def member(workspace: Workspace, role: str) -> Member:
    """Somebody who is signed in by force: no password, so nothing is hashed."""
    email = f"{role}{next(_serial)}@example.org"
    user = get_user_model().objects.create(username=email, email=email)
    return Member.objects.create(workspace=workspace, user=user, role=role)


def write_key(workspace: Workspace) -> ApiKey:
    return make_key(workspace=workspace, kind="write", name="Shop")[0]


def review_import(workspace: Workspace) -> ReviewImport:
    """A file of one line whose product is in no catalogue."""
    file = BytesIO(b"sku,rating,date,body\nnowhere,5,2024-01-02,Fine\n")
    return upload_reviews(workspace=workspace, file=file, file_name="old.csv", user=None, now=NOW)


def guide(office: Office, **fields: Any) -> Guide:
    values = {
        "need": office.need,
        "stage": "shortlist",
        "language": "en",
        "slug": f"guide-{next(_serial)}",
        "title": "What to look for",
        "blocks": [{"kind": "text", "markdown": "Look **closely**."}],
    }
    return save_guide(workspace=office.workspace, values=values | fields, actor=None, now=NOW)


def text(workspace: Workspace, customer: Customer | None = None, **fields: Any) -> InboundText:
    return InboundText.objects.create(
        workspace=workspace,
        customer=customer,
        **{
            "channel": "sms",
            "provider_id": f"SM{next(_serial)}",
            "address": "+4915112345678",
            "text": "Do you have it in blue?",
            "at": NOW,
        }
        | fields,
    )


def broadcast(nudge: Nudge, **fields: Any) -> Broadcast:
    return Broadcast.objects.create(
        workspace=nudge.workspace,
        nudge=nudge,
        **{"started_at": NOW, "not_after": NOW + timedelta(days=1), "audience": 10, "put_forward": 4}
        | fields,
    )


def events(workspace: Workspace, number: int, name: str = "Product Viewed") -> None:
    """So many events, each of a customer of its own, a second apart."""
    for n in range(number):
        at = NOW + timedelta(seconds=n)
        serial = next(_serial)
        made = IncomingEvent(
            type="track", name=name, message_id=f"made-{serial}", occurred_at=at, user_id=f"u{serial}"
        )
        ingest_events(workspace_id=workspace.pk, events=[made], received_at=at, source="tracking")


def rejected(workspace: Workspace, **fields: Any) -> RejectedEvent:
    return RejectedEvent.objects.create(
        workspace=workspace,
        **{
            "received_at": NOW,
            "index": 3,
            "code": "missing_user",
            "message": "An event needs a userId or an anonymousId.",
            "payload": {"event": "Product Viewed"},
        }
        | fields,
    )
