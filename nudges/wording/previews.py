"""What one customer would get, without a message: for editors, dry runs and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from engagement.models import Customer
from journeys.models import CustomerNeed
from nudges.flows import latest_runs
from nudges.models import Entry, Nudge, NudgeContent
from nudges.variants import key_of, words_of
from nudges.wording import Rendered, bind, choose_content, languages_of, render
from nudges.wording.blocks import CHOICES
from nudges.wording.letters import preview_links
from nudges.wording.placeholders import Aborted, BadWording, MissingData, missing_values
from nudges.wording.values import Known, Subject, read_known, values

SCHEME = re.compile(r"\(\s*prefers-color-scheme:\s*dark\s*\)")


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as a customer would see it, or the reason why it cannot be made; `missing` names unknown values.

    `aborted`: the words themselves would keep it back, and why.
    """

    rendered: Rendered | None
    missing: list[str] = field(default_factory=list)
    problem: str = ""
    aborted: str = ""


def preview(
    *,
    nudge: Nudge,
    customer: Customer,
    channel: str,
    now: datetime,
    contents: Sequence[NudgeContent] | None = None,
    variant: str | None = None,
) -> Preview:
    """The nudge as this customer would get it now, with what is not known about them. Sends and stores nothing.

    `contents` are words that may not be saved yet; without them the nudge's own are taken, in the variant of this key,
    or in the customer's.
    """
    key = key_of(nudge, customer.pk) if variant is None else variant
    words = words_of(nudge.contents.all(), key) if contents is None else list(contents)
    bind(words, {nudge.workspace_id: nudge.workspace})
    [known] = known_of(nudge, [customer], now=now)
    return preview_of(nudge, words, known, channel=channel)


def known_of(nudge: Nudge, customers: Sequence[Customer], *, now: datetime) -> list[Known]:
    """What is known about each customer and the need that this nudge would speak to them about."""
    rows = CustomerNeed.objects.filter(customer__in=customers, opened_at__lte=now).select_related("need")
    if nudge.trigger_need_id:
        rows = rows.filter(need=nudge.trigger_need_id)
    needs: dict[int, CustomerNeed] = {}
    for row in rows.order_by("closed_at", "-stage_since"):
        needs.setdefault(row.customer_id, row)
    found = [(customer, needs.get(customer.pk)) for customer in customers]
    entries = {
        entry.customer_id: entry
        for entry in Entry.objects.filter(nudge=nudge, customer__in=customers).order_by("event_at", "id")
    }
    runs = latest_runs(nudge, [customer.pk for customer in customers])
    subjects = [
        Subject(
            customer,
            need,
            need.stage if need else nudge.trigger_stage,
            entries.get(customer.pk),
            runs.get(customer.pk),
        )
        for customer, need in found
    ]
    return read_known({nudge.workspace_id: nudge.workspace}, subjects, now=now)


def preview_of(nudge: Nudge, contents: Sequence[NudgeContent], known: Known, *, channel: str) -> Preview:
    """The same for words that are bound and a customer who is read."""
    missing: list[str] = []
    try:
        content = choose_content(contents, channel=channel, languages=languages_of(known))
        missing = missing_in(content, known)
        rendered = render(
            content=content,
            known=known,
            channel=channel,
            promise=nudge.promise,
            category=nudge.category.name,
            links=preview_links(),
        )
    except Aborted as aborted:
        return Preview(None, missing, aborted=aborted.why)
    except MissingData as error:
        return Preview(None, missing, _("“%(what)s” is not known and has no default.") % {"what": error.what})
    except BadWording as error:
        return Preview(None, missing, str(error))
    return Preview(rendered, missing)


def missing_in(content: NudgeContent, known: Known) -> list[str]:
    """The placeholders of these words for which nothing is known, with a default or without. Raises BadWording."""
    data = values(known, language=content.language)
    return sorted({name for source in sources_of(content) for name in missing_values(source, data)})


def sources_of(content: NudgeContent) -> Iterator[str]:
    """Every text of these words that may hold placeholders."""
    yield from (content.subject, content.body, content.link_url, content.link_label)
    yield from map(str, content.extras.values())
    for block in content.blocks:
        yield from (str(text) for name, text in block.items() if name not in ("kind", *CHOICES))


def in_scheme(html: str, scheme: str) -> str:
    """A letter as a reader with a dark or a light screen sees it, whichever the looker has."""
    return SCHEME.sub("all" if scheme == "dark" else "not all", html)
