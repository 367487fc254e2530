"""What a channel needs beside the words: the workspace's account with the provider, what a device told, and what may be
noted of opens and clicks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engagement.addresses import DEVICES
from engagement.models import Address
from nudges.channels.accounts import fields_of, open_accounts
from nudges.models import Message
from nudges.watching import WATCHED_CHANNELS, Watcher, watchers_for

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Supplies:
    """Accounts by workspace, devices by customer and address, watchers by message."""

    accounts: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    devices: Mapping[tuple[int, str], Mapping[str, str]] = field(default_factory=dict)
    watchers: Mapping[int, Watcher] = field(default_factory=dict)

    def account_of(self, message: Message) -> Mapping[str, str]:
        return self.accounts.get(message.workspace_id, NOTHING)

    def device_of(self, message: Message) -> Mapping[str, str]:
        return self.devices.get((message.customer_id, message.address), NOTHING)


def read_supplies(channel: str, messages: Sequence[Message]) -> Supplies:
    """What these messages of one channel need: four queries at most, none for a channel that needs nothing."""
    workspaces = {message.workspace_id for message in messages}
    accounts = open_accounts(channel, workspace_ids=workspaces) if workspaces and fields_of(channel) else {}
    watchers = watchers_for(messages) if channel in WATCHED_CHANNELS else {}
    if channel not in DEVICES:
        return Supplies(accounts, watchers=watchers)
    rows = Address.objects.filter(
        customer__in={message.customer_id for message in messages},
        channel=channel,
        value__in={message.address for message in messages},
    )
    devices = {
        (row.customer_id, row.value): {name: str(value) for name, value in row.details.items()}
        for row in rows
    }
    return Supplies(accounts, devices, watchers)
