"""Whose opens and clicks may be noted: the workspace's choice first, and the customer's above it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import httpx
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.answers import read_bounded
from engagement.auditing import changes, record
from engagement.models import Customer, Workspace
from engagement.outbound import Client
from engagement.signing import BadToken, sign, unsign
from nudges.models import Message, Preference, Watch, Watched

PROOF = "watch domain"
PROVEN_WITHIN = timedelta(minutes=5)
LONGEST_QUESTION = 64


class DomainRefused(Exception):
    """The domain does not lead here; the message says what was found and what to do."""


class Watcher(NamedTuple):
    """What may be noted of one message, and under which address."""

    opens: bool
    clicks: bool
    base: str


def watch_of(workspace: Workspace) -> Watch:
    """The workspace's choice, or an unsaved one that notes nothing."""
    return Watch.objects.filter(workspace=workspace).first() or Watch(workspace=workspace)


def allows(watch: Watch | None, said: bool | None) -> bool:
    """Whether a customer who said this (yes, no, nothing) may be watched. Pure."""
    if watch is None or watch.who == Watched.NOBODY or said is False:
        return False
    return said is True or watch.who == Watched.NOT_REFUSED


def is_watched(customer: Customer) -> bool:
    """Whether this customer's opens and clicks are noted as things stand."""
    return allows(watch_of(customer.workspace), choices_of([customer.pk]).get(customer.pk))


def watchers_for(messages: Collection[Message]) -> dict[int, Watcher]:
    """What may be noted, by message id; who may not be watched is left out. One query where nobody is, two at most."""
    watches = Watch.objects.exclude(who=Watched.NOBODY).in_bulk(
        {message.workspace_id for message in messages}
    )
    if not watches:
        return {}
    said = choices_of({message.customer_id for message in messages if message.workspace_id in watches})
    return {
        message.pk: Watcher(watch.opens, watch.clicks, base_of(watch))
        for message in messages
        if (watch := watches.get(message.workspace_id)) and allows(watch, said.get(message.customer_id))
    }


def choices_of(customer_ids: Iterable[int]) -> dict[int, bool]:
    """Who said yes or no, by customer id."""
    rows = Preference.objects.filter(pk__in=customer_ids).values_list("customer_id", "may_be_watched")
    return {customer_id: said for customer_id, said in rows if said is not None}


def base_of(watch: Watch) -> str:
    """Where the links of watched messages begin."""
    return f"https://{watch.domain}" if watch.domain else settings.BASE_URL


def change_watch(
    *,
    workspace: Workspace,
    who: str,
    opens: bool,
    clicks: bool,
    domain: str,
    actor: User | None,
    now: datetime,
) -> Watch:
    """Set the workspace's choice. A new domain must lead here first, or its links would lead nowhere.

    Raises DomainRefused.
    """
    if domain and domain != watch_of(workspace).domain:
        prove(domain)
    after = {"who": who, "opens": opens, "clicks": clicks, "domain": domain}
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        watch = watch_of(workspace)
        changed = changes({field: getattr(watch, field) for field in after}, after)
        if changed:
            watch = Watch.objects.update_or_create(workspace=workspace, defaults=after)[0]
            record(
                workspace=workspace, actor=actor, action="change_watch", target=watch, detail=changed, now=now
            )
    return watch


def prove(domain: str) -> None:
    """Ask the domain for a text that only this installation can sign. Raises DomainRefused."""
    question = secrets.token_urlsafe(24)
    url = f"https://{domain}{reverse('messages:watch_here')}"
    try:
        with Client(timeout=8) as client, client.stream("GET", url, params={"ask": question}) as answer:
            said = read_bounded(answer).decode("ascii", "replace").strip()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DomainRefused(
            _("%(url)s could not be fetched: %(why)s") % {"url": url, "why": error}
        ) from error
    if answer.status_code != 200 or not is_proof(said, question):
        raise DomainRefused(
            _("%(url)s does not lead here: let its name point to this installation, with its certificate.")
            % {"url": url}
        )


def proof_of(question: str) -> str:
    """What the door answers to whoever asks whether this installation is there."""
    return sign(PROOF, {"ask": question[:LONGEST_QUESTION]})


def is_proof(said: str, question: str) -> bool:
    try:
        return unsign(PROOF, said, max_age=PROVEN_WITHIN).get("ask") == question
    except BadToken:
        return False
