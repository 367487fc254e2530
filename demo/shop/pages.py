"""The shop's pages. Each takes the visitor and returns a whole document."""

from __future__ import annotations

from demo.shop.catalogue import categories, found, guide_places, products, sold
from demo.shop.frame import Events, Visitor, document
from demo.shop.markup import Html, fill, joined
from demo.shop.parts import action, cards, euros, figures, guide, line, linked, ordered, total, who

HOME_PICKS = ["LF-TERN-2", "LF-FOX", "LF-DRIZZLE", "LF-EMBER", "LF-BROOK", "LF-WREN"]


def home(visitor: Visitor) -> str:
    tiles = joined(
        fill(
            '<a class="tile" href="/c/{slug}"><img src="/art/{sku}.svg" alt="" width="480" height="360">'
            "<span><b>{name}</b><small>{line}</small></span></a>",
            slug=one.slug,
            sku=sold(one.slug)[0].sku,
            name=one.name,
            line=one.line,
        )
        for one in categories().values()
    )
    body = fill(
        '<section class="hero"><div><h1>Find out what fits, <em>before</em> you buy.</h1>'
        "<p>We sell running and hill gear. We also say what to look for, who should not buy it, and what others make "
        'that may suit you better.</p><p><a class="button" href="/c/road-shoes">Start with shoes</a> '
        '<a class="button quiet" href="/c/rain-jackets">Stay dry</a></p></div>'
        '<img src="/art/LF-FOX.svg" alt="Fox Trail shoe" width="480" height="360"></section>'
        '<h2>What are you after?</h2><div class="tiles">{tiles}</div>'
        '<h2>Often a good start</h2><div class="grid">{cards}</div>',
        tiles=tiles,
        cards=cards(products()[sku] for sku in HOME_PICKS),
    )
    return document(visitor, "Larkfell", body)


def category(visitor: Visitor, slug: str) -> str:
    one = categories().get(slug)
    if one is None:
        return ""
    shown = sold(slug)
    listed: Events = [
        {
            "event": "Product List Viewed",
            "properties": {
                "list_id": slug,
                "category": one.name,
                "products": [p.properties(position=n) for n, p in enumerate(shown, 1)],
            },
        }
    ]
    body = fill(
        '<header class="top"><h1>{name}</h1><p>{line}</p></header><div class="grid">{cards}</div>{guide}',
        name=one.name,
        line=one.line,
        cards=cards(shown),
        guide=guide(one.need, "shortlist"),
    )
    return document(visitor, one.name, body, listed)


def product(visitor: Visitor, sku: str) -> str:
    one = products().get(sku)
    if one is None or not one.is_own:
        return ""
    body = fill(
        '<nav class="crumbs" aria-label="You are here"><a href="/c/{slug}">{category}</a></nav>'
        '<article class="product"><img src="/art/{sku}.svg" alt="{name}" width="480" height="360"><div><h1>{name}</h1>'
        '<p class="lead">{line}</p><p class="price">{price}</p><div class="buttons">{buy}{wish}</div>'
        '<dl class="figures">{figures}</dl></div></article>{guide}'
        '<section class="aside"><touchstone-reviews product="{sku}" product-id="#product">'
        '</touchstone-reviews></section><section class="aside"><touchstone-ask product="{sku}"></touchstone-ask>'
        "</section>{linked}",
        slug=one.category.slug,
        category=one.category.name,
        sku=one.sku,
        name=one.name,
        line=one.line,
        price=euros(one.price),
        buy=action("/cart/add", one, "Add to cart", "Product Added", "button"),
        wish=action("/wishlist/add", one, "Remember it", "Product Added to Wishlist", "button quiet"),
        figures=figures(one),
        guide=guide(one.category.need, "purchase"),
        linked=linked(one),
    )
    return document(visitor, one.name, body, [{"event": "Product Viewed", "properties": one.properties()}])


def guide_page(visitor: Visitor, slug: str) -> str:
    """Where messages lead: a guide with what it is about below."""
    place = guide_places().get(slug)
    if place is None:
        return ""
    about = next(c for c in categories().values() if c.need == place.need)
    body = fill(
        '{guide}<h2><a href="/c/{slug}">{name}</a></h2><div class="grid">{cards}</div>',
        guide=guide(place.need, place.stage),
        slug=about.slug,
        name=about.name,
        cards=cards(sold(about.slug)),
    )
    return document(visitor, about.name, body)


def search(visitor: Visitor, words: str) -> str:
    hits = found(words)
    events: Events = [{"event": "Products Searched", "properties": {"query": words}}] if words else []
    empty = Html('<p class="empty">Nothing we sell has these words. The guides may still help.</p>')
    body = fill(
        '<header class="top"><h1>{title}</h1></header><div class="grid">{cards}</div>{empty}',
        title=f"{len(hits)} for “{words}”" if words else "What are you looking for?",
        cards=cards(hits),
        empty=empty if words and not hits else Html(),
    )
    return document(visitor, "Search", body, events, words=words)


