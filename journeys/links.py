"""Links to pages that are somebody's own: each signed for one purpose and expiring. Whoever holds one may act by it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from engagement.models import Customer, Workspace
from engagement.signing import BadToken, sign, unsign
from journeys.models import Need, ShortlistFriend, ShortlistLink

SITUATION, SURVEY = "situation", "survey"
SHORTLIST, SHARED, FRIEND = "shortlist", "shared-shortlist", "shortlist-friend"
SITUATION_FOR = SHORTLIST_FOR = timedelta(days=180)
SURVEY_FOR = timedelta(days=60)
# Shares end by their own row; this only bounds how long a lost secret key could matter.
SHARED_FOR = timedelta(days=366)


def situation_url(customer: Customer, workspace: Workspace | None = None) -> str:
    """Where a customer sees and changes what they told about their situation; `workspace` saves reading it."""
    token = sign(SITUATION, {"c": customer.pk, "w": customer.workspace_id})
    return hosted_url("situation_page", workspace or customer.workspace, token=token)


def survey_url(customer: Customer, workspace: Workspace, slug: str) -> str:
    """Where a customer answers a survey; for messages."""
    token = sign(SURVEY, {"c": customer.pk, "w": workspace.pk})
    return hosted_url("survey_page", workspace, slug=slug, token=token)


def shortlist_url(customer: Customer, need: Need, workspace: Workspace | None = None) -> str:
    """Where a customer keeps what they compare for a need. Whoever has the link may change it: it goes to them only."""
    token = sign(SHORTLIST, {"c": customer.pk, "w": customer.workspace_id, "n": need.pk})
    return hosted_url("shortlist_page", workspace or need.workspace, token=token)


def shared_url(link: ShortlistLink) -> str:
    """What the customer passes on to friends."""
    return hosted_url("shared_page", link.shortlist.workspace, token=sign(SHARED, {"l": link.pk}))


def friend_token(friend: ShortlistFriend) -> str:
    """Lets a friend change what they said."""
    return sign(FRIEND, {"f": friend.pk, "l": friend.link_id})


def number_in(purpose: str, token: str, name: str, *, max_age: timedelta) -> int:
    """The number that a link of ours carries under `name`. Raises BadToken."""
    number = unsign(purpose, token, max_age=max_age).get(name)
    if not isinstance(number, int):
        raise BadToken
    return number


def customer_of_link(purpose: str, token: str, *, workspace: Workspace, max_age: timedelta) -> Customer:
    """The customer whom a link of ours names, or who they were merged into. Raises BadToken."""
    payload = unsign(purpose, token, max_age=max_age)
    customer_id = payload.get("c")
    if payload.get("w") != workspace.pk or not isinstance(customer_id, int):
        raise BadToken
    found = Customer.objects.select_related("merged_into").filter(pk=customer_id, workspace=workspace).first()
    if found is None:
        raise BadToken
    return found.merged_into or found


def hosted_url(name: str, workspace: Workspace, **kwargs: object) -> str:
    """The whole address of a hosted page."""
    path = reverse(f"journeys_embed:{name}", kwargs={"workspace": workspace.slug, **kwargs})
    return f"{settings.BASE_URL}{path}"
