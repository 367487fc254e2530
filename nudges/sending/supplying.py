"""What a channel needs beside the words: the workspace's account with the provider, and what a device told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engagement.addresses import DEVICES
from engagement.models import Address
from nudges.channels.accounts import fields_of, open_accounts
from nudges.models import Message

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Supplies:
    """Accounts by workspace, devices by customer and address."""

    accounts: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    devices: Mapping[tuple[int, str], Mapping[str, str]] = field(default_factory=dict)

    def account_of(self, message: Message) -> Mapping[str, str]:
        return self.accounts.get(message.workspace_id, NOTHING)

    def device_of(self, message: Message) -> Mapping[str, str]:
        return self.devices.get((message.customer_id, message.address), NOTHING)


def read_supplies(channel: str, messages: Sequence[Message]) -> Supplies:
    """What these messages of one channel need: two queries at most, none for a channel that needs nothing."""
    workspaces = {message.workspace_id for message in messages}
    accounts = open_accounts(channel, workspace_ids=workspaces) if workspaces and fields_of(channel) else {}
    if channel not in DEVICES:
        return Supplies(accounts)
    rows = Address.objects.filter(
        customer__in={message.customer_id for message in messages},
        channel=channel,
        value__in={message.address for message in messages},
    )
    devices = {
        (row.customer_id, row.value): {name: str(value) for name, value in row.details.items()}
        for row in rows
    }
    return Supplies(accounts, devices)
