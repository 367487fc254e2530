"""E-mail: SMTP, or a provider's API by anymail, or any other of Django's mail backends; by the installation's, or by
an account that a workspace has with a provider.

No mail server and no provider's API that we know can be asked about a message by our own key, and none promises to
take one only once. So the capability is `none`: what may have been taken is not handed over again, save for service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formataddr, parseaddr
from functools import lru_cache
from itertools import groupby

from anymail.exceptions import AnymailConfigurationError
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from nudges.channels import Capability, Envelope, Outcome, Refused, Send, Unknown, one_by_one
from nudges.channels.answers import Patience
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
        self._own: dict[str, SmtpSession | MailerSession] = {}
        self._patience = Patience()

    def send(self, envelopes: Iterable[Envelope]) -> Iterator[Outcome]:
        """An outcome for each, in their order: mails that leave the same way and stand together go together."""
        for own, together in groupby(envelopes, key=_own_account):
            if own is None:
                yield from _send(self._shared)(together)
            else:
                yield from one_by_one(self._send_own)(together)

    def close(self) -> None:
        for session in [self._shared, *self._own.values()]:
            session.close()

    def _send_own(self, envelope: Envelope) -> Outcome:
        """One after the other, so that one workspace's dead provider is given up soon; its faults are its own."""
        account = envelope.account
        if account["id"] not in self._own:
            try:
                self._own[account["id"]] = _session(own_backend(account))
            except (KeyError, ValueError, AnymailConfigurationError) as error:
                return Refused(f"the account cannot be used: {error}"[:500], permanent=False)
        session = self._own[account["id"]]
        outcome = self._patience.ask(
            f"//{account['provider']}-{account['id']}", lambda: next(_send(session)([envelope]))
        )
        if isinstance(outcome, Refused | Unknown) and outcome.is_provider:
            return replace(outcome, is_provider=False)
        return outcome


def _session(backend: BaseEmailBackend) -> SmtpSession | MailerSession:
    return SmtpSession(backend) if isinstance(backend, EmailBackend) else MailerSession(backend)


def _send(session: SmtpSession | MailerSession) -> Send:
    return session.send if isinstance(session, SmtpSession) else one_by_one(session.send)


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
