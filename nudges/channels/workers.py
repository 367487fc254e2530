"""The two lines that a shop hosts so that browsers can show our pushes, and whether they are there."""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import urljoin

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from engagement.answers import read_bounded
from engagement.outbound import Client

PATH = "/touchstone-sw.js"
SCRIPTS = ("text/javascript", "application/javascript", "application/x-javascript")


class Found(NamedTuple):
    """Whether the worker is there, and what to tell or to do."""

    is_there: bool
    words: str


def worker_lines(write_key: str) -> str:
    """What the shop's file holds."""
    told = json.dumps({"base": settings.BASE_URL, "key": write_key}, ensure_ascii=False)
    return f'self.touchstone = {told};\nimportScripts("{import_url()}");\n'


def import_url() -> str:
    return f"{settings.BASE_URL}/e/push-worker.js"


def worker_at(shop_url: str, *, path: str = "") -> Found:
    """Fetch the shop's worker as a browser would and say what is wrong with it, if anything."""
    if not shop_url:
        return Found(False, _("Write the shop's address under Settings, General, first."))
    url = urljoin(shop_url, path.strip() or PATH)
    try:
        with Client(timeout=8) as client, client.stream("GET", url) as answer:
            body = read_bounded(answer).decode("utf-8", "replace")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Found(False, _("%(url)s could not be fetched: %(why)s") % {"url": url, "why": error})
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if answer.status_code != 200:
        return Found(
            False,
            _("%(url)s answers %(status)s; it must answer 200, without a redirect.")
            % {"url": url, "status": answer.status_code},
        )
    if kind not in SCRIPTS:
        return Found(
            False,
            _("%(url)s is served as “%(kind)s”; browsers take a worker as text/javascript only.")
            % {"url": url, "kind": kind},
        )
    if import_url() not in body:
        return Found(False, _("%(url)s does not import %(ours)s.") % {"url": url, "ours": import_url()})
    return Found(True, _("%(url)s is there and imports ours.") % {"url": url})
