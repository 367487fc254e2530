"""One line of a file read into what a review needs, with what is wrong with it and what was changed. Without rows."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from engagement.people.traits import usable_email
from reviews.importing.dates import BadDate, parse_date
from reviews.importing.formats import PRODUCT_TARGETS

LONGEST_TITLE, LONGEST_NAME, LONGEST_ID = 150, 80, 200
PUBLISHED = {"published", "approved", "active", "ok", "visible", "true", "yes", "1", "public"}
WAITING = {
    "pending",
    "hidden",
    "unpublished",
    "not-yet",
    "new",
    "false",
    "no",
    "0",
    "rejected",
    "archived",
    "withdrawn",
}
SPAM = {"spam"}
YES, NO = {"yes", "true", "1", "y", "buyer", "verified"}, {"no", "false", "0", "n", "", "nothing", "none"}
TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
BREAKS = re.compile(r"(?i)<\s*(?:br|/p|/div|/li)\s*/?\s*>")
ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{2,6}|#x[0-9a-fA-F]{2,5});")
# A date a little ahead is a clock of another zone.
AHEAD = timedelta(days=1)


@dataclass(slots=True)
class Parsed:
    """What we take of a line. `status` is published, waiting, spam, or empty where the file doesn't say."""

    external_id: str = ""
    products: list[str] = field(default_factory=list)
    product_name: str = ""
    rating: int = 0
    title: str = ""
    body: str = ""
    author_name: str = ""
    email: str = ""
    at: str = ""
    status: str = ""
    is_verified_there: bool | None = None
    incentive: str = ""
    language: str = ""
    reply: str = ""
    reply_at: str = ""
    pictures: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Reading:
    """A line read: `problems` keep it out, `notes` say what was changed in it."""

    parsed: Parsed
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_line(
    given: Mapping[str, str], *, day_first: bool | None, now: datetime, is_guarded: bool
) -> Reading:
    """`given` is {target: cell}. `is_guarded`: an export of ours, where a sign keeps sheets from calculating."""
    told = {name: _unguarded(cell) if is_guarded else cell.strip() for name, cell in given.items()}
    reading = Reading(Parsed())
    for step in (
        _read_product,
        _read_rating,
        _read_texts,
        _read_author,
        _read_dates,
        _read_standing,
        _read_pictures,
    ):
        step(reading, told, day_first, now)
    reading.parsed.external_id = told.get("external_id", "")[:LONGEST_ID] or _digest(told)
    return reading


def _read_product(reading: Reading, told: dict[str, str], *_rest: Any) -> None:
    refs: list[str] = []
    for target in PRODUCT_TARGETS:
        ref = told.get(target, "")
        if target == "product_url":
            ref = ref.split("?")[0].split("#")[0].rstrip("/").rpartition("/")[2]
        # Shopify's own way to write an id.
        refs.append(ref.rpartition("/")[2] if ref.startswith("gid://") else ref)
    reading.parsed.products = [ref[:LONGEST_ID] for ref in dict.fromkeys(refs) if ref]
    reading.parsed.product_name = _text(told.get("product_name", ""))[:300]
    if not reading.parsed.products:
        reading.problems.append(_("It names no product."))


def _read_rating(reading: Reading, told: dict[str, str], *_rest: Any) -> None:
    found = re.fullmatch(r"([1-5])(?:[.,]0+)?(?:\s*/\s*5)?", told.get("rating", ""))
    if found:
        reading.parsed.rating = int(found[1])
    else:
        reading.problems.append(
            _("The rating “%(told)s” is no whole number from 1 to 5.") % {"told": told.get("rating", "")[:20]}
        )


def _read_texts(reading: Reading, told: dict[str, str], *_rest: Any) -> None:
    parsed = reading.parsed
    parsed.title, parsed.body = _text(told.get("title", "")), _text(told.get("body", ""))
    parsed.reply = _text(told.get("reply", ""))
    parsed.language = re.sub(r"[^A-Za-z-]", "", told.get("language", "").replace("_", "-"))[:16]
    incentive = told.get("incentive", "")
    parsed.incentive = "" if incentive.lower() in NO else _text(incentive)[:120]
    if len(parsed.title) > LONGEST_TITLE:
        parsed.title = parsed.title[: LONGEST_TITLE - 1] + "…"
        reading.notes.append(_("The title was cut; the whole one is kept with the line."))
    if ENTITY.search(told.get("body", "")) or TAGS.search(told.get("body", "")):
        reading.notes.append(_("Marks of a web page were taken out of the text."))


