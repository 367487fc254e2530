"""What an event is on its way in, and the names that events go by.

Names are matched without regard to case, so that "product viewed" and the older "Viewed Product" are kept as the one
canonical "Product Viewed". Any other name is kept as it was sent.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec

TYPES = ("track", "page", "screen", "identify", "group", "alias")
LONGEST_ID = 200  # of customers and messages, in characters
LONGEST_NAME = 200


class IncomingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an integrator, already checked and bounded by its door.

    Empty ids are None. `occurred_at` is corrected for the sender's clock. `traits` are those of identify and group.
    At least one of `user_id` and `anonymous_id` is given; `previous_id` belongs to alias.
    """

    type: str
    name: str
    message_id: str
    occurred_at: datetime
    properties: dict[str, Any] = {}
    context: dict[str, Any] = {}
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    traits: dict[str, Any] = {}


class SystemEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A fact of our own about a known customer. `message_id` makes it happen once: derive it from its row."""

    customer_id: int
    name: str
    message_id: str
    occurred_at: datetime
    properties: dict[str, Any] = {}


# Facts that only Touchstone itself may state: a public write key could otherwise forge a reply or a consent.
SYSTEM_NAMES = (
    "Message Sent",
    "Message Delivered",
    "Message Bounced",
    "Message Failed",
    "Message Complained",
    "Message Opened",
    "Message Clicked",
    "Nudge Replied",
    "Nudge Reply Undone",
    "Consent Changed",
    "Preference Changed",
    "Guide Read",
    "Guide Checked",
    "Guide Link Followed",
    "Fit Seen",
    "Review Submitted",
    "Review Published",
    "Review Rejected",
    "Review Read",
    "Owner Asked",
    "Context Told",
    "Shortlist Item Added",
    "Shortlist Item Removed",
    "Shortlist Item Checked",
    "Shortlist Item Chosen",
    "Shortlist Alternative Chosen",
    "Shortlist Shared",
    "Shortlist Deleted",
    "Shortlist Friend Answered",
    "Survey Answered",
    "Need Closed",
    "Need Snoozed",
    "Need Reopened",
)

ECOMMERCE_NAMES = (
    "Products Searched",
    "Product List Viewed",
    "Product List Filtered",
    "Promotion Viewed",
    "Promotion Clicked",
    "Product Clicked",
    "Product Viewed",
    "Product Added to Wishlist",
    "Product Removed from Wishlist",
    "Wishlist Product Added to Cart",
    "Product Shared",
    "Cart Shared",
    "Product Added",
    "Product Removed",
    "Cart Viewed",
    "Coupon Entered",
    "Coupon Applied",
    "Coupon Denied",
    "Coupon Removed",
    "Checkout Started",
    "Checkout Step Viewed",
    "Checkout Step Completed",
    "Payment Info Entered",
    "Order Completed",
    "Order Updated",
    "Order Refunded",
    "Order Cancelled",
    "Product Reviewed",
)

# Names of the first version of the e-commerce specification and spellings met in the wild.
ALIASES = {
    "viewed product": "Product Viewed",
    "clicked product": "Product Clicked",
    "added product": "Product Added",
    "removed product": "Product Removed",
    "added to wishlist": "Product Added to Wishlist",
    "added product to wishlist": "Product Added to Wishlist",
    "removed product from wishlist": "Product Removed from Wishlist",
    "shared product": "Product Shared",
    "shared cart": "Cart Shared",
    "reviewed product": "Product Reviewed",
    "searched products": "Products Searched",
    "viewed product category": "Product List Viewed",
    "viewed product list": "Product List Viewed",
    "filtered product list": "Product List Filtered",
    "viewed promotion": "Promotion Viewed",
    "clicked promotion": "Promotion Clicked",
    "viewed cart": "Cart Viewed",
    "started checkout": "Checkout Started",
    "viewed checkout step": "Checkout Step Viewed",
    "completed checkout step": "Checkout Step Completed",
    "entered payment info": "Payment Info Entered",
    "completed order": "Order Completed",
    "updated order": "Order Updated",
    "refunded order": "Order Refunded",
    "cancelled order": "Order Cancelled",
    "canceled order": "Order Cancelled",
    "order canceled": "Order Cancelled",
    "entered coupon": "Coupon Entered",
    "applied coupon": "Coupon Applied",
    "denied coupon": "Coupon Denied",
    "removed coupon": "Coupon Removed",
}

_CANONICAL = {name.lower(): name for name in (*ECOMMERCE_NAMES, *SYSTEM_NAMES)} | ALIASES
_SYSTEM = frozenset(name.lower() for name in SYSTEM_NAMES)


def canonical_name(name: str) -> str:
    """The name under which an event is kept: "Viewed Product" and "product viewed" are "Product Viewed"."""
    name = name.strip()
    return _CANONICAL.get(name.lower(), name)


def is_system_name(name: str) -> bool:
    """Whether only Touchstone itself may state this."""
    return name.strip().lower() in _SYSTEM


def event_key(message_id: str, *, of_system: bool = False) -> str:
    """What `EventKey` remembers of a message id: the 32 hexadecimal digits of a UUID.

    Our own ids live apart from those of integrators, so that nobody can use up one of ours in advance: theirs can
    never contain the NUL that ours are hashed with.
    """
    text = f"system\0{message_id}" if of_system else message_id
    return hashlib.sha256(text.encode()).hexdigest()[:32]
