"""The shop's WSGI application: routes, the shop's own cookies, and a strict Content-Security-Policy."""

from __future__ import annotations

import json
import mimetypes
import re
import secrets
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote

from demo.shop import pages
from demo.shop.art import picture
from demo.shop.catalogue import products
from demo.shop.frame import Visitor
from demo.shop.setting import Setting, SettingFile

STATIC = Path(__file__).with_name("static")
LARGEST_FORM = 20_000
COOKIES = {"cart": [], "wishes": [], "account": {}}


class Answer(NamedTuple):
    """`keep` are cookies to set; a `location` makes it a redirect."""

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: str = "200 OK"
    location: str = ""
    keep: dict[str, Any] = {}
    cache: str = "no-store"


class Request(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    cart: list[str]
    wishes: list[str]
    account: dict[str, str]
    setting: Setting

    @property
    def visitor(self) -> Visitor:
        return Visitor(self.cart, self.wishes, self.account, self.setting)


class Shop:
    """One shop: its setting, and the orders placed since it was started."""

    def __init__(self, setting: SettingFile) -> None:
        self.setting = setting
        self.orders: dict[str, list[str]] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = read_request(environ, self.setting.read())
        answer = self.answer(request)
        headers = [
            ("Content-Type", answer.kind),
            ("Content-Length", str(len(answer.body))),
            ("Content-Security-Policy", policy(request.setting.origin)),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
            ("Cache-Control", answer.cache),
        ]
        if answer.location:
            headers.append(("Location", answer.location))
        for name, value in answer.keep.items():
            text = quote(json.dumps(value, separators=(",", ":")), safe="")
            headers.append(
                ("Set-Cookie", f"larkfell_{name}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800")
            )
        start_response(answer.status, headers)
        return [answer.body] if request.method != "HEAD" else []

    def answer(self, request: Request) -> Answer:
        for pattern, method, act in ROUTES:
            match = re.fullmatch(pattern, request.path)
            if match and request.method in (method, "HEAD" if method == "GET" else method):
                return act(self, request, *match.groups())
        return missing(request)


def read_request(environ: dict[str, Any], setting: Setting) -> Request:
    form = ""
    if environ["REQUEST_METHOD"] == "POST":
        length = min(int(environ.get("CONTENT_LENGTH") or 0), LARGEST_FORM)
        form = environ["wsgi.input"].read(length).decode(errors="replace")
    cookies = read_cookies(environ.get("HTTP_COOKIE", ""))
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO") or "/",
        query={name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()},
        form={name: values[0] for name, values in parse_qs(form).items()},
        cart=[sku for sku in cookies["cart"] if sku in products()][:20],
        wishes=[sku for sku in cookies["wishes"] if sku in products()][:20],
        account=cookies["account"],
        setting=setting,
    )


def read_cookies(header: str) -> dict[str, Any]:
    """The shop's own cookies; anything that is not what it set is left out."""
    try:
        jar = SimpleCookie(header)
    except CookieError:
        return dict(COOKIES)
    found = {}
    for name, empty in COOKIES.items():
        try:
            value = json.loads(unquote(jar[f"larkfell_{name}"].value))
        except (KeyError, ValueError):
            value = empty
        found[name] = value if isinstance(value, type(empty)) else empty
    return found


