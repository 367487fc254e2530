"""The frame around every page, and the visitor for whom it is made."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

from demo.shop.catalogue import categories
from demo.shop.markup import Html, data_block, fill, joined
from demo.shop.setting import Setting, reader_token, user_id

Events = list[dict[str, object]]


class Visitor(NamedTuple):
    """Who is looking, and what lies in the cart."""

    cart: list[str]
    wishes: list[str]
    account: dict[str, str]
    setting: Setting

    @property
    def email(self) -> str:
        return self.account.get("email", "")


def document(
    visitor: Visitor, title: str, body: Html, events: Events | None = None, *, words: str = ""
) -> str:
    """The frame around every page, with what there is to track in data blocks."""
    setting = visitor.setting
    known = {"user_id": user_id(visitor.email), "traits": visitor.account} if visitor.email else {}
    token = reader_token(setting, user_id(visitor.email)) if visitor.email else ""
    loader = fill(
        '<script src="{origin}/e/touchstone.js" data-key="{key}" data-token="{token}" defer></script>',
        origin=setting.origin,
        key=setting.write_key,
        token=token,
    )
    return fill(
        template(),
        title=title,
        origin=setting.origin,
        key=setting.write_key,
        tracked=data_block("tracked", {"events": events or [], "identify": known}),
        loader=loader if setting.origin and setting.write_key else Html(),
        menu=joined(
            fill('<a href="/c/{slug}">{name}</a>', slug=c.slug, name=c.name) for c in categories().values()
        ),
        words=words,
        cart=len(visitor.cart),
        wishes=len(visitor.wishes),
        account=visitor.account.get("name", "").split(" ")[0] or ("Account" if visitor.email else "Sign in"),
        body=body,
    )


@cache
def template() -> str:
    return Path(__file__).with_name("frame.html").read_text()
