"""E-mail through Django's mail backend: SMTP, or a provider's API by anymail.

No mail server and no provider's API that we know can be asked about a message by our own key, and none promises to
take one only once. So the capability is `none`: what may have been taken is not handed over again, save for service.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import formataddr, parseaddr
from uuid import UUID

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from anymail.message import AnymailStatus
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from nudges.channels import Capability, Envelope, Outcome, Refused, Send, Sent, Unknown, one_by_one
from nudges.channels.smtp import EmailBackend as TrackingBackend

# Django's own SMTP backend is used with our eyes in it.
BACKENDS = {"django.core.mail.backends.smtp.EmailBackend": "nudges.channels.smtp.EmailBackend"}
# RFC 3463: the address itself is wrong, as opposed to a full mailbox or a refused content.
NOBODY_THERE = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b")
SERVICE_CLOSING = 421
# Something between us and the provider gave up waiting for it.
MAYBE_TAKEN = (408, 502, 504)


class EmailChannel:
    """Capability `none`: at most once for nudges, at least once for service messages."""

    provider = "email"
    capability = Capability("none")
    is_pull = False

    @contextmanager
    def session(self) -> Iterator[Send]:
        session = _Session()
        try:
            yield one_by_one(session.send)
        finally:
            session.close()

    def look_up(self, dispatch_id: UUID) -> Sent | None:
        """Mail cannot be looked up."""
        raise NotImplementedError("e-mail is not queryable")


class _Session:
    """One connection, opened at the first message, kept while it works, opened again after it broke."""

    def __init__(self) -> None:
        backend = settings.EMAIL_BACKEND
        self._backend: BaseEmailBackend = get_connection(BACKENDS.get(backend, backend))
        self._is_open = False

    def send(self, envelope: Envelope) -> Outcome:
        if not self._is_open and (refusal := self._open()):
            return refusal
        mail = write_mail(envelope, self._backend)
        try:
            taken = self._backend.send_messages([mail])
        except smtplib.SMTPException as error:
            return self._smtp_outcome(error)
        except AnymailError as error:
            return api_outcome(error)
        except (OSError, ValueError) as error:
            return self._broken(error)
        if not taken:
            return Refused("the mail backend did not take it", permanent=True)
        return api_answer(getattr(mail, "anymail_status", None))

    def close(self) -> None:
        self._is_open = False
        try:
            self._backend.close()
        except (OSError, smtplib.SMTPException):
            return  # it was broken already, and what became of each message is known

    def _open(self) -> Refused | None:
        try:
            self._backend.open()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Refused(_words(error), permanent=False, is_provider=True)
        self._is_open = True
        return None

    def _smtp_outcome(self, error: smtplib.SMTPException) -> Outcome:
        outcome = smtp_outcome(error)
        if isinstance(outcome, Unknown) and not self._may_have_gone_out():
            outcome = Refused(outcome.error, permanent=False, is_provider=True)
        if isinstance(outcome, Unknown) or getattr(self._backend, "is_lost", True):
            self.close()
        return outcome

    def _broken(self, error: Exception) -> Outcome:
        if isinstance(error, ValueError):  # such as a line break in a header: this message, not the provider
            return Refused(_words(error), permanent=True)
        maybe_out = self._may_have_gone_out()
        self.close()
        return (
            Unknown(_words(error)) if maybe_out else Refused(_words(error), permanent=False, is_provider=True)
        )

    def _may_have_gone_out(self) -> bool:
        """For a backend that does not tell, the cautious answer: yes."""
        return self._backend.is_handing_over if isinstance(self._backend, TrackingBackend) else True


def write_mail(envelope: Envelope, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    """The mail with its headers; the Message-ID is ours and the same at every attempt."""
    headers = {
        "Message-ID": f"<{envelope.dispatch_id}@{settings.MESSAGE_ID_DOMAIN}>",
        "Feedback-ID": f"n{envelope.nudge_id}:w{envelope.workspace_id}:{envelope.category}:touchstone",
        "Content-Language": envelope.language,
    }
    if not envelope.is_service:
        headers["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = EmailMultiAlternatives(
        subject=envelope.subject,
        body=envelope.text,
        from_email=envelope.sender or settings.DEFAULT_FROM_EMAIL,
        to=[envelope.address],
        headers=headers,
        connection=connection,
    )
    mail.attach_alternative(envelope.html, "text/html")
    return mail


def sender(name: str, address: str) -> str:
    """How a workspace's mail is signed: its own address where it has one, else its name before the installation's."""
    default_name, default_address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((name or default_name, address or default_address))


def smtp_outcome(error: smtplib.SMTPException) -> Outcome:
    """What an SMTP answer means. A broken dialogue is `Unknown`: the caller knows whether the text was on its way."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()))
            return _answered(code, words, is_recipient=True)
        case smtplib.SMTPSenderRefused() | smtplib.SMTPHeloError() | smtplib.SMTPAuthenticationError():
            # It refuses us, not the recipient: every other message would fare the same.
            return Refused(_answer(error.smtp_code, error.smtp_error), permanent=False, is_provider=True)
        case smtplib.SMTPResponseException():
            return _answered(error.smtp_code, error.smtp_error, is_recipient=False)
        case smtplib.SMTPNotSupportedError():
            return Refused(_words(error), permanent=True, is_bounce=True)
        case _:
            return Unknown(_words(error))


def api_outcome(error: AnymailError) -> Outcome:
    """What a provider's API, called by anymail, means by its answer."""
    if isinstance(error, AnymailRecipientsRefused):
        return Refused(_words(error), permanent=True, is_bounce=True)
    if not isinstance(error, AnymailAPIError):
        return Refused(
            _words(error), permanent=True
        )  # our own settings or this message cannot be sent that way
    status = error.status_code
    if status is None and _never_connected(error):
        return Refused(_words(error), permanent=False, is_provider=True)
    if status is None or status < 400 or status in MAYBE_TAKEN:
        return Unknown(_words(error))
    if status in (401, 403, 429) or status >= 500:
        return Refused(_words(error), permanent=False, is_provider=True, retry_after=_retry_after(error))
    return Refused(_words(error), permanent=True)


def api_answer(status: AnymailStatus | None) -> Outcome:
    """What anymail read out of an answer; None: it was no API. A refusal whose words it did not know is still one."""
    response = status.esp_response if status else None
    code = getattr(response, "status_code", 200)
    if code >= 400:
        return Refused(_answer(code, getattr(response, "text", "")), permanent=True)
    return Sent(provider_id=str((status.message_id if status else None) or "")[:200])


def _answered(code: int, words: bytes | str, *, is_recipient: bool) -> Refused:
    text = _answer(code, words)
    if code == SERVICE_CLOSING:
        return Refused(text, permanent=False, is_provider=True)
    if code < 500:
        return Refused(text, permanent=False)
    nobody = bool(NOBODY_THERE.search(text))
    return Refused(
        text,
        permanent=True,
        is_bounce=is_recipient or nobody,
        suppresses="hard_bounce" if nobody else "",
    )


def _never_connected(error: AnymailAPIError) -> bool:
    """Whether nothing of the request can have left the house."""
    cause = error.__cause__.args[0] if error.__cause__ and error.__cause__.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError | ConnectTimeoutError)


def _retry_after(error: AnymailAPIError) -> timedelta | None:
    answer = getattr(error, "response", None)
    seconds = str(answer.headers.get("Retry-After", "")) if answer is not None else ""
    return timedelta(seconds=min(int(seconds), 86_400)) if seconds.isdigit() else None


def _answer(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:500]


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
