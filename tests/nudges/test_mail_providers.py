"""Reports of many providers by the door of a workspace's own account, and mails that leave by such an account."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from engagement.models import Address, Event, Suppression
from nudges.channels.mail_providers import OTHERS, PROVIDERS
from nudges.models import ChannelAccount, Message
from nudges.sending.bounces import NOBODY_THERE
from tests import make, make_channels, make_messages
from tests import make_mail_reports as reports
from tests.https_peer import Answer, Peer, https_peer
from tests.make import NOW
from tests.make_mail_reports import Post, Write

pytestmark = pytest.mark.django_db
SECRET = "reports:s3cret"
CERTIFICATE = "/SimpleNotificationService-1.pem"
WRITERS: dict[str, Write] = {
    "sendgrid": reports.sendgrid,
    "mailgun": reports.mailgun,
    "mailjet": reports.mailjet,
    "mailersend": reports.mailersend,
    "resend": reports.resend,
    "brevo": reports.brevo,
    "sparkpost": reports.sparkpost,
}
KEYS = {
    "sendgrid": reports.sendgrid_public_key(),
    "mailgun": reports.MAILGUN_KEY,
    "mailersend": reports.MAILERSEND_KEY,
}


@pytest.fixture
def amazon(settings: Any) -> Iterator[Peer]:
    """Where Amazon serves its certificate and takes confirmations."""
    with https_peer(settings) as peer:
        settings.SNS_URL = peer.url
        peer.otherwise = Answer(200, reports.amazon_certificate())
        yield peer


@pytest.fixture(params=[*WRITERS, "amazon_ses"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def write(provider: str, amazon: Peer) -> Write:
    if provider == "amazon_ses":
        return lambda message, kind: reports.amazon_ses(
            message, kind, certificate_url=f"{amazon.url}{CERTIFICATE}"
        )
    return WRITERS[provider]


def account(message: Message, provider: str) -> ChannelAccount:
    return make_channels.account(
        message.workspace,
        "email",
        provider=provider,
        api_key="k",
        signing_key=KEYS.get(provider, ""),
        webhook_secret=SECRET,
    )


def sent(name: str = "ana") -> Message:
    nudge = make_messages.nudge(make.workspace())
    customer = make.customer(nudge.workspace, email=f"{name}@example.org")
    return make_messages.message(
        nudge,
        customer,
        state="sent",
        attempts=1,
        sent_at=NOW,
        provider_id=f"own-{name}",
        next_attempt_at=None,
    )


def call(account: ChannelAccount, post: Post, *, secret: str = SECRET) -> int:
    headers = post.headers | (
        {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"} if secret else {}
    )
    answer = Client().post(
        f"/m/in/{account.pk}/mail/", post.body, content_type="application/json", headers=headers
    )
    return answer.status_code


def state(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_delivered_twice_is_once_and_a_late_bounce_moves_nothing_back(provider: str, write: Write) -> None:
    message = sent()
    own = account(message, provider)
    assert [call(own, write(message, "delivered")) for _ in range(2)] == [200, 200]
    assert state(message) == "delivered"
    assert Event.objects.filter(name="Message Delivered").count() == 1
    assert call(own, write(message, "full")) == 200
    assert state(message) == "delivered"
    assert not Suppression.objects.exists()


def test_nobody_there_suppresses_and_a_full_mailbox_does_not(provider: str, write: Write) -> None:
    gone, full = sent("gone"), sent("full")
    own = account(gone, provider)
    for _ in range(2):
        assert call(own, write(gone, "gone")) == 200
    assert call(own, write(gone, "delivered")) == 200, "what comes late is heard and changes nothing"
    assert (state(gone), gone.counts) == ("bounced", False)
    assert [(one.reason, one.workspace_id) for one in Suppression.objects.all()] == [
        ("hard_bounce", gone.workspace_id)
    ]
    assert call(account(full, provider), write(full, "full")) == 200
    # Mailgun and SendGrid call a full mailbox's mail lost, as others do, without blaming the address.
    assert state(full) == "bounced"
    assert Address.objects.get(customer=full.customer).suppressed_at is None


def test_a_complaint_suppresses_at_once(provider: str, write: Write) -> None:
    message = sent()
    own = account(message, provider)
    assert [call(own, write(message, "spam")) for _ in range(2)] == [200, 200]
    assert Suppression.objects.get().reason == "complaint"
    assert Suppression.objects.get().source == provider
    assert Event.objects.filter(name="Message Complained").count() == 1


def test_nobody_is_heard_without_the_secret_nor_with_anothers_signature(provider: str, write: Write) -> None:
    message = sent()
    own = account(message, provider)
    post = write(message, "gone")
    assert call(own, post, secret="") == 401
    assert call(own, post, secret="reports:guess") == 403
    if provider in (*KEYS, "amazon_ses"):
        forged = Post(post.body.replace(message.address, "eve@example.org"), post.headers)
        if provider == "mailgun":  # it signs a token, not the body
            forged = Post(post.body.replace('"token": "0', '"token": "1'), post.headers)
        assert call(own, forged) == 403
    assert call(own, Post("nonsense", post.headers)) in (400, 403)
    assert call(own, Post("[]", post.headers)) in (200, 400, 403)
    assert state(message) == "sent"
    assert not Suppression.objects.exists()


def test_an_account_is_not_heard_about_another_shops_mails(provider: str, write: Write) -> None:
    ours, theirs = sent("ours"), sent("theirs")
    own = account(ours, provider)
    assert call(own, write(theirs, "gone")) == 200
    assert state(theirs) == "sent"
    assert not Suppression.objects.exists()


def test_where_there_is_no_own_provider_there_is_no_door() -> None:
    message = sent()
    own = make_channels.account(message.workspace, "email", webhook_secret=SECRET)
    assert call(own, WRITERS["mailjet"](message, "gone")) == 404
    texts = make_channels.account(message.workspace, "sms", auth_token="t")
    assert call(texts, WRITERS["mailjet"](message, "gone")) == 404


def test_amazons_topic_is_confirmed_where_it_knows_the_secret(amazon: Peer) -> None:
    own = account(sent(), "amazon_ses")
    certificate = f"{amazon.url}{CERTIFICATE}"
    told = {"Type": "SubscriptionConfirmation", "Message": "You have chosen", "Token": "t"}
    ask = reports.sns(
        told | {"SubscribeURL": f"{amazon.url}/?Action=ConfirmSubscription&Token=t"},
        certificate_url=certificate,
    )
    assert call(own, ask, secret="reports:guess") == 403
    assert amazon.received == [], "who does not know the secret makes us fetch nothing"
    assert call(own, ask) == 200
    assert amazon.received[-1].path == "/?Action=ConfirmSubscription&Token=t"
    seen = len(amazon.received)
    lured = reports.sns(
        told | {"SubscribeURL": "https://169.254.169.254/latest"}, certificate_url=certificate
    )
    assert call(own, lured) == 400
    assert len(amazon.received) == seen


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-central-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-central-1.amazonaws.com/a.pem",
        "http://sns.eu-central-1.amazonaws.com/a.pem",
        "https://user@sns.eu-central-1.amazonaws.com/a.pem",
        "https://s3.eu-central-1.amazonaws.com/a.pem",
    ],
)
def test_a_certificate_that_amazon_does_not_serve_proves_nothing(amazon: Peer, url: str) -> None:
    message = sent()
    own = account(message, "amazon_ses")
    assert call(own, reports.amazon_ses(message, "gone", certificate_url=url)) == 403
    assert amazon.received == []
    assert state(message) == "sent"


def test_amazons_first_signature_is_known_too(amazon: Peer) -> None:
    message = sent()
    post = reports.amazon_ses(message, "gone", certificate_url=f"{amazon.url}/one.pem", version="1")
    assert call(account(message, "amazon_ses"), post) == 200
    assert state(message) == "bounced"


def test_each_provider_has_its_words_for_nobody_there() -> None:
    assert set(NOBODY_THERE) == set(PROVIDERS) | set(OTHERS)
    assert not any(is_gone({}) for is_gone in NOBODY_THERE.values())
