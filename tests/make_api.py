"""A caller of the API: a client that sends a key and JSON."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from engagement.keys import SCOPES, make_key
from engagement.models import ApiKey, KeyKind, Workspace


class Caller:
    """Speaks to `/api/v1/` with one key, or with none."""

    def __init__(self, text: str | None, key: ApiKey | None = None) -> None:
        self.text, self.key = text, key
        self.client = Client(headers={"Authorization": f"Bearer {text}"} if text else {})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("POST", path, body, headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("PUT", path, body, headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("PATCH", path, body, headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1/{path}")

    def pages(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows: list[dict[str, Any]] = []
        while True:
            page = self.get(path, **query).json()
            rows += page["data"]
            if not page["has_more"]:
                return rows
            query["cursor"] = page["next_cursor"]

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        text = json.dumps({} if body is None else body)
        return self.client.generic(method, f"/api/v1/{path}", text, "application/json", headers=sent)


def caller(workspace: Workspace, *scopes: str) -> Caller:
    """A caller with a new secret key that holds the scopes, or all of them when none is named."""
    key, text = make_key(workspace=workspace, kind=KeyKind.SECRET, name="test", scopes=scopes or SCOPES)
    return Caller(text, key)


def public_caller(workspace: Workspace) -> Caller:
    """A caller that tries the API with a write key."""
    key, text = make_key(workspace=workspace, kind=KeyKind.WRITE, name="page")
    return Caller(text, key)
