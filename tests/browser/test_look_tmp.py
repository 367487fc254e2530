from tests.browser.test_dashboard import *  # noqa
from tests import make_webhooks
import pytest
pytestmark = pytestmark
def test_look(enter, server, browser):
    ws = Workspace.objects.get()
    pk = make_webhooks.told(ws).pk
    Endpoint = type(make_webhooks.endpoint(ws, url="https://desk.example.org/a"))
    for dark in (False, True):
        for width in (1440, 390):
            page = enter("/settings/webhooks", width=width, dark=dark)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=f"/tmp/hooks/shot-list-{width}-{dark}.png", full_page=True)
            page.goto(server.url + f"/settings/webhooks/{pk}")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=f"/tmp/hooks/shot-one-{width}-{dark}.png", full_page=True)
    Endpoint.objects.filter(pk=pk).update(is_enabled=False, disabled_because="failing", disabled_at=make_webhooks.make.NOW)
    page = enter("/", width=1440)
    page.screenshot(path="/tmp/hooks/shot-home.png")
    page.goto(server.url + f"/settings/webhooks/{pk}"); page.screenshot(path="/tmp/hooks/shot-off.png")
    from django.test import Client
    from django.contrib.auth import get_user_model
    c = Client(); c.force_login(get_user_model().objects.get(email="demo@touchstone.example"))
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone.add_cookies([{"name": "sessionid", "value": c.cookies["sessionid"].value, "url": server.url}])
    p = phone.new_page(); p.goto(server.url + "/reviews"); p.wait_for_load_state("networkidle")
    p.screenshot(path="/tmp/hooks/shot-phone.png")
    print("KBD visible on phone:", p.locator(".btn kbd:visible").count(), p.locator(".ts-keyhint:visible").count(), p.locator('[data-open="shortcuts"]:visible').count())
    page.goto(server.url + "/reviews"); page.wait_for_load_state("networkidle")
    print("KBD visible on desk:", page.locator(".btn kbd:visible").count(), page.locator(".ts-keyhint:visible").count())
