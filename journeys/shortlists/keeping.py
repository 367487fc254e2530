"""The owner's steps: keep something, take it off, mark it against the must-haves, choose. Each is told as an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from engagement.models import Customer, Product, ProductKind
from engagement.people.finding import living_customers
from engagement.people.locks import lock_customers
from journeys.closing import close_need
from journeys.models import CustomerNeed, Need, Shortlist, ShortlistItem
from journeys.shortlists.telling import about_item, tell

MOST_ITEMS, MOST_MUST_HAVES = 12, 12
LONGEST_NAME, LONGEST_URL, LONGEST_NOTE, LONGEST_MUST_HAVE = 200, 1000, 500, 120


class Outside(NamedTuple):
    """An alternative in the customer's own words."""

    name: str
    url: str = ""


class BadItem(ValueError):
    """Something that cannot be kept; `field` is which part, the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def keep_item(
    *, customer: Customer, need: Need, what: Product | Outside, note: str = "", now: datetime
) -> ShortlistItem:
    """Put something on the customer's shortlist for a need; what is there already stays as it is. Raises BadItem."""
    shortlist = hold(customer, need, now)
    wanted = checked(what)
    items = list(shortlist.items.select_related("product"))
    if there := next((item for item in items if is_same(item, wanted)), None):
        return there
    if len(items) >= MOST_ITEMS:
        raise BadItem(
            "name", _("A list of %(most)s is long enough; take something off.") % {"most": MOST_ITEMS}
        )
    item = ShortlistItem(
        workspace_id=shortlist.workspace_id,
        shortlist=shortlist,
        note=text_of(note, LONGEST_NOTE, "note"),
        added_at=now,
    )
    if isinstance(wanted, Product):
        item.product = wanted
    else:
        item.name, item.url = wanted
    item.save()
    touch(shortlist, now)
    tell(shortlist, "Shortlist Item Added", f"{item.pk}", about_item(item), now)
    return item


@transaction.atomic
def drop_item(*, item: ShortlistItem, now: datetime) -> None:
    """Take it off the list, with what friends said of it."""
    shortlist = hold(item.shortlist.customer, item.shortlist.need, now)
    tell(shortlist, "Shortlist Item Removed", f"{item.pk}", about_item(item), now)
    item.delete()
    touch(shortlist, now)


@transaction.atomic
def delete_shortlist(*, shortlist: Shortlist, now: datetime) -> None:
    """The whole list with its notes, links and what friends said; nothing where it is gone already.

    It says nothing of where the customer stands: who has decided tidies up, too.
    """
    held = (
        Shortlist.objects.select_for_update(of=("self",))
        .filter(pk=shortlist.pk)
        .select_related("need")
        .first()
    )
    if held is not None:
        tell(held, "Shortlist Deleted", "all", {}, now)
        held.delete()


@transaction.atomic
def set_must_haves(*, shortlist: Shortlist, texts: Sequence[str], now: datetime) -> Shortlist:
    """What the customer will not go without, in this order. Marks of those that stay are kept. Raises BadItem."""
    held = hold(shortlist.customer, shortlist.need, now)
    wanted = list(
        dict.fromkeys(text_of(text, LONGEST_MUST_HAVE, "must_have") for text in texts if text.strip())
    )
    if len(wanted) > MOST_MUST_HAVES:
        message = _("At most %(most)s must-haves; more than that decide nothing.") % {"most": MOST_MUST_HAVES}
        raise BadItem("must_have", message)
    known = {row["text"]: row["key"] for row in held.must_haves}
    taken = set(known.values())
    rows = []
    for text in wanted:
        key = known.get(text) or new_key(text, taken)
        taken.add(key)
        rows.append({"key": key, "text": text})
    held.must_haves = rows
    touch(held, now)
    return held


