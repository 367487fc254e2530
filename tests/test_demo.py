"""The demo's own programs: the mailbox keeps what it gets, the shop sells behind a strict policy."""

from __future__ import annotations

import email
import email.policy
import io
import json
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from config.local.redis import wait_until
from config.local.state import free_port
from demo.shop.art import DRAWN
from demo.shop.catalogue import products
from demo.shop.server import Shop
from demo.shop.setting import Setting, SettingFile, reader_token, user_id
from engagement.identities import customer_from_token, embed_secret
from tests import make


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    port, folder = free_port(), tmp_path / "outbox"
    process = subprocess.Popen(
        [sys.executable, "-m", "demo.mailbox", "--smtp-port", str(port), "--dir", str(folder)]
    )
    try:
        assert wait_until(lambda: is_listening(port), seconds=20)
        yield port, folder
    finally:
        process.terminate()
        assert process.wait(10) == 0


def is_listening(port: int) -> bool:
    try:
        smtplib.SMTP("127.0.0.1", port, timeout=5).quit()
    except OSError:
        return False
    return True


def test_a_message_is_kept_whole_with_its_envelope(mailbox: tuple[int, Path]) -> None:
    port, folder = mailbox
    message = EmailMessage()
    message["Subject"] = "Grüße"
    message.set_content("Line\n.dot\n")
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        client.send_message(message, "shop@example.org", ["ada@example.org", "bo@example.org"])
    (path,) = folder.glob("*.eml")
    kept = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert kept["Subject"] == "Grüße"
    assert kept["X-Envelope-To"] == "ada@example.org, bo@example.org"
    assert kept.get_content().splitlines() == ["Line", ".dot"]
    assert list(folder.glob(".*")) == []


def test_messages_sort_in_the_order_of_their_arrival(mailbox: tuple[int, Path]) -> None:
    port, folder = mailbox
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        for n in range(12):
            client.sendmail("a@example.org", ["b@example.org"], f"Subject: {n}\r\n\r\n.")
    kept = [email.message_from_bytes(path.read_bytes())["Subject"] for path in sorted(folder.glob("*.eml"))]
    assert kept == [str(n) for n in range(12)]


# ---- The shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    info = tmp_path / "info.json"
    info.write_text(
        json.dumps({"write_key": "wk_x", "embed_secret": "es_x", "api": "http://127.0.0.1:9/api/v1/"})
    )
    return Shop(SettingFile(info))


def ask(shop: Shop, path: str, *, form: str = "", cookie: str = "") -> tuple[str, dict[str, str], str]:
    """Status, headers and text of one request; a form makes it a POST."""
    answered: dict[str, Any] = {}
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": "POST" if form else "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_COOKIE": cookie,
        "CONTENT_LENGTH": str(len(form)),
        "wsgi.input": io.BytesIO(form.encode()),
    }
    body = b"".join(
        shop(environ, lambda status, headers: answered.update(status=status, headers=dict(headers)))
    )
    return answered["status"], answered["headers"], body.decode()


def tracked(html: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(re.search(r'id="tracked">(.*?)</script>', html).group(1))[
        "events"
    ]
    return events


@pytest.mark.parametrize(
    "path", ["/", "/c/road-shoes", "/p/LF-FOX", "/search?q=shell", "/cart", "/wishlist", "/account"]
)
def test_every_page_stands_behind_a_strict_policy(shop: Shop, path: str) -> None:
    status, headers, html = ask(shop, path)
    assert status == "200 OK"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "http://127.0.0.1:9" in headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*(src|application/))|\son\w+=|style=", html)


def test_what_is_looked_at_is_tracked_by_the_usual_names(shop: Shop) -> None:
    (seen,) = tracked(ask(shop, "/p/LF-FOX")[2])
    assert (seen["event"], seen["properties"]["product_id"]) == ("Product Viewed", "LF-FOX")
    (listed,) = tracked(ask(shop, "/c/trail-shoes")[2])
    assert len(listed["properties"]["products"]) == 4
    (searched,) = tracked(ask(shop, "/search?q=%3Cscript%3E")[2])
    assert searched["properties"] == {"query": "<script>"}


def test_what_was_typed_is_not_executed(shop: Shop) -> None:
    assert "<script>alert" not in ask(shop, "/search?q=%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E")[2]


def test_an_order_is_placed_and_tracked_once_however_often_the_page_is_loaded(shop: Shop) -> None:
    _, headers, _ = ask(shop, "/cart/add", form="sku=LF-FOX")
    cookie = headers["Set-Cookie"].partition(";")[0]
    _, headers, _ = ask(shop, "/checkout", form="email=a%40b.example&name=Ada", cookie=cookie)
    ids = {tracked(ask(shop, headers["Location"])[2])[0]["message_id"] for _ in range(2)}
    assert len(ids) == 1


def test_what_is_not_there_or_not_its_own_is_not_sold(shop: Shop) -> None:
    for path in ("/p/NONE", "/p/OUT-LUX", "/c/none", "/order/L-1", "/static/../server.py", "/guide/none"):
        assert ask(shop, path)[0] == "404 Not Found"


def test_a_cookie_that_the_shop_did_not_set_is_harmless(shop: Shop) -> None:
    for cookie in (
        "larkfell_cart=x",
        "larkfell_cart=%7B%7D",
        "larkfell_account=[1]",
        "=;=",
        "larkfell_cart=%5B%22NONE%22%5D",
    ):
        assert ask(shop, "/cart", cookie=cookie)[0] == "200 OK"


def test_every_product_has_a_picture(shop: Shop) -> None:
    assert {product.art for product in products().values()} == set(DRAWN)
    for sku in products():
        _, headers, svg = ask(shop, f"/art/{sku}.svg")
        assert headers["Content-Type"] == "image/svg+xml"
        assert svg.startswith("<svg")


@pytest.mark.django_db
def test_the_shops_token_names_its_customer() -> None:
    workspace = make.workspace()
    customer = make.customer(workspace, external_id=user_id("Ada@example.org "))
    token = reader_token(Setting(embed_secret=embed_secret(workspace)), user_id("ada@example.org"))
    now = datetime.fromtimestamp(time.time(), UTC)
    assert customer_from_token(workspace=workspace, token=token, now=now) == customer
