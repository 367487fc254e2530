"""Whether a provider's report says that nobody can be reached at an address, as opposed to a full mailbox, a server
that is down, or content that somebody refused. Anymail calls all of these bounced; each provider has its own words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Told = Mapping[str, Any]

# By provider, of the body as it was posted; each by the provider's own documentation of its reports.
NOBODY_THERE: dict[str, Callable[[Told], bool]] = {
    "amazon_ses": lambda told: _in(told, "bounce", "bounceType") == "Permanent",
    "brevo": lambda told: told.get("event") in ("hard_bounce", "invalid_email"),
    "mailersend": lambda told: _in(told, "data", "type") == "hard_bounced",
    "mailgun": lambda told: (
        _in(told, "event-data", "severity") == "permanent"
        and _in(told, "event-data", "reason") in ("bounce", "suppress-bounce")
    ),
    "mailjet": lambda told: told.get("hard_bounce") is True,
    "mailtrap": lambda told: told.get("event") == "bounce" and told.get("bounce_category") != "spam",
    "mandrill": lambda told: told.get("event") == "hard_bounce",
    "postal": lambda _told: False,  # it says no more than that a mail came back
    "postmark": lambda told: told.get("Type") in ("HardBounce", "BadEmailAddress"),
    "resend": lambda told: _in(told, "data", "bounce", "type") == "Permanent",
    "sendgrid": lambda told: (
        (told.get("event"), told.get("type")) == ("bounce", "bounce")
        or (told.get("event") == "dropped" and told.get("reason") in ("Bounced Address", "Invalid"))
    ),
    "sparkpost": lambda told: any(
        str(_in(event, "bounce_class")) in ("10", "30") for event in (told.get("msys") or {}).values()
    ),
    "unisender_go": lambda told: (
        _in(told, "delivery_info", "delivery_status") in ("err_user_unknown", "err_user_inactive")
    ),
}


def is_nobody_there(provider: str, told: Any) -> bool:
    """`told` is the provider's report of one mail as it came."""
    return isinstance(told, Mapping) and NOBODY_THERE[provider](told)


def _in(told: Any, *names: str) -> object:
    for name in names:
        told = told.get(name) if isinstance(told, Mapping) else None
    return told