@transaction.atomic
def mark_items(
    *,
    shortlist: Shortlist,
    marks: Mapping[int, Mapping[str, bool | None]],
    notes: Mapping[int, str],
    now: datetime,
) -> None:
    """Say of items (by id) which must-haves they meet (None: not known) and what else there is to note.

    Items and must-haves that are not on the list are passed over. Each mark that changed is an event. Raises BadItem.
    """
    held = hold(shortlist.customer, shortlist.need, now)
    keys = {row["key"]: row["text"] for row in held.must_haves}
    for item in held.items.select_related("product"):
        told = {key: value for key, value in marks.get(item.pk, {}).items() if key in keys}
        met = {key: value for key, value in (item.met | told).items() if key in keys and value is not None}
        note = text_of(notes.get(item.pk, item.note), LONGEST_NOTE, "note")
        changed = [key for key in keys if met.get(key) != item.met.get(key)]
        if not changed and note == item.note:
            continue
        item.met, item.note = met, note
        item.save(update_fields=["met", "note"])
        for key in changed:
            about = about_item(item) | {"criterion": keys[key], "met": met.get(key)}
            tell(held, "Shortlist Item Checked", f"{item.pk}:{key}:{now.isoformat()}", about, now)
    touch(held, now)


@transaction.atomic
def choose_item(*, item: ShortlistItem, now: datetime) -> None:
    """The customer has decided for this one. Deciding for what we don't sell ends the need."""
    shortlist = hold(item.shortlist.customer, item.shortlist.need, now)
    if ShortlistItem.objects.filter(pk=item.pk, chosen_at__isnull=False).exists():
        return
    shortlist.items.filter(chosen_at__isnull=False).update(chosen_at=None)
    item.chosen_at = now
    item.save(update_fields=["chosen_at"])
    touch(shortlist, now)
    is_own = item.product is not None and item.product.kind == ProductKind.OWN
    name = "Shortlist Item Chosen" if is_own else "Shortlist Alternative Chosen"
    tell(shortlist, name, f"{item.pk}:{now.isoformat()}", about_item(item), now)
    standing = CustomerNeed.objects.filter(
        customer_id=shortlist.customer_id, need_id=shortlist.need_id, closed_at=None
    )
    if not is_own and (need := standing.first()):
        close_need(customer_need_id=need.pk, reason="resolved", now=now)


def hold(customer: Customer, need: Need, now: datetime) -> Shortlist:
    """The customer's shortlist for the need, made when there is none, locked until the transaction ends.

    The customer's events are locked first, as everywhere. Who was merged away meanwhile is who they were merged into.
    """
    if customer.workspace_id != need.workspace_id:
        raise ValueError("customer and need belong to two workspaces")
    lock_customers(workspace_id=need.workspace_id, customer_ids=[customer.pk], now=now)
    living = living_customers(workspace_id=need.workspace_id, customer_ids={customer.pk})[customer.pk]
    Shortlist.objects.get_or_create(
        customer_id=living,
        need=need,
        defaults={"workspace_id": need.workspace_id, "created_at": now, "updated_at": now},
    )
    return (
        Shortlist.objects.select_for_update(of=("self",))
        .select_related("customer", "need")
        .get(customer_id=living, need=need)
    )


def touch(shortlist: Shortlist, now: datetime) -> None:
    shortlist.updated_at = now
    shortlist.save(update_fields=["must_haves", "updated_at"])


def checked(what: Product | Outside) -> Product | Outside:
    if isinstance(what, Product):
        return what
    name, url = text_of(what.name, LONGEST_NAME, "name"), what.url.strip()
    if not name:
        raise BadItem("name", _("Say what it is called."))
    if url and not is_web_address(url):
        raise BadItem("url", _("Write an address that begins with https:// or http://, or leave it out."))
    return Outside(name, url)


def is_same(item: ShortlistItem, what: Product | Outside) -> bool:
    if isinstance(what, Product):
        return item.product_id == what.pk
    return item.product_id is None and item.name.lower() == what.name.lower()


def is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_clean = url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    return is_clean and parts.scheme in ("http", "https") and bool(parts.netloc)


def text_of(text: str, longest: int, field: str) -> str:
    """One line or paragraph, trimmed. Raises BadItem when it is too long."""
    trimmed = text.replace("\x00", "").strip()
    if len(trimmed) > longest:
        raise BadItem(field, _("At most %(most)s characters.") % {"most": longest})
    return trimmed


def new_key(text: str, taken: set[str]) -> str:
    stem = slugify(text)[:40] or "must"
    return next(
        key for n in range(1, len(taken) + 3) if (key := stem if n == 1 else f"{stem}-{n}") not in taken
    )


def empty_mark(text: str) -> bool | None:
    """A mark as forms send it: yes, no, or not known."""
    return {"yes": True, "no": False}.get(text)


def is_outside(item: ShortlistItem) -> bool:
    return item.product is None or item.product.kind == ProductKind.OUTSIDE
