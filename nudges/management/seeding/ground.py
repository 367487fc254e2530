"""The workspace, who works in it, its keys, consent categories and catalogue."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Replace

from engagement.cataloguing import save_products
from engagement.keys import SCOPES, find_key, make_key, revoke_key
from engagement.models import ApiKey, Category, KeyKind, Member, Product, Role, Workspace
from nudges.models import NudgeContent

SLUG = "larkfell"
OWNER_EMAIL = "demo@touchstone.example"
COLLEAGUES = [
    ("nora.vik@larkfell.example", "Nora", "Vik", Role.MARKETER),
    ("sam.oduya@larkfell.example", "Sam", "Oduya", Role.MODERATOR),
    ("lena.hartl@larkfell.example", "Lena", "Hartl", Role.ANALYST),
]
DATA = Path(settings.BASE_DIR) / "demo" / "data"
KEY_NAME = "Demo"


def read_data(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text())


def make_workspace(*, shop: str) -> Workspace:
    """`shop` is the origin of the demo shop, such as http://127.0.0.1:8001."""
    return Workspace.objects.create(
        slug=SLUG,
        name="Larkfell",
        timezone="Europe/Berlin",
        locale="en",
        currency="EUR",
        sender_name="Larkfell",
        sender_email="hello@larkfell.example",
        postal_address="Larkfell, Hill Lane 7, 01067 Dresden",
        shop_url=shop,
        allowed_origins=origins(shop),
        holdout_percent=5,
    )


def origins(shop: str) -> list[str]:
    """The shop's origin by number and by name: a browser may have been given either."""
    return sorted(
        {shop, shop.replace("127.0.0.1", "localhost"), shop.replace("localhost", "127.0.0.1")} - {""}
    )


@transaction.atomic
def keep_shop(workspace: Workspace, shop: str) -> None:
    """The shop may stand at another port than last time: what leads there moves along."""
    if not shop or workspace.shop_url == shop:
        return
    before = Value(workspace.shop_url)
    for field in ("url", "image_url"):
        moved = Replace(F(field), before, Value(shop))
        Product.objects.filter(workspace=workspace, **{f"{field}__startswith": workspace.shop_url}).update(
            **{field: moved}
        )
    links = NudgeContent.objects.filter(workspace=workspace, link_url__startswith=workspace.shop_url)
    links.update(link_url=Replace(F("link_url"), before, Value(shop)))
    others = set(workspace.allowed_origins) - set(origins(workspace.shop_url))
    workspace.shop_url, workspace.allowed_origins = shop, sorted(others | set(origins(shop)))
    workspace.save(update_fields=["allowed_origins", "shop_url"])


def keep_owner(workspace: Workspace, known: dict[str, Any]) -> dict[str, str]:
    """The owner's login; the password of last time when it still opens, else a new one."""
    user, is_new = User.objects.get_or_create(
        username=OWNER_EMAIL, defaults={"email": OWNER_EMAIL, "first_name": "Robin", "last_name": "Demo"}
    )
    password = str(known.get("password", ""))
    if is_new or not password or not user.check_password(password):
        password = f"larkfell-{secrets.token_hex(4)}"
        user.set_password(password)
        user.save()
    EmailAddress.objects.get_or_create(
        user=user, email=OWNER_EMAIL, defaults={"verified": True, "primary": True}
    )
    Member.objects.get_or_create(workspace=workspace, user=user, defaults={"role": Role.OWNER})
    return {"email": OWNER_EMAIL, "password": password}


def make_colleagues(workspace: Workspace) -> None:
    """Members who cannot sign in: they fill the members' page and own guides."""
    for email, first, last, role in COLLEAGUES:
        user, _ = User.objects.get_or_create(
            username=email, defaults={"email": email, "first_name": first, "last_name": last, "password": "!"}
        )
        Member.objects.get_or_create(workspace=workspace, user=user, defaults={"role": role})


def keep_keys(workspace: Workspace, known: dict[str, Any], *, now: datetime) -> dict[str, str]:
    """Both keys; those of last time while they are valid. A secret that was lost is revoked and replaced."""
    return {
        "write_key": keep_key(workspace, KeyKind.WRITE, str(known.get("write_key", "")), now=now),
        "secret_key": keep_key(workspace, KeyKind.SECRET, str(known.get("secret_key", "")), now=now),
    }


def keep_key(workspace: Workspace, kind: KeyKind, text: str, *, now: datetime) -> str:
    found = find_key(text)
    if found and found.workspace_id == workspace.pk and found.kind == kind:
        return text
    mine = ApiKey.objects.filter(workspace=workspace, kind=kind, name=KEY_NAME, revoked_at=None)
    if kind == KeyKind.WRITE and (public := mine.first()):
        return public.public_key
    for lost in mine:
        revoke_key(key=lost, now=now)
    scopes = SCOPES if kind == KeyKind.SECRET else ()
    return make_key(workspace=workspace, kind=kind, name=KEY_NAME, scopes=scopes)[1]


def make_categories(workspace: Workspace) -> dict[str, Category]:
    rows = [
        Category(workspace=workspace, position=n, **row)
        for n, row in enumerate(read_data("nudges")["categories"])
    ]
    return {row.slug: row for row in Category.objects.bulk_create(rows)}


def make_catalogue(workspace: Workspace, *, shop: str, now: datetime) -> dict[str, Product]:
    """Own products and the outside alternatives, by SKU."""
    data = read_data("catalogue")
    names = {row["slug"]: row["name"] for row in data["categories"]}
    rows = [product_row(row, names, shop) for row in data["products"]]
    return {
        s.product.sku: s.product for s in save_products(workspace_id=workspace.pk, products=rows, now=now)
    }


def product_row(row: dict[str, Any], names: dict[str, str], shop: str) -> dict[str, Any]:
    return {
        "sku": row["sku"],
        "kind": row.get("kind", "own"),
        "name": row["name"],
        "brand": row.get("brand", "Larkfell"),
        "category": names[row["category"]],
        "price": row["price"],
        "currency": "EUR",
        "url": row.get("url", f"{shop}/p/{row['sku']}"),
        "image_url": f"{shop}/art/{row['sku']}.svg",
        "source_url": row.get("source_url", ""),
        "attributes": {"line": row["line"], **row["attributes"]},
    }
