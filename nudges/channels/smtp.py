"""E-mail by SMTP: a few kept connections used in turn, each pipelined where the server offers it (RFC 2920).

A connection says a mail's text and the next mail's envelope in one go, then reads the answers to both; while the server
works, the next mail is written and the other connections speak. So a mail costs one round trip, of which several run at
a time.
"""

from __future__ import annotations

import smtplib
import socket
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.core.mail.backends.smtp import EmailBackend

from nudges.channels import Envelope, Outcome, Refused, Sent, Unknown
from nudges.channels.mime import BadAddress, mailbox, sender_of, write_mime
from nudges.channels.smtp_answers import (
    GO_ON,
    SERVICE_CLOSING,
    Answer,
    answer,
    answered,
    refused_envelope,
    words_of,
)

CONNECTIONS = 4
WORTH_ANOTHER = 10  # mails


class Mail(NamedTuple):
    """A mail ready to be said: its place in the stream, its envelope as commands, its text."""

    place: int
    commands: tuple[bytes, bytes, bytes]
    text: bytes


class Closing(smtplib.SMTPException):
    """The server ends the connection by a 421."""


class OutOfStep(smtplib.SMTPException):
    """The server said something that answers nothing we said: from here on every answer would be another's."""


class SmtpSession:
    """Hands envelopes over on up to `CONNECTIONS` connections, opened as they are needed and kept while they work."""

    def __init__(self, backend: EmailBackend) -> None:
        self._lines = [Line(backend) for _ in range(CONNECTIONS)]
        self._wanted = 1

    def send(self, envelopes: Iterable[Envelope]) -> Iterator[Outcome]:
        """An outcome for each envelope, in their order; see `nudges.channels.Send`."""
        known: dict[int, Outcome] = {}
        told = 0
        for place, envelope in enumerate(envelopes):
            mail = written(envelope, place)
            if isinstance(mail, Refused):
                known[place] = mail
            else:
                self._lines[place % self._open_lines(place)].take(mail, known)
            while told in known:
                yield known.pop(told)
                told += 1
        for line in self._lines:
            line.finish(known)
        yield from (known[place] for place in sorted(known))

    def close(self) -> None:
        for line in self._lines:
            line.close()

    def _open_lines(self, place: int) -> int:
        """A few mails are not worth a second connection."""
        self._wanted = max(self._wanted, min(1 + place // WORTH_ANOTHER, CONNECTIONS))
        return self._wanted


class Line:
    """One connection, with at most one mail whose text is out and one whose envelope is, both not yet answered."""

    def __init__(self, backend: EmailBackend) -> None:
        self._backend = backend
        self._server: smtplib.SMTP | None = None
        self._pipelines = False
        self._has_served = False
        self._texted: Mail | None = None
        self._asked: Mail | None = None
        self._again: deque[Mail] = deque()
        self._reset = b""

    def take(self, mail: Mail, known: dict[int, Outcome]) -> None:
        """Begin with the next mail, and put into `known` what has become of those before."""
        ready = self._settle(known)
        while (
            self._again
        ):  # its envelope was out when a connection that had worked broke: it has not been taken
            self._say(None, self._again.popleft(), known)
            ready = self._settle(known)
        self._say(ready, mail, known)

    def finish(self, known: dict[int, Outcome]) -> None:
        """Put what has become of all mails into `known`."""
        while self._asked or self._texted or self._again:
            ready = self._settle(known)
            if ready or self._again:
                self._say(ready, self._again.popleft() if self._again else None, known)

    def close(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        try:
            server.quit()
        except (OSError, smtplib.SMTPException):
            server.close()  # it was broken already, and what became of each mail is known

    def _say(self, ready: Mail | None, mail: Mail | None, known: dict[int, Outcome]) -> None:
        """The text of the mail whose envelope was taken, and the envelope of the next."""
        try:
            server = self._server or self._open()
        except (OSError, smtplib.SMTPException) as error:
            assert ready is None, "a mail whose envelope was taken has a connection"
            if mail:
                known[mail.place] = Refused(words_of(error), permanent=False, is_provider=True)
            return
        self._texted, self._asked = ready, mail
        said = ready.text if ready else b""
        if mail and self._pipelines:
            said += self._reset + b"".join(mail.commands)
        try:
            if said:
                server.send(said)
        except (OSError, smtplib.SMTPException) as error:
            self._break(error, known)

    def _settle(self, known: dict[int, Outcome]) -> Mail | None:
        """Read the answers that are due; returns the mail whose text may now go out."""
        try:
            if mail := self._texted:
                code, words = self._read()
                self._texted, self._has_served = None, True
                known[mail.place] = (
                    _taken(words) if code == 250 else answered(code, words, is_recipient=False)
                )
                if code == SERVICE_CLOSING:
                    raise Closing(f"{code} {words.decode('utf-8', 'replace')}")
            if mail := self._asked:
                refused = refused_envelope(*self._answers(mail))
                self._asked = None
                if refused is None:
                    return mail
                known[mail.place] = refused
        except (OSError, smtplib.SMTPException) as error:
            self._break(error, known)
        return None

    def _answers(self, mail: Mail) -> tuple[Answer, Answer, Answer]:
        """What the server says to the three commands of an envelope; leaves it ready for the next one."""
        if self._pipelines:
            if self._reset:
                self._read()
            sender, recipient, data = self._read(), self._read(), self._read()
        else:
            sender, recipient, data = self._one_by_one(mail)
        if data[0] < GO_ON:
            raise OutOfStep(answer(*data))
        is_refused = sender[0] >= 400 or recipient[0] >= 400
        if is_refused and data[0] == GO_ON:  # it waits for a text that has nobody to go to
            self._tell(b".\r\n")
        self._reset = b"RSET\r\n" if is_refused or data[0] != GO_ON else b""
        if self._reset and not self._pipelines:
            self._tell(self._reset)
            self._reset = b""
        for code, words in (sender, recipient, data):
            if code == SERVICE_CLOSING:
                raise Closing(f"{code} {words.decode('utf-8', 'replace')}")
        return sender, recipient, data

    def _one_by_one(self, mail: Mail) -> tuple[Answer, Answer, Answer]:
        answers: list[Answer] = []
        for command in mail.commands:
            if not answers or answers[-1][0] < 400:
                answers.append(self._tell(command))
            else:
                answers.append(answers[-1])
        return answers[0], answers[1], answers[2]

    def _tell(self, command: bytes) -> Answer:
        assert self._server
        self._server.send(command)
        return self._read()

    def _read(self) -> Answer:
        assert self._server
        return self._server.getreply()

    def _open(self) -> smtplib.SMTP:
        backend = self._backend
        backend.connection = None  # each line has one of its own
        backend.open()
        server: smtplib.SMTP | None = backend.connection
        backend.connection = None
        assert server
        server.ehlo_or_helo_if_needed()
        assert server.sock
        server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server, self._pipelines = server, server.has_extn("pipelining")
        self._has_served, self._reset = False, b""
        return server

    def _break(self, error: Exception, known: dict[int, Outcome]) -> None:
        """The dialogue broke: a text without an answer may have been taken, an envelope alone has not."""
        texted, asked, had_served = self._texted, self._asked, self._has_served
        self._texted = self._asked = None
        server, self._server = self._server, None
        if server:
            server.close()
        if texted:
            known[texted.place] = Unknown(words_of(error))
        if asked and had_served:
            self._again.append(asked)
        elif asked:
            known[asked.place] = Refused(words_of(error), permanent=False, is_provider=True)


def _taken(words: bytes) -> Sent:
    """With the server's own id where it is Amazon SES, which calls the mail so when it reports on it."""
    return Sent(words[3:200].decode("ascii", "replace")) if words.startswith(b"Ok ") else Sent()


def written(envelope: Envelope, place: int) -> Mail | Refused:
    """A mail as it is said, or why it cannot be: that is this mail's fault and no other's."""
    try:
        text = write_mime(envelope)
        recipient = mailbox(envelope.address)
    except BadAddress as error:
        return Refused(str(error), permanent=True, is_bounce=True)
    except ValueError as error:
        return Refused(words_of(error), permanent=True)
    _name, sender = sender_of(envelope)
    commands = (f"MAIL FROM:<{sender}>\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode(), b"DATA\r\n")
    return Mail(place, commands, text.replace(b"\r\n.", b"\r\n..") + b".\r\n")
