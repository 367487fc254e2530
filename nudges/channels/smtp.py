"""Django's SMTP backend, which also knows how far a broken dialogue had got."""

from __future__ import annotations

import smtplib
from typing import Any

from django.core.mail.backends import smtp


class _Tracking:
    """Remembers whether the text of a message is on its way, when nobody can say what the server does with it."""

    is_handing_over = False

    def mail(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self.is_handing_over = False
        return super().mail(*args, **kwargs)  # type: ignore[misc]

    def data(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self.is_handing_over = True
        answer = super().data(*args, **kwargs)  # type: ignore[misc]
        self.is_handing_over = False
        return answer


class TrackingSMTP(_Tracking, smtplib.SMTP):
    """SMTP, plain or upgraded by STARTTLS."""


class TrackingSMTPS(_Tracking, smtplib.SMTP_SSL):
    """SMTP inside TLS from the first byte."""


class EmailBackend(smtp.EmailBackend):
    """As Django's, with `is_handing_over` to tell a refusal from an outcome that nobody knows."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return TrackingSMTPS if self.use_ssl else TrackingSMTP

    @property
    def is_handing_over(self) -> bool:
        """Whether the dialogue broke after the text began to go out and before the server answered for it."""
        return bool(getattr(self.connection, "is_handing_over", False))

    @property
    def is_lost(self) -> bool:
        """Whether the connection cannot be used for another message."""
        return self.connection is None or getattr(self.connection, "sock", None) is None
