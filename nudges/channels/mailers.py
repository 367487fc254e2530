"""E-mail by Django's mail backends: a provider's API through anymail, or what an installation brings along."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from datetime import timedelta
from queue import SimpleQueue

from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from anymail.message import AnymailStatus
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from nudges.channels import Envelope, Outcome, Refused, Sent, Unknown, guarded, one_by_one
from nudges.channels.mime import headers_of
from nudges.channels.smtp_answers import answer, words_of

CONNECTIONS = 4
WORTH_ANOTHER = 4  # mails
# Something between us and the provider gave up waiting for it.
MAYBE_TAKEN = (408, 502, 504)


class MailerSession:
    """Hands mails over to an API on up to `CONNECTIONS` connections, opened as they are needed, kept while they work.

    Each mail has words of its own and is one call, so several calls are under way at a time. Where it is no API there
    is one connection: other backends need not bear to be called by threads.
    """

    def __init__(self, backend: BaseEmailBackend) -> None:
        lines = CONNECTIONS if isinstance(backend, AnymailRequestsBackend) else 1
        self._backends = [copy(backend) for _ in range(lines)]
        self._idle: SimpleQueue[BaseEmailBackend] = SimpleQueue()
        for one in self._backends:
            self._idle.put(one)
        self._pool = ThreadPoolExecutor(lines, thread_name_prefix="mailer") if lines > 1 else None
        self._wanted = 1

    def send(self, envelopes: Iterable[Envelope]) -> Iterator[Outcome]:
        """An outcome for each, in their order; see `nudges.channels.Send`."""
        if self._pool is None:
            yield from one_by_one(self._send)(envelopes)
            return
        under_way: deque[Future[Outcome]] = deque()
        for place, envelope in enumerate(envelopes):
            under_way.append(self._pool.submit(guarded, self._send, envelope))
            self._wanted = max(self._wanted, min(1 + place // WORTH_ANOTHER, CONNECTIONS))
            while under_way and (len(under_way) >= self._wanted or under_way[0].done()):
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        for backend in self._backends:
            backend.close()

    def _send(self, envelope: Envelope) -> Outcome:
        backend = self._idle.get()
        try:
            return hand_over(envelope, backend)
        finally:
            self._idle.put(backend)


def hand_over(envelope: Envelope, backend: BaseEmailBackend) -> Outcome:
    """One mail by one connection, and what became of it."""
    mail = write_mail(envelope, backend)
    try:
        backend.open()
    except OSError as error:
        return Refused(words_of(error), permanent=False, is_provider=True)
    try:
        taken = backend.send_messages([mail])
    except AnymailError as error:
        return api_outcome(error)
    except ValueError as error:  # such as a line break in a header: this message, not the provider
        return Refused(words_of(error), permanent=True)
    except OSError as error:
        backend.close()
        return Unknown(words_of(error))
    if not taken:
        return Refused("the mail backend did not take it", permanent=True)
    return api_answer(getattr(mail, "anymail_status", None))


def write_mail(envelope: Envelope, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    """The mail as Django's backends take it."""
    mail = EmailMultiAlternatives(
        subject=envelope.subject,
        body=envelope.text,
        from_email=envelope.sender or settings.DEFAULT_FROM_EMAIL,
        to=[envelope.address],
        headers=headers_of(envelope),
        connection=connection,
    )
    mail.attach_alternative(envelope.html, "text/html")
    # Anymail's own attribute: it comes back with the provider's reports.
    mail.metadata = {"dispatch_id": str(envelope.dispatch_id)}  # type: ignore[attr-defined]
    return mail


def api_outcome(error: AnymailError) -> Outcome:
    """What a provider's API, called by anymail, means by its answer."""
    if isinstance(error, AnymailRecipientsRefused):
        return Refused(words_of(error), permanent=True, is_bounce=True)
    if not isinstance(error, AnymailAPIError):
        return Refused(
            words_of(error), permanent=True
        )  # our own settings or this message cannot be sent that way
    status = error.status_code
    if status is None and _never_connected(error):
        return Refused(words_of(error), permanent=False, is_provider=True)
    if status is None or status < 400 or status in MAYBE_TAKEN:
        return Unknown(words_of(error))
    if status in (401, 403, 429) or status >= 500:
        return Refused(words_of(error), permanent=False, is_provider=True, retry_after=_retry_after(error))
    return Refused(words_of(error), permanent=True)


def api_answer(status: AnymailStatus | None) -> Outcome:
    """What anymail read out of an answer; None: it was no API. A refusal whose words it did not know is still one."""
    response = status.esp_response if status else None
    code = getattr(response, "status_code", 200)
    if code >= 400:
        return Refused(answer(code, getattr(response, "text", "")), permanent=True)
    return Sent(provider_id=str((status.message_id if status else None) or "")[:200])


def _never_connected(error: AnymailAPIError) -> bool:
    """Whether nothing of the request can have left the house."""
    cause = error.__cause__.args[0] if error.__cause__ and error.__cause__.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError | ConnectTimeoutError)


def _retry_after(error: AnymailAPIError) -> timedelta | None:
    answer = getattr(error, "response", None)
    seconds = str(answer.headers.get("Retry-After", "")) if answer is not None else ""
    return timedelta(seconds=min(int(seconds), 86_400)) if seconds.isdigit() else None
