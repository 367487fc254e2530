"""Keys of integrators: made, found, revoked. Their text is never stored, but for public write keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import ExpressionWrapper, Q
from django.db.models.fields import BooleanField
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from engagement.models import ApiKey, KeyKind, Workspace

# What a secret key may be allowed, with the words in which the dashboard offers it.
SCOPES = {
    "customers:read": _("Read customers, their facts, consents and timelines"),
    "customers:write": _("Create and change customers, their facts and consents"),
    "customers:erase": _("Erase customers for good"),
    "events:write": _("Record events"),
    "catalogue:read": _("Read products"),
    "catalogue:write": _("Create, change and delete products"),
    "categories:read": _("Read consent categories"),
    "categories:write": _("Create, change and archive consent categories"),
    "needs:read": _("Read needs and the stages of customers"),
    "needs:write": _("Define needs; close and snooze those of customers"),
    "guides:read": _("Read guides"),
    "guides:write": _("Write and publish guides"),
    "shortlists:read": _("Read shortlists of customers"),
    "shortlists:write": _("Put things on shortlists for customers, and take them off"),
    "surveys:read": _("Read surveys, their figures and answers"),
    "surveys:write": _("Record answers of customers"),
    "reviews:read": _("Read reviews in every state"),
    "reviews:write": _("Submit reviews for customers and answer them"),
    "reviews:moderate": _("Publish and reject reviews"),
    "nudges:read": _("Read nudges, decisions, messages and replies"),
    "nudges:write": _("Change nudges, put them forward, start broadcasts"),
    "nudges:approve": _("Approve and refuse nudges, for whoever made the key"),
    "replies:write": _("Record replies for customers"),
    "tasks:write": _("Take calls and visits, and say what came of them"),
    "policy:read": _("Read caps and the contact policy"),
    "policy:write": _("Replace caps and the contact policy"),
    "webhooks:read": _("Read webhook endpoints and how telling them went"),
    "webhooks:write": _("Make and change webhook endpoints, renew their secrets, send again"),
}
TOUCH_EVERY = timedelta(minutes=1)
PREFIX_LENGTH = 11


def hash_key(text: str) -> bytes:
    """What is stored instead of a key: 32 bytes. A key has 192 or more random bits, so no slow hash is needed."""
    return hashlib.sha256(text.encode()).digest()


def make_key(
    *,
    workspace: Workspace,
    kind: str,
    name: str,
    scopes: Iterable[str] = (),
    created_by: User | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which for a secret key cannot be had again.

    `kind` is a `KeyKind`; `scopes` are names of `SCOPES` and belong to secret keys only. Raises ValueError.
    """
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise ValueError(f"Unknown scopes: {', '.join(unknown)}. Known are: {', '.join(SCOPES)}.")
    if kind == KeyKind.WRITE and wanted:
        raise ValueError("A write key is public and takes no scopes; make a secret key for them.")
    text = _new_text(kind)
    key = ApiKey.objects.create(
        workspace=workspace,
        kind=KeyKind(kind),
        name=name,
        prefix=text[:PREFIX_LENGTH],
        key_hash=hash_key(text),
        public_key=text if kind == KeyKind.WRITE else "",
        scopes=wanted,
        created_by=created_by,
    )
    return key, text


def find_key(text: str) -> ApiKey | None:
    """The unrevoked key with this text and its workspace, or None.

    Marks it as used now by the database's clock, at most once a minute: one query for most calls, two for the others.
    The lookup is by hash, so comparing takes no time that depends on the secret.
    """
    if not text or "\x00" in text:
        return None
    unused = Q(last_used_at=None) | Q(last_used_at__lt=Now() - TOUCH_EVERY)
    key = (
        ApiKey.objects.filter(key_hash=hash_key(text), revoked_at=None)
        .select_related("workspace")
        .annotate(is_touch_due=ExpressionWrapper(unused, output_field=BooleanField()))
        .first()
    )
    if key is not None and key.is_touch_due:
        # Asks again, so that of many requests at once only one writes.
        ApiKey.objects.filter(unused, pk=key.pk).update(last_used_at=Now())
    return key


def revoke_key(*, key: ApiKey, now: datetime) -> bool:
    """Refuse the key from now on. False when it was revoked before; the first time stays."""
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    key.refresh_from_db(fields=["revoked_at"])
    return bool(changed)


def _new_text(kind: str) -> str:
    if kind == KeyKind.WRITE:
        return f"wk_{secrets.token_urlsafe(24)}"
    return f"sk_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"
