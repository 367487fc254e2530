"""Webhooks, Google's and Apple's push, and staff tasks: their wire formats, and what their answers mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engagement.models import Workspace
from engagement.sealing import CannotOpen, seal, unseal
from nudges.calling import (
    CannotDo,
    claim_task,
    finish_task,
    lapse_tasks,
    release_task,
    try_later,
    waiting_tasks,
)
from nudges.channels import Outcome, Refused, Sent
from nudges.channels.accounts import account_of
from nudges.channels.making import make_keys
from nudges.channels.mobile_push import MobilePushChannel
from nudges.channels.webhook import WebhookChannel
from nudges.models import ChannelAccount, Message, Reply
from tests import make, make_messages
from tests.https_peer import RESET, Answer, Peer, https_peer
from tests.make import NOW
from tests.make_channels import account, envelope, hand_over

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


@pytest.fixture
def peer(settings: Any) -> Iterator[Peer]:
    with https_peer(settings) as running:
        settings.FCM_URL = running.url
        yield running


def bare(outcome: Outcome) -> tuple[Any, ...]:
    if isinstance(outcome, Refused):
        return ("refused", outcome.permanent, outcome.suppresses, outcome.is_provider)
    return (type(outcome).__name__.lower(),)


class TestWebhook:
    def hook(self, peer: Peer, **fields: Any) -> Outcome:
        told = {"account": {"url": f"{peer.url}/in", "secret": SECRET}} | fields
        [outcome] = hand_over(WebhookChannel(), envelope(**told))
        return outcome

    def test_it_is_signed_over_exactly_what_is_sent(self, peer: Peer) -> None:
        given = envelope(account={"url": f"{peer.url}/in", "secret": SECRET})
        assert hand_over(WebhookChannel(), given, given) == [Sent(), Sent()]
        first, second = peer.received
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"msg_{given.dispatch_id.hex}"
        assert first.headers["webhook-signature"] == f"v1,{signature(first, b's' * 32)}"
        told = first.json
        assert (told["type"], told["data"]["customer"], told["data"]["subject"]) == (
            "nudge.message",
            "c1",
            "Grüße",
        )
        assert told["data"]["replies"]["helpful"] == f"{given.answer_url}helpful/"

    def test_after_a_rotation_both_secrets_sign_for_a_day(self, peer: Peer) -> None:
        old = "whsec_" + base64.b64encode(b"o" * 32).decode()
        kept = {"url": f"{peer.url}/in", "secret": SECRET, "old_secret": old}
        self.hook(peer, account=kept | {"rotated_at": (NOW - timedelta(hours=23)).isoformat()})
        self.hook(peer, account=kept | {"rotated_at": (NOW - timedelta(hours=25)).isoformat()})
        both, one = peer.received
        assert both.headers["webhook-signature"].split() == [
            f"v1,{signature(both, b's' * 32)}",
            f"v1,{signature(both, b'o' * 32)}",
        ]
        assert one.headers["webhook-signature"] == f"v1,{signature(one, b's' * 32)}"

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (Answer(204), ("sent",)),
            (Answer(302, headers={"Location": "https://127.0.0.1/"}), ("refused", False, "", False)),
            (Answer(400), ("refused", True, "", False)),
            (Answer(404), ("refused", False, "", False)),
            (Answer(410), ("refused", True, "", False)),
            (Answer(500), ("refused", False, "", False)),
            (Answer(504), ("refused", False, "", False)),
            (Answer(fault=RESET), ("refused", False, "", False)),
        ],
    )
    def test_what_the_receiver_answers(self, peer: Peer, answer: Answer, expected: tuple[Any, ...]) -> None:
        peer.answers.append(answer)
        assert bare(self.hook(peer)) == expected
        assert len(peer.received) == 1  # nothing is followed

    def test_a_private_address_is_never_asked(self, peer: Peer, settings: Any) -> None:
        settings.OUTBOUND_PRIVATE_HOSTS = []
        assert bare(self.hook(peer)) == ("refused", False, "", False)
        assert peer.received == []

    def test_the_secret_is_shown_once_and_kept_sealed(self, db: None) -> None:
        shop = make.workspace()
        first = make_keys(workspace=shop, channel="webhook", actor=None, now=NOW)
        second = make_keys(workspace=shop, channel="webhook", actor=None, now=NOW)
        kept = ChannelAccount.objects.get()
        assert first != second
        assert second not in json.dumps(kept.settings) + kept.sealed
        opened = account_of(shop, "webhook")
        assert (opened["secret"], opened["old_secret"]) == (second, first)


def signature(came: Any, secret: bytes) -> str:
    content = f"{came.headers['webhook-id']}.{came.headers['webhook-timestamp']}.".encode() + came.body
    return base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()


BEARER = Answer(200, {"access_token": "bearer-1"})


class TestGoogle:
    @pytest.fixture
    def key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def push(
        self,
        peer: Peer,
        key: rsa.RSAPrivateKey,
        *answers: Answer,
        token: Answer | None = BEARER,
        **fields: Any,
    ) -> Outcome:
        told = {
            "project_id": "shop",
            "client_email": "push@shop.example",
            "private_key": pem(key),
            "private_key_id": peer.name,
            "token_uri": f"{peer.url}/token",
        }
        peer.answers += [*([token] if token else []), *answers]
        [outcome] = hand_over(
            MobilePushChannel(),
            envelope(
                address="device-1",
                device={"platform": "fcm"},
                account={"fcm_service_account": json.dumps(told)},
                link="https://shop.example/p",
                **fields,
            ),
        )
        return outcome

    def test_a_token_is_kept_for_its_life_and_not_after_google_turned_it_down(
        self, peer: Peer, key: rsa.RSAPrivateKey
    ) -> None:
        yes, no = Answer(200, {"name": "n"}), Answer(401, {"error": {"status": "UNAUTHENTICATED"}})

        def token(name: str) -> Answer:
            return Answer(200, {"access_token": name, "expires_in": 3599})

        at = [NOW + timedelta(minutes=m) for m in (0, 1, 49, 51, 52, 53)]
        self.push(peer, key, yes, token=token("first"), now=at[0])
        self.push(peer, key, yes, token=None, now=at[1])
        self.push(peer, key, yes, token=None, now=at[2])
        self.push(peer, key, yes, token=token("second"), now=at[3])
        self.push(peer, key, no, token=None, now=at[4])
        self.push(peer, key, yes, token=token("third"), now=at[5])
        bearers = [
            came.headers["Authorization"].split()[1] for came in peer.received if came.path != "/token"
        ]
        assert bearers == ["first", "first", "first", "second", "second", "third"]
        assert len(peer.received) == 6 + 3

    def test_it_asks_for_a_token_and_sends_as_documented(self, peer: Peer, key: rsa.RSAPrivateKey) -> None:
        assert self.push(peer, key, Answer(200, {"name": "projects/shop/messages/9"})) == Sent(
            "projects/shop/messages/9"
        )
        asked, sent = peer.received
        claims = jwt.decode(
            asked.form["assertion"], key.public_key(), algorithms=["RS256"], audience=f"{peer.url}/token",
            options={"verify_exp": False, "verify_iat": False},
        )  # fmt: skip
        assert claims["iss"] == "push@shop.example"
        assert claims["scope"].endswith("/firebase.messaging")
        assert (sent.path, sent.headers["Authorization"]) == (
            "/v1/projects/shop/messages:send",
            "Bearer bearer-1",
        )
        message = sent.json["message"]
        assert (message["token"], message["notification"]) == (
            "device-1", {"title": "Grüße", "body": "Plain words"},
        )  # fmt: skip
        assert message["android"]["ttl"] == "3600s"
        assert message["data"]["answer"] == "https://touch.example/m/r/t/"
        assert all(isinstance(value, str) for value in message["data"].values())

    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (404, "UNREGISTERED", ("refused", True, "gone", False)),
            (403, "SENDER_ID_MISMATCH", ("refused", True, "gone", False)),
            (403, "", ("refused", False, "", False)),
            (400, "INVALID_ARGUMENT", ("refused", True, "", False)),
            (429, "QUOTA_EXCEEDED", ("refused", False, "", False)),
            (503, "UNAVAILABLE", ("refused", False, "", True)),
            (500, "INTERNAL", ("refused", False, "", True)),
        ],
    )
    def test_what_it_answers(
        self, peer: Peer, key: rsa.RSAPrivateKey, status: int, code: str, expected: tuple[Any, ...]
    ) -> None:
        details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}]
        body = {"error": {"status": code, "message": "no", "details": details if code else []}}
        assert bare(self.push(peer, key, Answer(status, body))) == expected

    def test_an_account_that_gets_no_token_waits(self, peer: Peer, key: rsa.RSAPrivateKey) -> None:
        peer.answers.append(Answer(400, {"error": "invalid_grant"}))
        assert bare(self.push(peer, key)) == ("refused", False, "", False)


def pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


class TestStaffTasks:
    @pytest.fixture
    def shop(self, db: None) -> Workspace:
        return make.workspace()

    def task(self, shop: Workspace, **fields: Any) -> Message:
        return make_messages.message(
            make_messages.nudge(shop), make.customer(shop), channel="staff_task", state="sent", attempts=1,
            next_attempt_at=None, **fields,
        )  # fmt: skip

    def test_the_queue_holds_what_waits_the_most_urgent_first(self, shop: Workspace) -> None:
        late = self.task(shop, not_after=NOW + timedelta(hours=9))
        soon = self.task(shop, not_after=NOW + timedelta(hours=1))
        self.task(shop, not_after=NOW - timedelta(hours=1))
        self.task(make.workspace(), not_after=NOW + timedelta(hours=2))
        assert list(waiting_tasks(shop, now=NOW)) == [soon, late]

    def test_one_takes_it_and_nobody_else_until_it_is_given_back_or_forgotten(self, shop: Workspace) -> None:
        task, ann, ben = self.task(shop), make.member(shop).user, make.member(shop).user
        claim_task(message=task, user=ann, now=NOW)
        with pytest.raises(CannotDo, match="has it"):
            claim_task(message=task, user=ben, now=NOW)
        assert release_task(message=task, user=ben) is False
        assert release_task(message=task, user=ann) is True
        claim_task(message=task, user=ben, now=NOW)
        assert claim_task(message=task, user=ann, now=NOW + timedelta(hours=5)).claimed_by == ann

    def test_reached_it_is_delivered_and_what_was_said_is_a_reply(self, shop: Workspace) -> None:
        task = self.task(shop)
        heard = finish_task(
            message=task,
            is_reached=True,
            reply="not_now",
            note="in May",
            user=make.member(shop).user,
            now=NOW,
        )
        task.refresh_from_db()
        assert (task.state, heard.kind if heard else "") == ("delivered", "not_now")
        with pytest.raises(CannotDo):
            finish_task(message=task, is_reached=False, user=None, now=NOW)

    def test_given_up_or_too_late_it_has_failed_and_counts_no_more(self, shop: Workspace) -> None:
        given_up, late = self.task(shop), self.task(shop, not_after=NOW)
        waiting = self.task(shop, not_after=NOW + timedelta(hours=1))
        finish_task(message=given_up, is_reached=False, user=None, now=NOW)
        assert lapse_tasks(now=NOW)["lapsed"] == 1
        for task, state in ((given_up, "failed"), (late, "failed"), (waiting, "sent")):
            task.refresh_from_db()
            assert (task.state, task.counts) == (state, state == "sent")
        assert not Reply.objects.exists()

    def test_to_be_tried_again_it_comes_back_in_time(self, shop: Workspace) -> None:
        first, second = self.task(shop), self.task(shop)
        try_later(message=first, note="engaged", until=NOW + timedelta(hours=2), now=NOW)
        assert list(waiting_tasks(shop, now=NOW)) == [second, first]
        first.task.refresh_from_db()
        assert (first.task.tries, first.task.note) == (1, "engaged")
        with pytest.raises(CannotDo, match="of no use"):
            try_later(message=first, note="", until=first.not_after, now=NOW)


class TestSealing:
    def test_only_this_installation_opens_it_also_after_a_rotation(self, settings: Any) -> None:
        sealed = seal({"token": "s3cret"})
        assert "s3cret" not in sealed
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another"
        assert unseal(sealed) == {"token": "s3cret"}
        settings.SECRET_KEY_FALLBACKS = []
        with pytest.raises(CannotOpen):
            unseal(sealed)

    def test_an_account_that_cannot_be_opened_is_as_one_that_is_not_set_up(
        self, db: None, settings: Any
    ) -> None:
        shop = make.workspace()
        account(shop, "sms", account_sid="AC1", auth_token="t0ken")
        assert account_of(shop, "sms")["auth_token"] == "t0ken"
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []
        assert account_of(shop, "sms") == {}
