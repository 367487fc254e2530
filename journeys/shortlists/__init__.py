"""Shortlists: kept by a customer, compared by must-haves, shared by a link, and what is learned from them."""

from journeys.shortlists.keeping import (
    BadItem,
    Outside,
    choose_item,
    delete_shortlist,
    drop_item,
    keep_item,
    mark_items,
    set_must_haves,
)
from journeys.shortlists.sharing import (
    BadWord,
    hear_friend,
    open_link,
    remove_friend,
    revoke_link,
    share_shortlist,
)
from journeys.shortlists.tables import Table, criteria_of, table_of

__all__ = [
    "BadItem",
    "BadWord",
    "Outside",
    "Table",
    "choose_item",
    "criteria_of",
    "delete_shortlist",
    "drop_item",
    "hear_friend",
    "keep_item",
    "mark_items",
    "open_link",
    "remove_friend",
    "revoke_link",
    "set_must_haves",
    "share_shortlist",
    "table_of",
]