def cart(visitor: Visitor) -> str:
    rows = joined(line(products()[sku], "/cart/remove", "Product Removed") for sku in visitor.cart)
    ready = fill(
        '<p class="total">Total <b>{total}</b></p><a class="button" href="/checkout">To the checkout</a>',
        total=total(visitor.cart),
    )
    body = fill(
        '<header class="top"><h1>Cart</h1></header><div class="lines">{rows}</div>{end}',
        rows=rows,
        end=ready if visitor.cart else Html('<p class="empty">Nothing in it yet.</p>'),
    )
    return document(visitor, "Cart", body)


def wishlist(visitor: Visitor) -> str:
    rows = joined(
        line(products()[sku], "/wishlist/remove", "Product Removed from Wishlist") for sku in visitor.wishes
    )
    body = fill(
        '<header class="top"><h1>Remembered</h1><p>To compare, to sleep on, to ask a friend about.</p></header>'
        '<div class="lines">{rows}</div>{end}',
        rows=rows,
        end=Html() if visitor.wishes else Html('<p class="empty">Nothing remembered yet.</p>'),
    )
    return document(visitor, "Remembered", body)


def checkout(visitor: Visitor) -> str:
    events: Events = [{"event": "Checkout Started", "properties": ordered(visitor.cart)}]
    rows = joined(
        fill("<li>{name} <b>{price}</b></li>", name=products()[sku].name, price=euros(products()[sku].price))
        for sku in visitor.cart
    )
    body = fill(
        '<header class="top"><h1>Checkout</h1><p>A demo: nothing is charged, nothing is sent.</p></header>'
        '<form class="form" method="post" action="/checkout">{who}<ul class="sum">{rows}'
        "<li>Total <b>{total}</b></li></ul>"
        '<button class="button">Place the order</button></form>',
        who=who(visitor),
        rows=rows,
        total=total(visitor.cart),
    )
    return document(visitor, "Checkout", body, events)


def order(visitor: Visitor, number: str, skus: list[str]) -> str:
    events: Events = [
        {
            "event": "Order Completed",
            "message_id": f"order-{number}",
            "properties": {"order_id": number, **ordered(skus)},
        }
    ]
    links = joined(
        fill('<li><a href="/p/{sku}">{name}</a></li>', sku=sku, name=products()[sku].name)
        for sku in dict.fromkeys(skus)
    )
    needs = dict.fromkeys(need for sku in skus if (need := products()[sku].category.need))
    guides = joined(guide(need, "post_purchase") for need in needs)
    body = fill(
        '<header class="top"><h1>Thank you</h1><p>Order {number} is on its way, in a manner of speaking.</p></header>'
        "<ul>{links}</ul>{guides}",
        number=number,
        links=links,
        guides=guides,
    )
    return document(visitor, "Thank you", body, events)


def account(visitor: Visitor) -> str:
    if not visitor.email:
        people = joined(
            fill(
                '<form method="post" action="/account"><input type="hidden" name="email" value="{email}">'
                '<input type="hidden" name="name" value="{name}"><button class="person"><b>{name}</b>'
                "<small>{note}</small></button></form>",
                **person,
            )
            for person in visitor.setting.people
        )
        body = fill(
            '<header class="top"><h1>Sign in</h1><p>A demo: any address will do, and no password is asked.</p></header>'
            '<form class="form" method="post" action="/account">{who}<button class="button">Sign in</button></form>'
            '{invite}<div class="people">{people}</div>',
            who=who(visitor),
            invite=Html("<h2>Or be one of our regulars</h2>") if people else Html(),
            people=people,
        )
        return document(visitor, "Sign in", body)
    body = fill(
        '<header class="top"><h1>Hello{name}</h1><p>{email}</p></header>'
        '<section class="aside"><h2>Messages for you</h2><touchstone-inbox></touchstone-inbox></section>'
        '<section class="aside"><h2>What you want to hear</h2><touchstone-preferences></touchstone-preferences>'
        '</section><form method="post" action="/account/leave"><button class="button quiet">Sign out</button></form>',
        name=f", {visitor.account['name'].split()[0]}" if visitor.account.get("name", "").strip() else "",
        email=visitor.email,
    )
    return document(visitor, "Your account", body)


def missing(visitor: Visitor) -> str:
    return document(
        visitor,
        "Not found",
        Html('<header class="top"><h1>We do not have this page</h1></header><p><a href="/">Home</a></p>'),
    )
