"""What the buttons of a shortlist do: one function each, by the first word of the button's `do`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.http import Http404, QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from engagement.models import Customer, Product, Workspace
from journeys.models import Need, Shortlist, ShortlistFriend, ShortlistItem
from journeys.shortlists import (
    BadItem,
    BadWord,
    Outside,
    choose_item,
    delete_shortlist,
    drop_item,
    keep_item,
    mark_items,
    remove_friend,
    revoke_link,
    set_must_haves,
    share_shortlist,
)
from journeys.shortlists.keeping import empty_mark


class Owner(NamedTuple):
    """Who acts on which shortlist."""

    customer: Customer
    need: Need


def act(data: QueryDict, owner: Owner, language: str) -> dict[str, str]:
    """Do what the pressed button says; what was wrong, by field."""
    verb, _colon, number = data.get("do", "").partition(":")
    if verb not in ACTIONS:
        raise Http404
    with translation.override(language):
        try:
            ACTIONS[verb](data, owner, int(number) if number.isascii() and number.isdecimal() else 0)
        except (BadItem, BadWord) as error:
            return {error.field: str(error)}
    return {}


def keep(data: QueryDict, owner: Owner, _number: int) -> None:
    what: Product | Outside = Outside(data.get("name", ""), data.get("url", ""))
    if data.get("product"):
        what = find_product(owner.need.workspace, data.get("product", ""))
    keep_item(
        customer=owner.customer, need=owner.need, what=what, note=data.get("note", ""), now=timezone.now()
    )


def mark(data: QueryDict, owner: Owner, _number: int) -> None:
    shortlist = find_shortlist(owner)
    marks: dict[int, dict[str, bool | None]] = {}
    notes: dict[int, str] = {}
    for name, value in data.items():
        kind, _dot, rest = name.partition(".")
        number, _dot, key = rest.partition(".")
        if not (number.isascii() and number.isdecimal()):
            continue
        if kind == "met":
            marks.setdefault(int(number), {})[key] = empty_mark(str(value))
        elif kind == "note":
            notes[int(number)] = str(value)
    mark_items(shortlist=shortlist, marks=marks, notes=notes, now=timezone.now())


def demand(data: QueryDict, owner: Owner, _number: int) -> None:
    now = timezone.now()
    texts = [*data.get("must_haves", "").splitlines(), *data.getlist("also")]
    set_must_haves(shortlist=hold_new(owner), texts=texts, now=now)


def drop(_data: QueryDict, owner: Owner, number: int) -> None:
    drop_item(item=find_item(owner, number), now=timezone.now())


def choose(_data: QueryDict, owner: Owner, number: int) -> None:
    choose_item(item=find_item(owner, number), now=timezone.now())


def delete(data: QueryDict, owner: Owner, _number: int) -> None:
    if data.get("sure") != "1":
        raise BadItem("sure", _("Tick that you are sure: what is deleted does not come back."))
    delete_shortlist(shortlist=find_shortlist(owner), now=timezone.now())


def share(data: QueryDict, owner: Owner, _number: int) -> None:
    share_shortlist(shortlist=find_shortlist(owner), label=data.get("label", ""), now=timezone.now())


def revoke(_data: QueryDict, owner: Owner, number: int) -> None:
    link = find_shortlist(owner).links.filter(pk=number).first()
    if link is None:
        raise Http404
    revoke_link(link=link, now=timezone.now())


def unfriend(_data: QueryDict, owner: Owner, number: int) -> None:
    friend = ShortlistFriend.objects.filter(pk=number, link__shortlist=find_shortlist(owner)).first()
    if friend is None:
        raise Http404
    remove_friend(friend=friend, now=timezone.now())


ACTIONS: dict[str, Callable[[QueryDict, Owner, int], None]] = {
    "keep": keep, "mark": mark, "demand": demand, "drop": drop, "choose": choose, "share": share, "revoke": revoke,
    "unfriend": unfriend, "delete": delete,
}  # fmt: skip


def find_shortlist(owner: Owner) -> Shortlist:
    shortlist = Shortlist.objects.select_related("customer", "need").filter(
        customer=owner.customer, need=owner.need
    )
    found = shortlist.first()
    if found is None:
        raise Http404
    return found


def hold_new(owner: Owner) -> Shortlist:
    """Must-haves may be the first thing that is kept."""
    return Shortlist(customer=owner.customer, need=owner.need, workspace=owner.need.workspace)


def find_item(owner: Owner, number: int) -> ShortlistItem:
    items = ShortlistItem.objects.select_related("shortlist__customer", "shortlist__need", "product")
    item = items.filter(pk=number, shortlist__customer=owner.customer, shortlist__need=owner.need).first()
    if item is None:
        raise Http404
    return item


def find_product(workspace: Workspace, sku: str) -> Product:
    """A product of the workspace that has a name to show, or 404."""
    product = Product.objects.filter(workspace=workspace, sku=sku[:200], is_stub=False).first()
    if product is None:
        raise Http404
    return product
