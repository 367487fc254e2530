"""What providers of e-mail post when they report, in the shapes of their own documentation, and signed as they sign."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from nudges.models import Message

KINDS = ("delivered", "gone", "full", "spam")
MAILGUN_KEY, MAILERSEND_KEY = "mg-signing-key", "ms-signing-secret"


class Post(NamedTuple):
    """One call of a provider's."""

    body: str
    headers: dict[str, str] = {}


Write = Callable[[Message, str], Post]


def sendgrid(message: Message, kind: str) -> Post:
    """Signed by ECDSA over timestamp and body; unique arguments stand among the event's own."""
    event = {
        "email": message.address,
        "timestamp": 1772625600,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "sg_event_id": f"{kind}-{message.pk}",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "dispatch_id": str(message.dispatch_id),
    } | {
        "delivered": {"event": "delivered", "response": "250 OK"},
        "gone": {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 Nobody there"},
        "full": {"event": "bounce", "type": "blocked", "status": "4.2.2", "reason": "552 mailbox is full"},
        "spam": {"event": "spamreport"},
    }[kind]
    body = json.dumps([event])
    signature = sendgrid_key().sign(b"1772625601" + body.encode(), ec.ECDSA(SHA256()))
    prefix = "X-Twilio-Email-Event-Webhook"
    return Post(
        body, {f"{prefix}-Signature": b64encode(signature).decode(), f"{prefix}-Timestamp": "1772625601"}
    )


@cache
def sendgrid_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sendgrid_public_key() -> str:
    """As SendGrid's settings show it: base64 without the lines around it."""
    der = sendgrid_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(der).decode()


def mailgun(message: Message, kind: str) -> Post:
    """Signed by HMAC over timestamp and token, beside the event."""
    token, timestamp = f"{kind:0>50}", "1772625601"
    event: dict[str, Any] = {
        "event": {"delivered": "delivered", "spam": "complained"}.get(kind, "failed"),
        "timestamp": 1772625600.5,
        "recipient": message.address,
        "message": {"headers": {"message-id": f"{message.dispatch_id}@touchstone.localhost"}},
        "user-variables": {"dispatch_id": str(message.dispatch_id)},
    } | {
        "gone": {
            "severity": "permanent",
            "reason": "bounce",
            "delivery-status": {"code": 550, "message": "5.1.1 Nobody there"},
        },
        "full": {
            "severity": "permanent",
            "reason": "generic",
            "delivery-status": {"code": 552, "message": "5.2.2 mailbox is full"},
        },
    }.get(kind, {})
    signature = hmac.new(MAILGUN_KEY.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"token": token, "timestamp": timestamp, "signature": signature}
    return Post(json.dumps({"signature": signed, "event-data": event}))


def mailjet(message: Message, kind: str) -> Post:
    """A list where events are grouped; nothing but the address's secret proves it. Our id stands in its payload."""
    event = {
        "time": 1772625600,
        "MessageID": 19421777835146490,
        "Message_GUID": "1ab23cd4-e567-8901-2345-6789f0gh1i2j",
        "email": message.address,
        "CustomID": "",
        "Payload": json.dumps({"dispatch_id": str(message.dispatch_id)}),
    } | {
        "delivered": {"event": "sent", "smtp_reply": "250 OK"},
        "gone": {
            "event": "bounce",
            "hard_bounce": True,
            "blocked": True,
            "error_related_to": "recipient",
            "error": "user unknown",
        },
        "full": {
            "event": "bounce",
            "hard_bounce": False,
            "blocked": False,
            "error_related_to": "recipient",
            "error": "quota exceeded",
        },
        "spam": {"event": "spam", "source": "JMRPP"},
    }[kind]
    return Post(json.dumps([event]))


def mailersend(message: Message, kind: str) -> Post:
    """Signed by HMAC over the body; it carries no words of ours, so the mail is found by the provider's own id."""
    word = {
        "delivered": "delivered",
        "gone": "hard_bounced",
        "full": "soft_bounced",
        "spam": "spam_complaint",
    }
    morph = {"object": "recipient_bounce", "reason": "550 Nobody there"} if kind in ("gone", "full") else None
    body = json.dumps(
        {
            "type": f"activity.{word[kind]}",
            "created_at": "2026-03-04T12:00:00.000000Z",
            "data": {
                "object": "activity",
                "id": f"{kind}-{message.pk}",
                "type": word[kind],
                "email": {
                    "message": {"object": "message", "id": message.provider_id},
                    "recipient": {"object": "recipient", "email": message.address},
                },
                "morph": morph,
            },
        }
    )
    signature = hmac.new(MAILERSEND_KEY.encode(), body.encode(), hashlib.sha256).hexdigest()
    return Post(body, {"Signature": signature})


def resend(message: Message, kind: str) -> Post:
    """Our id stands in a header of the mail, which the event repeats."""
    event = {"delivered": "delivered", "spam": "complained"}.get(kind, "bounced")
    bounce = {
        "gone": {"type": "Permanent", "subType": "General", "message": "a hard bounce message"},
        "full": {
            "type": "Transient",
            "subType": "MailboxFull",
            "message": "a bounce message: the inbox is full",
        },
    }
    metadata = json.dumps({"dispatch_id": str(message.dispatch_id)})
    data = {
        "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
        "to": [message.address],
        "headers": [{"name": "X-Metadata", "value": metadata}],
    } | ({"bounce": bounce[kind]} if kind in bounce else {})
    return Post(
        json.dumps({"type": f"email.{event}", "created_at": "2026-03-04T12:00:00.000Z", "data": data})
    )


def brevo(message: Message, kind: str) -> Post:
    """One event a call; nothing but the address's secret proves it. Our id stands in a header that it repeats."""
    event = {
        "event": {"gone": "hard_bounce", "full": "soft_bounce"}.get(kind, kind),
        "email": message.address,
        "id": 26224,
        "date": "2026-03-04 13:00:00",
        "ts": 1772625600,
        "ts_event": 1772625600,
        "ts_epoch": 1772625600000,
        "message-id": "<201798300811.5787683@relay.domain.com>",
        "X-Mailin-custom": json.dumps({"dispatch_id": str(message.dispatch_id)}),
        "tags": [],
    }
    reason = {"gone": "550 5.1.1 Nobody there", "full": "452 4.2.2 mailbox is full"}.get(kind)
    return Post(json.dumps(event | ({"reason": reason} if reason else {})))


def sparkpost(message: Message, kind: str) -> Post:
    """A list of wrapped events, and empty ones that ask whether we are there. The address's secret proves it."""
    event = {
        "type": {"delivered": "delivery", "spam": "spam_complaint"}.get(kind, "bounce"),
        "event_id": f"{kind}-{message.pk}",
        "message_id": "000443ee14578172be22",
        "transmission_id": "65832150921904138",
        "raw_rcpt_to": message.address,
        "rcpt_to": message.address,
        "rcpt_meta": {"dispatch_id": str(message.dispatch_id)},
        "timestamp": "1772625600",
    } | {
        "gone": {"bounce_class": "10", "error_code": "550", "raw_reason": "550 5.1.1 Nobody there"},
        "full": {"bounce_class": "22", "error_code": "552", "raw_reason": "552 5.2.2 mailbox is full"},
        "spam": {"fbtype": "abuse"},
    }.get(kind, {})
    return Post(json.dumps([{"msys": {}}, {"msys": {"message_event": event}}]))


def amazon_ses(message: Message, kind: str, *, certificate_url: str, version: str = "2") -> Post:
    """SES's notification within one of SNS, which Amazon signs; the mail's headers are included."""
    bounced = [{"emailAddress": message.address, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1"}]
    told = {
        "delivered": {"recipients": [message.address], "smtpResponse": "250 ok"},
        "gone": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": bounced},
        "full": {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": bounced},
        "spam": {
            "complainedRecipients": [{"emailAddress": message.address}],
            "complaintFeedbackType": "abuse",
        },
    }[kind]
    name = {"delivered": "Delivery", "spam": "Complaint"}.get(kind, "Bounce")
    mail = {
        "messageId": "0000014a-f4d4-4f98-b8c6-3a7c1c2d2f11-000000",
        "destination": [message.address],
        "headers": [{"name": "Message-ID", "value": f"<{message.dispatch_id}@touchstone.localhost>"}],
    }
    inner = json.dumps({"notificationType": name, name.lower(): told, "mail": mail})
    return sns({"Type": "Notification", "Message": inner}, certificate_url=certificate_url, version=version)


def sns(told: dict[str, str], *, certificate_url: str, version: str = "2") -> Post:
    """One of SNS's own calls, signed."""
    body = {
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:mails",
        "Timestamp": "2026-03-04T12:00:00.000Z",
    } | told
    signed = "".join(f"{name}\n{body[name]}\n" for name in sorted(body))
    algorithm = SHA256() if version == "2" else SHA1()  # version 1 is what Amazon still begins with
    signature = amazon_key().sign(signed.encode(), padding.PKCS1v15(), algorithm)
    body |= {
        "SignatureVersion": version,
        "Signature": b64encode(signature).decode(),
        "SigningCertURL": certificate_url,
    }
    headers = {"X-Amz-Sns-Message-Type": body["Type"], "X-Amz-Sns-Message-Id": body["MessageId"]}
    return Post(json.dumps(body), headers)


@cache
def amazon_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def amazon_certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(amazon_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .sign(amazon_key(), SHA256())
    )
    return made.public_bytes(Encoding.PEM)
