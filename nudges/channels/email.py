"""E-mail: SMTP, or a provider's API by anymail, or any other of Django's mail backends; by the installation's, or by
an account that a workspace has with a provider.

No mail server and no provider's API that we know can be asked about a message by our own key, and none promises to
take one only once. So the capability is `none`: what may have been taken is not handed over again, save for service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formataddr, parseaddr
from functools import lru_cache
from itertools import chain, groupby

from anymail.exceptions import AnymailConfigurationError
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from nudges.channels import Capability, Envelope, Outcome, Refused, Send
from nudges.channels.mail_accounts import FIELDS, check_account
from nudges.channels.mail_providers import own_backend
from nudges.channels.mailers import MailerSession
from nudges.channels.smtp import SmtpSession

# What a mail server's address says, as the settings and as Django's backend call it.
OPTIONS = {
    "EMAIL_HOST": "host",
    "EMAIL_PORT": "port",
    "EMAIL_HOST_USER": "username",
    "EMAIL_HOST_PASSWORD": "password",
    "EMAIL_USE_TLS": "use_tls",
    "EMAIL_USE_SSL": "use_ssl",
}


Session = SmtpSession | MailerSession


class EmailChannel:
    """Capability `none`: at most once for nudges, at least once for service messages.

    Without an argument by the settings' first mail server or provider, else by the one of `EMAIL_FALLBACKS`.
    """

    capability = Capability("none")
    is_pull = False
    account_fields = FIELDS
    check_account = staticmethod(check_account)
    has_default_account = True

    def __init__(self, fallback: str = "") -> None:
        self._fallback = fallback
        self.provider = f"email:{fallback}" if fallback else "email"

    @contextmanager
    def session(self) -> Iterator[Send]:
        sessions = _Sessions(self._backend())
        try:
            yield sessions.send
        finally:
            sessions.close()

    def _backend(self) -> BaseEmailBackend:
        if not self._fallback:
            return get_connection(settings.EMAIL_BACKEND)
        named = settings.EMAIL_FALLBACKS[self._fallback]
        options = {option: named[name] for name, option in OPTIONS.items() if named.get(name) is not None}
        return get_connection(named["EMAIL_BACKEND"], timeout=settings.EMAIL_TIMEOUT, **options)


class _Sessions:
    """The installation's session, and beside it one for each workspace's own account, opened when it is needed."""

    def __init__(self, backend: BaseEmailBackend) -> None:
        self._shared = _session(backend)
        self._own: dict[str, Session] = {}

    def send(self, envelopes: Iterable[Envelope]) -> Iterator[Outcome]:
        """An outcome for each, in their order: mails that leave the same way and stand together go together."""
        for own, together in groupby(envelopes, key=_own_account):
            if own is None:
                yield from self._shared.send(together)
            else:
                yield from self._send_own(own, together)

    def close(self) -> None:
        for session in [self._shared, *self._own.values()]:
            session.close()

    def _send_own(self, own: str, envelopes: Iterable[Envelope]) -> Iterator[Outcome]:
        for envelope in envelopes:  # the first says by which account
            if own not in self._own:
                try:
                    self._own[own] = _session(own_backend(envelope.account))
                except (KeyError, ValueError, AnymailConfigurationError) as error:
                    words = f"the account cannot be used: {error}"[:500]
                    yield Refused(words, permanent=False, is_provider=True)
                    continue
            yield from self._own[own].send(chain([envelope], envelopes))


def _session(backend: BaseEmailBackend) -> Session:
    return SmtpSession(backend) if isinstance(backend, EmailBackend) else MailerSession(backend)


def _own_account(envelope: Envelope) -> str | None:
    """The workspace's own account by which it leaves; None for the installation's."""
    account: Mapping[str, str] = envelope.account
    return account["id"] if account.get("provider") else None


def sender(name: str, address: str) -> str:
    """How a workspace's mail is signed: its own address where it has one, else its name before the installation's."""
    return _signed(name, address, settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=512)
def _signed(name: str, address: str, default: str) -> str:
    default_name, default_address = parseaddr(default)
    return formataddr((name or default_name, address or default_address))
