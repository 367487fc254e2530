"""Requests to addresses that somebody else has told us: over TLS, to public hosts only, nothing followed.

A name is resolved once, every address it has is checked, and the connection goes to the address that was checked, so
that a name which changes its mind in between (DNS rebinding) gains nothing. Redirects are answers, not orders. Proxies
of the environment are not used: they would resolve the name again.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings

FOR_EVER = float("inf")
# Ranges that Python calls global and that lead, or may lead, to private hosts behind a translator.
TRANSLATED = [
    ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
]


class AddressRefused(httpcore.ConnectError):
    """The host is private, or it is not to be spoken to without TLS."""


class Client(httpx.Client):
    """An httpx client that reaches public hosts only, and those that OUTBOUND_PRIVATE_HOSTS names.

    `timeout` is for each word that is waited for, `lasts` for a whole connection: who says a letter at a time is left.
    """

    def __init__(self, *, timeout: float = 10, lasts: float = FOR_EVER, http2: bool = False) -> None:
        super().__init__(transport=_Transport(http2=http2, lasts=lasts), timeout=timeout, trust_env=False)


def refusal_of(url: str) -> str:
    """Why an address can never be spoken to, in words for a log; empty when it may be. Resolves nothing."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "it is no address"
    if parts.username or parts.password or not host:
        return "it names no host, or a user"
    if _is_allowed(host, port):
        return ""
    if parts.scheme != "https":
        return "it is not https"
    literal = _as_ip(host)
    return f"{host} is not public" if literal is not None and not _is_public(literal) else ""


class _Transport(httpx.HTTPTransport):
    def __init__(self, *, http2: bool, lasts: float) -> None:
        super().__init__(verify=False, trust_env=False)  # its pool is replaced before anything is sent
        self._pool = _Pool(
            ssl_context=_trust(settings.OUTBOUND_CA_FILE),
            http1=True,
            http2=http2,
            max_connections=20,
            keepalive_expiry=30,
            network_backend=_PublicOnly(lasts),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if reason := refusal_of(str(request.url)):
            raise httpx.ConnectError(f"refused: {reason}", request=request)
        return super().handle_request(request)


class _Pool(httpcore.ConnectionPool):
    """httpcore's own, of connections that end with a server that answers twice."""

    def create_connection(self, origin: httpcore.Origin) -> httpcore.ConnectionInterface:
        return _Connection(
            origin=origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=self._keepalive_expiry,
            http1=self._http1,
            http2=self._http2,
            network_backend=self._network_backend,
        )


class _Connection(httpcore.HTTPConnection):
    """Used again only if nothing was said beyond the answer: HTTP/1.1 would take that for the next answer.

    httpcore looks at the socket, not at what it has read from it already.
    """

    def has_expired(self) -> bool:
        heard = getattr(getattr(self._connection, "_h11_state", None), "trailing_data", (b"", False))
        return super().has_expired() or (self.is_idle() and bool(heard[0]))


class _PublicOnly(httpcore.NetworkBackend):
    """Resolves, checks, and connects to what it checked."""

    def __init__(self, lasts: float) -> None:
        self._sync, self._lasts = httpcore.SyncBackend(), lasts

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        address, until = _checked(host, port), time.monotonic() + self._lasts
        stream = self._sync.connect_tcp(address, port, timeout, local_address, socket_options)
        return stream if self._lasts == FOR_EVER else _Ending(stream, until)


class _Ending(httpcore.NetworkStream):
    """A connection that ends at a moment, whatever is still being said."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream, self._until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Ending(self._stream.start_tls(ssl_context, server_hostname, self._left(timeout)), self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("it took too long as a whole")
        return left if timeout is None else min(left, timeout)


def _checked(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved") from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not _is_allowed(host, port):
        for address in addresses:
            literal = _as_ip(address)
            if literal is None or not _is_public(literal):
                raise AddressRefused(f"refused: {host} is not public")
    return addresses[0]


def _is_allowed(host: str, port: int) -> bool:
    """Named by the operator, with or without a port."""
    return bool({host, f"{host}:{port}"} & set(settings.OUTBOUND_PRIVATE_HOSTS))


def _as_ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if any(address in network for network in TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


@lru_cache(maxsize=4)
def _trust(extra_file: str) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    if extra_file:
        context.load_verify_locations(cafile=extra_file)
    return context
