"""Signing in with a second factor: an app's codes, and a recovery code where the app is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.conftest import Look
from tests.committed import Server

pytestmark = pytest.mark.usefixtures("committed")
PASSWORD = "a long passphrase of the test"
SCREENS = [Look(1440), Look(390), Look(390, dark=True)]


def sign_in(page: Page, server: Server, email: str) -> None:
    page.goto(f"{server.url}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()


def code_of(secret: str, *, later: int) -> str:
    """The app's code now or the next one: each is taken once."""
    return f"{hotp_value(secret, list(yield_hotp_counters_from_time())[1 + later]):06}"


def test_who_set_up_an_app_signs_in_with_its_code_or_a_recovery_code(
    server: Server, visit: Callable[..., Page], check: Callable[..., None]
) -> None:
    user = make.member(make.workspace(name="Larkfell")).user
    user.set_password(PASSWORD)
    user.save()
    page = visit()
    sign_in(page, server, user.email)
    page.goto(f"{server.url}/accounts/2fa/")
    check(page, "factors", looks=SCREENS)
    page.get_by_role("link", name="Activate").click()
    check(page, "factors-confirm", looks=SCREENS)  # whoever finds an open browser sets up nothing
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    secret = page.get_by_label("Authenticator secret").input_value()
    picture = page.locator("main img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("one => one.naturalWidth") > 100, "the picture to scan is shown"
    check(page, "factors-activate", looks=SCREENS)
    page.get_by_label("Authenticator code").fill("000000")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    page.get_by_label("Authenticator code").fill(code_of(secret, later=0))
    page.get_by_role("button", name="Activate").click()
    check(page, "factors-recovery-codes", looks=SCREENS)
    codes = page.locator("main textarea").input_value().split()
    assert len(set(codes)) == 10
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{server.url}/accounts/login/**")

    sign_in(page, server, user.email)
    check(page, "factors-authenticate", looks=SCREENS)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Home")
    page.get_by_label("Code").fill(code_of(secret, later=1))
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url(f"{server.url}/")
    page.goto(f"{server.url}/accounts/logout/")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url(f"{server.url}/accounts/login/**")

    sign_in(page, server, user.email)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign In").click()
    page.wait_for_url(f"{server.url}/")
