"""Who calls: a key in the Authorization header, and whether it may do this."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from engagement.api.problems import Problem
from engagement.keys import find_key
from engagement.models import ApiKey, KeyKind

if TYPE_CHECKING:
    # DRF imports this module while it makes APIView.
    from rest_framework.views import APIView


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`, or Basic with the key as user name and no password."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        text = read_key(header)
        if text is None:
            raise _refused(_("Send the header as “Authorization: Bearer <secret key>”."))
        key = find_key(text)
        if key is None:
            raise _refused(_("This key is not known or has been revoked. Make one in Settings → Keys."))
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="touchstone"'


class HasScope(BasePermission):
    """The key holds what the view asks for by method, in `required_scopes`. A view that names none is refused."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        key = request.auth
        if not isinstance(key, ApiKey):
            return False
        if key.kind == KeyKind.WRITE:
            raise Problem(
                403,
                "write_key",
                _("A write key is public and cannot use this API; send a secret key from your server."),
            )
        method = "GET" if request.method == "HEAD" else request.method
        scopes: dict[str, str] = getattr(view, "required_scopes", {})
        if method not in scopes and method not in view.allowed_methods:
            return True  # so that it is answered as a method not allowed
        scope = scopes[str(method)]
        if scope not in key.scopes:
            raise Problem(
                403,
                "scope_missing",
                _("This key lacks the scope “{scope}”.").format(scope=scope),
                scope=scope,
            )
        return True


def read_key(header: str) -> str | None:
    """The key in an Authorization header, or None when it holds none."""
    scheme, _space, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if scheme.lower() == "basic":
        try:
            name, _colon, _password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name or None
    return None


def _refused(detail: str, **members: Any) -> Problem:
    return Problem(
        401, "key_invalid", detail, headers={"WWW-Authenticate": 'Bearer realm="touchstone"'}, **members
    )
