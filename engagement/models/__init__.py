"""Tables of the ground floor, by subject."""

from engagement.models.catalogue import Product, ProductKind
from engagement.models.customers import (
    Address,
    Category,
    Channel,
    Consent,
    ConsentState,
    Customer,
    Fact,
    Identity,
    IdentityKind,
    Merge,
    Suppression,
)
from engagement.models.events import Event, EventKey, RejectedEvent, Unread
from engagement.models.webhooks import Announcement, Delivery, DeliveryState, Endpoint
from engagement.models.workspaces import (
    ApiKey,
    AuditEntry,
    IdempotencyRecord,
    Invitation,
    KeyKind,
    Member,
    Role,
    Workspace,
)

__all__ = [
    "Address",
    "Announcement",
    "ApiKey",
    "AuditEntry",
    "Category",
    "Channel",
    "Consent",
    "ConsentState",
    "Customer",
    "Delivery",
    "DeliveryState",
    "Endpoint",
    "Event",
    "EventKey",
    "Fact",
    "IdempotencyRecord",
    "Identity",
    "IdentityKind",
    "Invitation",
    "KeyKind",
    "Member",
    "Merge",
    "Product",
    "ProductKind",
    "RejectedEvent",
    "Role",
    "Suppression",
    "Unread",
    "Workspace",
]
