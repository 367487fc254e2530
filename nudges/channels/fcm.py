"""Firebase Cloud Messaging, HTTP v1, with a service account's OAuth2 token (RFC 7523), without Google's packages."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import jwt
from django.conf import settings

from engagement.answers import read_bounded, retry_after
from nudges.channels import Envelope, Outcome, Refused, Sent
from nudges.channels.answers import Patience, broken, trouble
from nudges.models import ReplyKind

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
LIFE = timedelta(minutes=55)
# A token is not used in its last minutes: Google's clock is not ours.
MARGIN = timedelta(minutes=5)
LONGEST_TTL = timedelta(days=28)
LONGEST_TEXT = 1_000
# What Google suggests where it names no time (FCM, error codes: QUOTA_EXCEEDED, UNAVAILABLE).
WAIT = timedelta(seconds=60)


# Tokens of this process, by service account with its key: they outlive a session, which takes seconds.
_tokens: dict[str, tuple[str, datetime]] = {}
MOST_TOKENS = 1_000


class Fcm:
    """One session with Google."""

    def __init__(self, client: httpx.Client, patience: Patience) -> None:
        self._client, self._patience = client, patience

    def push(self, envelope: Envelope) -> Outcome:
        """Hand one message over to the device's token."""
        try:
            account = json.loads(envelope.account.get("fcm_service_account") or "null")
        except ValueError:
            account = None
        if not account:
            return Refused("Google's push is not set up: Settings, Channels", permanent=False)
        url = f"{settings.FCM_URL}/v1/projects/{account['project_id']}/messages:send"
        return self._patience.ask(url, lambda: self._push(account, url, envelope))

    def _push(self, account: dict[str, Any], url: str, envelope: Envelope) -> Outcome:
        try:
            token = self._token(account, now=envelope.now)
            if isinstance(token, Refused):
                return token
            headers = {"Authorization": f"Bearer {token}"}
            with self._client.stream("POST", url, json=message_of(envelope), headers=headers) as answer:
                body = read_bounded(answer)
        except httpx.HTTPError as error:
            return broken(error, is_provider=True)
        if answer.status_code == 401:
            _tokens.pop(_account_key(account), None)
        return outcome_of(answer, body)

    def _token(self, account: dict[str, Any], *, now: datetime) -> str | Refused:
        """A bearer token for the service account, kept as long as Google takes it.

        A refusal is the account's fault, and the message waits.
        """
        kept, until = _tokens.get(_account_key(account), ("", now))
        if until > now:
            return kept
        try:
            assertion = _assertion(account, now=now)
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            return Refused(
                f"the service account's key cannot be used: {type(error).__name__}", permanent=False
            )
        fields = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        try:
            answer = self._client.post(account["token_uri"], data=fields)
        except httpx.HTTPError as error:
            # Whatever became of this call, no message was in it.
            return Refused(f"{type(error).__name__}: {error}"[:500], permanent=False, is_provider=True)
        if answer.status_code != 200:
            words = f"{answer.status_code} {answer.text[:200]}"
            return Refused(
                f"Google gives no token: {words}", permanent=False, retry_after=retry_after(answer)
            )
        return _keep_token(account, answer.json(), now=now)


def _assertion(account: dict[str, Any], *, now: datetime) -> str:
    claims = {
        "iss": account["client_email"],
        "scope": SCOPE,
        "aud": account["token_uri"],
        "iat": int(now.timestamp()),
        "exp": int((now + LIFE).timestamp()),
    }
    headers = {"kid": account.get("private_key_id", "")}
    return jwt.encode(claims, account["private_key"], algorithm="RS256", headers=headers)


def _keep_token(account: dict[str, Any], told: dict[str, Any], *, now: datetime) -> str:
    token, life = str(told["access_token"]), timedelta(seconds=int(told.get("expires_in") or 0)) or LIFE
    if len(_tokens) >= MOST_TOKENS:
        _tokens.clear()
    _tokens[_account_key(account)] = (token, now + min(life, LIFE) - MARGIN)
    return token


def _account_key(account: dict[str, Any]) -> str:
    return sha256(json.dumps(account, sort_keys=True).encode()).hexdigest()


def message_of(envelope: Envelope) -> dict[str, Any]:
    """The body: a notification that the system shows, and data by which the app offers the replies."""
    life = min(max(envelope.not_after - envelope.now, timedelta(0)), LONGEST_TTL)
    return {
        "message": {
            "token": envelope.address,
            "notification": {"title": envelope.subject, "body": envelope.text[:LONGEST_TEXT]},
            "data": data_of(envelope),
            "android": {
                "collapse_key": envelope.dispatch_id.hex,
                "ttl": f"{int(life.total_seconds())}s",
                "priority": "HIGH" if envelope.is_service else "NORMAL",
                "notification": {"tag": envelope.dispatch_id.hex},
            },
        }
    }


def data_of(envelope: Envelope) -> dict[str, str]:
    """What the app needs beside the words, as texts: where the replies go, and where the message leads."""
    return {
        "touchstone": "1",
        "message": str(envelope.message_id),
        "link": envelope.link,
        "answer": envelope.answer_url,
        "replies": " ".join(ReplyKind.values),
    }


def outcome_of(answer: httpx.Response, body: bytes) -> Outcome:
    """What Google's answer means. Its error codes say more than the status."""
    told = _told(body)
    if answer.status_code == 200:
        return Sent(provider_id=str(told.get("name", ""))[:200])
    error = told.get("error") if isinstance(told.get("error"), dict) else {}
    assert isinstance(error, dict)
    code = _fcm_code(error)
    words = f"{answer.status_code} {code or error.get('status', '')} {error.get('message', '')}".strip()[:500]
    if code in ("UNREGISTERED", "SENDER_ID_MISMATCH"):
        return Refused(words, permanent=True, is_bounce=True, suppresses="gone")
    if answer.status_code in (429, 503):
        wait = retry_after(answer) or WAIT
        return Refused(words, permanent=False, is_provider=answer.status_code == 503, retry_after=wait)
    if answer.status_code in (401, 403):  # the account, not the device
        return Refused(words, permanent=False)
    if (
        code == "INVALID_ARGUMENT"
        and answer.status_code == 400
        and "token" in str(error.get("message", "")).lower()
    ):
        return Refused(words, permanent=True, is_bounce=True, suppresses="gone")
    return trouble(answer, words, is_provider=True)


def _fcm_code(error: dict[str, Any]) -> str:
    details = error.get("details")
    found = [
        str(detail.get("errorCode"))
        for detail in (details if isinstance(details, list) else [])
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("FcmError")
    ]
    return found[0] if found else ""


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