def _read_author(reading: Reading, told: dict[str, str], *_rest: Any) -> None:
    parsed = reading.parsed
    name = _text(told.get("author_name", ""))
    parsed.email = usable_email(told.get("author_email", ""))
    if "@" in name:
        parsed.email = parsed.email or usable_email(name)
        reading.notes.append(_("The name was an e-mail address; it is not shown."))
        name = ""
    parsed.author_name = name[:LONGEST_NAME]
    if told.get("author_email") and not parsed.email:
        reading.notes.append(_("The e-mail address cannot be used."))


def _read_dates(reading: Reading, told: dict[str, str], day_first: bool | None, now: datetime) -> None:
    try:
        at = parse_date(told.get("date", ""), day_first=day_first)
    except BadDate as bad:
        reading.problems.append(
            _("The date “%(told)s” may have the day or the month first; choose which.")
            % {"told": told["date"][:40]}
            if bad.is_ambiguous
            else _("“%(told)s” is no date that we can read.") % {"told": told.get("date", "")[:40]}
        )
        return
    if at > now + AHEAD:
        reading.problems.append(_("Its date lies in the future: %(at)s.") % {"at": at.date().isoformat()})
    reading.parsed.at = min(at, now).isoformat()
    if reading.parsed.reply:
        try:
            replied = parse_date(told.get("reply_date", ""), day_first=day_first)
        except BadDate:
            replied = at
        reading.parsed.reply_at = min(replied, now).isoformat()


def _read_standing(reading: Reading, told: dict[str, str], *_rest: Any) -> None:
    status, verified = told.get("status", "").lower(), told.get("verified", "").lower()
    for name, words in (("published", PUBLISHED), ("waiting", WAITING), ("spam", SPAM)):
        if status in words:
            reading.parsed.status = name
    if status and not reading.parsed.status:
        reading.parsed.status = "waiting"
        reading.notes.append(
            _("Its state “%(told)s” is not known; a moderator decides.") % {"told": status[:40]}
        )
    # Never inferred: only what the column says in so many words.
    if verified in YES:
        reading.parsed.is_verified_there = True
    elif "verified" in told and verified in NO:
        reading.parsed.is_verified_there = False


def _read_pictures(reading: Reading, told: dict[str, str], *_rest: Any) -> None:
    found = [one for one in re.split(r"[\s,;|]+", told.get("pictures", "")) if one]
    reading.parsed.pictures = [one for one in found if re.match(r"https?://[^/]", one)][:20]
    if reading.parsed.pictures:
        count = {"n": len(reading.parsed.pictures)}
        reading.notes.append(_("Addresses of %(n)s pictures are kept; the pictures are not fetched.") % count)
    if len(found) > len(reading.parsed.pictures):
        reading.notes.append(_("An address of a picture is no web address; it is kept with the line only."))


def _text(told: str) -> str:
    """Plain text: what was written for a web page is turned back, and markup left out."""
    if "<" in told:
        told = TAGS.sub("", BREAKS.sub("\n", told))
    if "&" in told:
        told = html.unescape(told)
    return "\n".join(
        line.rstrip() for line in told.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ).strip()


def _unguarded(cell: str) -> str:
    """Without the sign that `reviews.exporting` puts before what a spreadsheet would calculate."""
    return (cell[1:] if re.match(r"'[=+\-@\t\r]", cell) else cell).strip()


def _digest(told: Mapping[str, str]) -> str:
    """An id for a line that has none: the same line has it again, in another file as well."""
    names = (*PRODUCT_TARGETS, "author_email", "author_name", "date", "rating", "title", "body")
    text = "\0".join(told.get(name, "") for name in names)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:40]}"