def policy(origin: str) -> str:
    """Only the shop itself and Touchstone, nothing inline, no eval."""
    return (
        f"default-src 'none'; script-src 'self' {origin}; style-src 'self'; img-src 'self' data: {origin}; "
        f"font-src 'self'; connect-src 'self' {origin}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def page(html: str, status: str = "200 OK") -> Answer:
    return Answer(body=html.encode(), status=status)


def redirect(location: str, **keep: Any) -> Answer:
    return Answer(status="303 See Other", location=location, keep=keep)


def missing(request: Request) -> Answer:
    return page(pages.missing(request.visitor), "404 Not Found")


def show_home(shop: Shop, request: Request) -> Answer:
    return page(pages.home(request.visitor))


def show_category(shop: Shop, request: Request, slug: str) -> Answer:
    html = pages.category(request.visitor, slug)
    return page(html) if html else missing(request)


def show_product(shop: Shop, request: Request, sku: str) -> Answer:
    html = pages.product(request.visitor, sku)
    return page(html) if html else missing(request)


def show_guide(shop: Shop, request: Request, slug: str) -> Answer:
    html = pages.guide_page(request.visitor, slug)
    return page(html) if html else missing(request)


def show_search(shop: Shop, request: Request) -> Answer:
    return page(pages.search(request.visitor, request.query.get("q", "")[:100]))


def show_cart(shop: Shop, request: Request) -> Answer:
    return page(pages.cart(request.visitor))


def show_wishes(shop: Shop, request: Request) -> Answer:
    return page(pages.wishlist(request.visitor))


def show_checkout(shop: Shop, request: Request) -> Answer:
    return page(pages.checkout(request.visitor)) if request.cart else redirect("/cart")


def show_account(shop: Shop, request: Request) -> Answer:
    return page(pages.account(request.visitor))


def show_order(shop: Shop, request: Request, order: str) -> Answer:
    skus = shop.orders.get(order)
    return page(pages.order(request.visitor, order, skus)) if skus else missing(request)


def show_picture(shop: Shop, request: Request, sku: str) -> Answer:
    one = products().get(sku)
    if one is None:
        return missing(request)
    svg = picture(one.art, one.colours, title=one.name)
    return Answer(body=svg.encode(), kind="image/svg+xml", cache="public, max-age=86400")


def show_file(shop: Shop, request: Request, name: str) -> Answer:
    path = STATIC / name
    if not path.is_file():
        return missing(request)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Answer(body=path.read_bytes(), kind=kind, cache="public, max-age=60")


def change_list(name: str, where: str) -> Callable[[Shop, Request, str], Answer]:
    """Put a product on the cart or the wishlist, or take it off."""

    def act(shop: Shop, request: Request, verb: str) -> Answer:
        kept: list[str] = list(getattr(request, name))
        sku = request.form.get("sku", "")
        if verb == "add" and sku in products() and (name == "cart" or sku not in kept):
            kept.append(sku)
        if verb == "remove" and sku in kept:
            kept.remove(sku)
        return redirect(where, **{name: kept})

    return act


def place_order(shop: Shop, request: Request) -> Answer:
    email = request.form.get("email", "").strip()[:200]
    if not request.cart or "@" not in email:
        return redirect("/checkout" if request.cart else "/cart")
    order = f"L-{secrets.token_hex(4).upper()}"
    shop.orders[order] = list(request.cart)
    account = {"email": email, "name": request.form.get("name", "").strip()[:80]}
    return redirect(f"/order/{order}", cart=[], account=account)


def sign_in(shop: Shop, request: Request) -> Answer:
    email = request.form.get("email", "").strip()[:200]
    if "@" not in email:
        return redirect("/account")
    return redirect("/account", account={"email": email, "name": request.form.get("name", "").strip()[:80]})


def sign_out(shop: Shop, request: Request) -> Answer:
    return redirect("/", account={})


ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    (r"/", "GET", show_home),
    (r"/c/([a-z-]+)", "GET", show_category),
    (r"/p/([A-Z0-9-]+)", "GET", show_product),
    (r"/guide/([a-z0-9-]+)", "GET", show_guide),
    (r"/search", "GET", show_search),
    (r"/cart", "GET", show_cart),
    (r"/cart/(add|remove)", "POST", change_list("cart", "/cart")),
    (r"/wishlist", "GET", show_wishes),
    (r"/wishlist/(add|remove)", "POST", change_list("wishes", "/wishlist")),
    (r"/checkout", "GET", show_checkout),
    (r"/checkout", "POST", place_order),
    (r"/order/([A-Z0-9-]+)", "GET", show_order),
    (r"/account", "GET", show_account),
    (r"/account", "POST", sign_in),
    (r"/account/leave", "POST", sign_out),
    (r"/art/([A-Z0-9-]+)\.svg", "GET", show_picture),
    (r"/static/([a-z.-]+)", "GET", show_file),
]
