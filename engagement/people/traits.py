"""What an identify call says about a person, folded into what was known: pure rules, no rows.

Calls arrive out of order and more than once, so each trait remembers when it was told: the word told last counts,
whenever it arrives. A trait is a description, never a consent.
"""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

MOST_TRAITS = 200
LONGEST_KEY = 100
MOST_BYTES = 32 * 1024  # of one person's traits as JSON
EMAIL = re.compile(r"[^@\s,;<>\"()]{1,64}@[^@\s,;<>\"()]+\.[^@\s,;<>\"()]{2,}")
# A telephone number that means one line all over the world (E.164), and what people write between its digits.
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
SEPARATORS = re.compile(r"[\s()./\u00a0\u2010-\u2015-]")
LOCALE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,2}")
# Reserved traits in the spelling that is kept; snake case occurs in the wild and means the same.
RESERVED = (
    *("address", "age", "avatar", "birthday", "company", "createdAt", "description", "email", "firstName"),
    *("gender", "lastName", "locale", "name", "phone", "timezone", "title", "username", "website"),
)
SPELLINGS = {re.sub(r"([A-Z])", r"_\1", name).lower(): name for name in RESERVED} | {
    "timeZone": "timezone",
    "time_zone": "timezone",
    "language": "locale",
    "firstname": "firstName",
    "lastname": "lastName",
}


@dataclass
class Profile:
    """What is known of one customer. `told` has the time, in milliseconds, at which each trait was told."""

    traits: dict[str, Any] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    name: str = ""
    email: str = ""
    timezone: str = ""
    locale: str = ""


def tell_traits(profile: Profile, traits: Mapping[str, Any], at: datetime) -> set[str]:
    """Fold traits told at a time into a profile; returns the keys that changed what is known.

    None takes a trait away. What would exceed the bounds is left out, later keys first.
    """
    moment = int(at.timestamp() * 1000)
    changed: set[str] = set()
    for spelled, value in traits.items():
        key = SPELLINGS.get(spelled, spelled)
        if len(key) > LONGEST_KEY or profile.told.get(key, moment) > moment:
            continue
        if (
            key not in profile.told and len(profile.told) >= 2 * MOST_TRAITS
        ):  # traits taken away are remembered too
            continue
        if _keep(profile, key, value):
            profile.told[key] = moment
            changed.add(key)
    _describe(profile, changed)
    return changed


def join_profiles(target: Profile, source: Profile) -> None:
    """Fold the profile of a customer who turned out to be the same person into the one that stays."""
    for key, value in source.traits.items():
        moment = source.told.get(key, 0)
        if key not in target.traits or target.told.get(key, 0) < moment:
            target.traits[key], target.told[key] = value, moment
    for name in ("name", "email", "timezone", "locale"):
        if not getattr(target, name):
            setattr(target, name, getattr(source, name))


def usable_email(value: object) -> str:
    """The address in the form in which it is kept, or empty when it is none."""
    text = value.strip().lower() if isinstance(value, str) else ""
    return text if len(text) <= 254 and EMAIL.fullmatch(text) else ""


def usable_number(value: object) -> str:
    """A telephone number as it is kept, such as +4915112345678, or empty when it does not name its country."""
    text = SEPARATORS.sub("", value) if isinstance(value, str) and len(value) <= 40 else ""
    text = f"+{text[2:]}" if text.startswith("00") else text
    return text if NUMBER.fullmatch(text) else ""


def usable_timezone(value: object) -> str:
    """A name that the time-zone database knows, or empty: "GMT+0000" says nothing about a place."""
    return value if isinstance(value, str) and value in _zones() else ""


def usable_locale(value: object) -> str:
    """A locale such as "de-AT", or empty."""
    return value.replace("_", "-") if isinstance(value, str) and LOCALE.fullmatch(value) else ""


def _keep(profile: Profile, key: str, value: Any) -> bool:
    if value is None:
        profile.traits.pop(key, None)
        return True
    if key not in profile.traits and len(profile.traits) >= MOST_TRAITS:
        return False
    before = profile.traits.get(key)
    profile.traits[key] = value
    if len(json.dumps(profile.traits, ensure_ascii=False).encode()) <= MOST_BYTES:
        return True
    if before is None:
        del profile.traits[key]
    else:
        profile.traits[key] = before
    return False


def _describe(profile: Profile, changed: set[str]) -> None:
    """Bring the columns up to date that reserved traits stand behind; nonsense leaves them as they were."""
    traits = profile.traits
    if changed & {"name", "firstName", "lastName"}:
        parts = [traits.get("firstName"), traits.get("lastName")]
        whole = traits.get("name") or " ".join(part for part in parts if isinstance(part, str))
        profile.name = whole.strip()[:200] if isinstance(whole, str) else profile.name
    if "email" in changed:
        profile.email = usable_email(traits.get("email")) or ("" if "email" not in traits else profile.email)
    if "timezone" in changed:
        profile.timezone = usable_timezone(traits.get("timezone")) or profile.timezone
    if "locale" in changed:
        profile.locale = usable_locale(traits.get("locale")) or profile.locale


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
