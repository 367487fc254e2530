"""Pieces that several pages show."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from demo.shop.catalogue import Product, products
from demo.shop.frame import Visitor
from demo.shop.markup import Html, data_block, fill, joined

LABELS = {
    "weight_g": "Weight, g", "drop_mm": "Drop, mm", "cushioning": "Cushioning", "widths": "Widths",
    "lasts_km": "Lasts about, km", "lugs_mm": "Lugs, mm", "ground": "Made for", "water_column_mm": "Water column, mm",
    "layers": "Layers", "breathability": "Lets sweat out", "packs_into": "Packs into", "lumens": "Lumens",
    "hours_at_200_lm": "Hours at 200 lm", "battery": "Battery", "litres": "Litres", "water_ml": "Water carried, ml",
    "sizes": "Sizes", "contents_ml": "Contents, ml", "washes": "Washes", "merino_percent": "Merino, %",
}  # fmt: skip


def cards(shown: Iterable[Product]) -> Html:
    return joined(
        fill(
            '<a class="card" href="/p/{sku}"><img src="/art/{sku}.svg" alt="" width="480" height="360" loading="lazy">'
            "<b>{name}</b><span>{price}</span><small>{line}</small></a>",
            sku=one.sku,
            name=one.name,
            price=euros(one.price),
            line=one.line,
        )
        for one in shown
    )


def line(one: Product, undo: str, event: str) -> Html:
    return fill(
        '<div class="line"><img src="/art/{sku}.svg" alt="" width="96" height="72"><a href="/p/{sku}">{name}</a>'
        "<span>{price}</span>{undo}</div>",
        sku=one.sku,
        name=one.name,
        price=euros(one.price),
        undo=action(undo, one, "Remove", event, "plain"),
    )


def action(where: str, one: Product, label: str, event: str, look: str) -> Html:
    """A form of one button; the script tracks `event` when it is pressed."""
    return fill(
        '<form method="post" action="{where}"><input type="hidden" name="sku" value="{sku}">'
        '<button class="{look}" data-event="{event}" data-sku="{sku}" data-name="{name}" data-category="{category}" '
        'data-price="{price}">{label}</button></form>',
        where=where,
        sku=one.sku,
        look=look,
        event=event,
        name=one.name,
        category=one.category.name,
        price=one.price,
        label=label,
    )


def who(visitor: Visitor) -> Html:
    return fill(
        '<label>E-mail<input type="email" name="email" value="{email}" required autocomplete="email"></label>'
        '<label>Name<input name="name" value="{name}" autocomplete="name"></label>',
        email=visitor.email,
        name=visitor.account.get("name", ""),
    )


def ordered(skus: list[str]) -> dict[str, object]:
    return {
        "currency": "EUR",
        "total": float(sum(Decimal(products()[sku].price) for sku in skus)),
        "products": [products()[sku].properties(quantity=1) for sku in skus],
    }


def total(skus: list[str]) -> str:
    return euros(str(sum(Decimal(products()[sku].price) for sku in skus)))


def euros(price: str) -> str:
    return f"€ {Decimal(price):.2f}"


def figures(one: Product) -> Html:
    return joined(
        fill("<div><dt>{label}</dt><dd>{value}</dd></div>", label=LABELS.get(key, key), value=value)
        for key, value in one.attributes.items()
    )


def guide(need: str, stage: str) -> Html:
    """The embedded guide; nothing where there is no need to guide in."""
    if not need:
        return Html()
    return fill(
        '<section class="aside"><touchstone-guide need="{need}" stage="{stage}"></touchstone-guide></section>',
        need=need,
        stage=stage,
    )


def linked(one: Product) -> Html:
    """The product for search engines; the reviews add to it by its @id."""
    offer = {
        "@type": "Offer",
        "price": one.price,
        "priceCurrency": "EUR",
        "availability": "https://schema.org/InStock",
    }
    data = {
        "@context": "https://schema.org",
        "@type": "Product",
        "@id": "#product",
        "name": one.name,
        "sku": one.sku,
        "description": one.line,
        "offers": offer,
    }
    return data_block("product-data", data, kind="application/ld+json")
