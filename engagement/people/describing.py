"""Writing what customers are said to be: traits, the columns behind reserved ones, and the address they give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from engagement.models import Channel
from engagement.people.traits import Profile, tell_traits, usable_number
from engagement.statements import run_statement


class Telling(NamedTuple):
    """Traits told about one customer at one time."""

    customer_id: int
    traits: Mapping[str, Any]
    at: datetime


def describe_customers(*, workspace_id: int, tellings: Iterable[Telling]) -> None:
    """Fold what was told into what is known, in three statements whatever their number.

    Runs in a transaction of the caller, who holds the customers' lock (`lock_customers`).
    """
    told = sorted((telling for telling in tellings if telling.traits), key=lambda telling: telling.at)
    profiles = read_profiles(
        workspace_id=workspace_id, customer_ids={telling.customer_id for telling in told}
    )
    addresses: dict[str, dict[tuple[int, str], datetime]] = {}
    for telling in told:
        profile = profiles.get(telling.customer_id)
        if profile is None:
            continue
        changed = tell_traits(profile, telling.traits, telling.at)
        for channel, value in _addresses(profile, changed):
            addresses.setdefault(channel, {})[telling.customer_id, value] = telling.at
    write_profiles(workspace_id=workspace_id, profiles=profiles)
    _write_addresses(workspace_id, addresses)


def read_profiles(*, workspace_id: int, customer_ids: set[int]) -> dict[int, Profile]:
    """What is known of these customers, whose rows are held until the transaction ends."""
    if not customer_ids:
        return {}
    rows = run_statement(
        "engagement.read_profiles", {"workspace_id": workspace_id, "customer_ids": sorted(customer_ids)}
    )
    return {
        row["id"]: Profile(
            traits=msgspec.json.decode(row["traits"]),
            told=msgspec.json.decode(row["told"]),
            name=row["name"],
            email=row["email"],
            timezone=row["timezone"],
            locale=row["locale"],
        )
        for row in rows
    }


def write_profiles(*, workspace_id: int, profiles: Mapping[int, Profile]) -> None:
    """Write back profiles that `read_profiles` gave."""
    if profiles:
        rows = [{"id": customer_id} | asdict(profile) for customer_id, profile in profiles.items()]
        run_statement(
            "engagement.write_profiles",
            {"workspace_id": workspace_id, "profiles": msgspec.json.encode(rows).decode()},
        )


def _addresses(profile: Profile, changed: set[str]) -> Iterator[tuple[str, str]]:
    """The addresses among traits that were told, each with its channel. A number must name its country."""
    if "email" in changed and profile.email:
        yield Channel.EMAIL.value, profile.email
    if "phone" in changed and (number := usable_number(profile.traits.get("phone"))):
        yield Channel.SMS.value, number
    if "whatsapp" in changed and (number := usable_number(profile.traits.get("whatsapp"))):
        yield Channel.WHATSAPP.value, number


def _write_addresses(workspace_id: int, addresses: Mapping[str, Mapping[tuple[int, str], datetime]]) -> None:
    for channel, told in addresses.items():
        run_statement(
            "engagement.write_addresses",
            {
                "workspace_id": workspace_id,
                "channel": channel,
                "customer_ids": [customer_id for customer_id, _ in told],
                "values": [value for _, value in told],
                "times": list(told.values()),
            },
        )
