"""A workspace's own account with a channel's provider: which fields it has, what is kept, what is kept sealed.

A channel's module names its fields (`account_fields`); one page of the settings, made from them, serves all channels.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from engagement.auditing import record
from engagement.models import Workspace
from engagement.sealing import CannotOpen, seal, unseal
from nudges.channels import channels_named
from nudges.models import ChannelAccount, Circuit, Quota

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a channel has to know of a workspace's account.

    `check` returns what is wrong with a value, in words, or nothing. Fields that are `made` are made by a button, not
    typed. A choice is one of `options`; what is typed is of an HTML `input_type`.
    """

    name: str
    label: Any
    help: Any = ""
    is_secret: bool = False
    is_required: bool = True
    is_made: bool = False
    is_long: bool = False
    input_type: str = "text"
    options: Sequence[tuple[str, Any]] = ()
    check: Callable[[str], str] | None = None


def fields_of(channel: str) -> Sequence[Field]:
    """What the channel has to know of an account; nothing for one that needs none or is not installed."""
    return next((getattr(one, "account_fields", ()) for one in channels_named(channel)), ())


def needs_account(channel: str) -> bool:
    """Whether nothing leaves by the channel before a workspace has an account of its own."""
    has_default = any(getattr(one, "has_default_account", False) for one in channels_named(channel))
    return bool(fields_of(channel)) and not has_default


def is_used(channel: str, kept: Mapping[str, str]) -> bool:
    """Whether messages leave by an account with these settings; else they leave by the installation's."""
    return needs_account(channel) or bool(kept.get("provider"))


def key_of(channel: str, account_id: int) -> str:
    """What the circuit and the quota of a workspace's own account are kept under, as provider."""
    return f"{channel}@{account_id}"


def problems_of(channel: str, values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with an account as a whole, in words by field, where the channel knows more than its fields say."""
    checks = (getattr(one, "check_account", None) for one in channels_named(channel))
    return next((check(values) for check in checks if check), {})


def open_accounts(channel: str, *, workspace_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """The accounts of some workspaces with id and secrets, by workspace, in one query. Those not set up are left out.

    One that cannot be opened any more is as one that is not set up; the log and the settings page say why.
    """
    found: dict[int, dict[str, str]] = {}
    for account in ChannelAccount.objects.filter(workspace_id__in=workspace_ids, channel=channel):
        try:
            found[account.workspace_id] = {
                "id": str(account.pk),
                **account.settings,
                **unseal(account.sealed),
            }
        except CannotOpen:
            logger.error(
                "the %s account of workspace %s was sealed with another key", channel, account.workspace_id
            )
    return found


def account_of(workspace: Workspace, channel: str) -> dict[str, str]:
    """One workspace's account with its secrets; empty when it is not set up."""
    return open_accounts(channel, workspace_ids=[workspace.pk]).get(workspace.pk, {})


@transaction.atomic
def save_account(
    *, workspace: Workspace, channel: str, values: Mapping[str, str], actor: User | None, now: datetime
) -> ChannelAccount:
    """Keep what was told; a field that is not in `values` stays as it is. The trail names fields, never values."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    account = ChannelAccount.objects.filter(workspace=workspace, channel=channel).first() or ChannelAccount(
        workspace=workspace, channel=channel
    )
    secret = {field.name for field in fields_of(channel) if field.is_secret}
    before = account.settings | _opened(account)
    after = {name: value for name, value in {**before, **values}.items() if value}
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    if account.pk and not changed:
        return account
    account.settings = {name: value for name, value in after.items() if name not in secret}
    account.sealed = seal({name: value for name, value in after.items() if name in secret})
    account.changed_at = now
    account.save()
    Circuit.objects.filter(provider=key_of(channel, account.pk)).delete()  # what failed may be mended
    detail = {"channel": channel, "changed": changed}
    record(workspace=workspace, actor=actor, action="change_channel", target=account, detail=detail, now=now)
    return account


@transaction.atomic
def remove_account(*, workspace: Workspace, channel: str, actor: User | None, now: datetime) -> bool:
    """Forget the account and its secrets; its messages wait until there is another. False when there is none."""
    account = ChannelAccount.objects.select_for_update().filter(workspace=workspace, channel=channel).first()
    if account is None:
        return False
    key = key_of(channel, account.pk)
    Circuit.objects.filter(provider=key).delete()
    Quota.objects.filter(provider=key).delete()
    account.delete()
    record(workspace=workspace, actor=actor, action="remove_channel", detail={"channel": channel}, now=now)
    return True


def _opened(account: ChannelAccount) -> dict[str, str]:
    """The secrets, or none when they cannot be opened any more: they are being entered again."""
    try:
        return unseal(account.sealed)
    except CannotOpen:
        return {}
