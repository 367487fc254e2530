"""Who or what fetched a picture or a link, by the request alone. Nothing of it is kept but the answer.

Known by their own words: Apple's Mail Privacy Protection fetches every picture when a mail arrives, read or not, as
"Mozilla/5.0" and no more. Google's and Yahoo's proxies fetch it when the reader opens the mail, and hide the reader.
Security gateways call themselves by name, or by the library that they are written with; others ask with HEAD, or say
that they look ahead. One that passes itself off as a browser is found by what else it does (`judging`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from nudges.models import SeenAs

APPLE = "Mozilla/5.0"
PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
SCANNERS = re.compile(
    r"barracuda|mimecast|proofpoint|ironport|fireeye|trendmicro|tmes|symantec|messagelabs|sophos|forti(?:mail|gate|guard)"
    r"|bitdefender|zscaler|safelinks|safebrowsing|virustotal|urlscan|checkpoint|vadesecure|hornet|avanan|cloudmark"
    r"|bot\b|crawl|spider|preview|scanner|monitor|headless|phantom|puppeteer|playwright"
    r"|python|curl/|wget|java/|okhttp|go-http-client|libwww|httpclient|axios|node-fetch|guzzle|ruby|scrapy|aiohttp",
    re.IGNORECASE,
)
AHEAD = ("prefetch", "preview", "prerender")


def seen_as(method: str, headers: Mapping[str, str]) -> SeenAs:
    """The first that the request says of itself; a person when it says nothing else."""
    agent = headers.get("User-Agent", "").strip()
    if agent == APPLE:
        return SeenAs.AHEAD
    if PROXIES.search(agent):
        return SeenAs.PROXY
    if method != "GET" or not agent or SCANNERS.search(agent):
        return SeenAs.SCANNER
    purposes = " ".join(headers.get(name, "") for name in ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"))
    if any(word in purposes.lower() for word in AHEAD):
        return SeenAs.AHEAD
    return SeenAs.PERSON


def objects(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that its owner wants nothing noted (Global Privacy Control, Do Not Track)."""
    return headers.get("Sec-GPC", "").strip() == "1" or headers.get("DNT", "").strip() == "1"
