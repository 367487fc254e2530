"""E-mail: SMTP, or a provider's API by anymail, or any other of Django's mail backends.

No mail server and no provider's API that we know can be asked about a message by our own key, and none promises to
take one only once. So the capability is `none`: what may have been taken is not handed over again, save for service.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formataddr, parseaddr
from functools import lru_cache

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from nudges.channels import Capability, Send, one_by_one
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

    def __init__(self, fallback: str = "") -> None:
        self._fallback = fallback
        self.provider = f"email:{fallback}" if fallback else "email"

    @contextmanager
    def session(self) -> Iterator[Send]:
        backend = self._backend()
        session = SmtpSession(backend) if isinstance(backend, EmailBackend) else MailerSession(backend)
        try:
            yield session.send if isinstance(session, SmtpSession) else one_by_one(session.send)
        finally:
            session.close()

    def _backend(self) -> BaseEmailBackend:
        if not self._fallback:
            return get_connection(settings.EMAIL_BACKEND)
        named = settings.EMAIL_FALLBACKS[self._fallback]
        options = {option: named[name] for name, option in OPTIONS.items() if named.get(name) is not None}
        return get_connection(named["EMAIL_BACKEND"], timeout=settings.EMAIL_TIMEOUT, **options)


def sender(name: str, address: str) -> str:
    """How a workspace's mail is signed: its own address where it has one, else its name before the installation's."""
    return _signed(name, address, settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=512)
def _signed(name: str, address: str, default: str) -> str:
    default_name, default_address = parseaddr(default)
    return formataddr((name or default_name, address or default_address))
