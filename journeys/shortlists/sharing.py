"""A shortlist shown to friends by a private link, and what they say: no account, no address, nobody is written to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.people.locks import lock_customers
from journeys.models import Shortlist, ShortlistFriend, ShortlistItem, ShortlistLink, ShortlistWord
from journeys.shortlists.telling import tell

LASTS = timedelta(days=30)
MOST_LINKS, MOST_FRIENDS = 10, 50
LONGEST_LABEL, LONGEST_NAME, LONGEST_COMMENT = 80, 60, 500


class Word(NamedTuple):
    """What a friend says of one item: 1 for it, -1 against it, 0 neither; and why."""

    vote: int
    comment: str = ""


class BadWord(ValueError):
    """Something that a friend or the owner cannot say so; `field` is which part, the message what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def share_shortlist(
    *, shortlist: Shortlist, label: str = "", lasts: timedelta = LASTS, now: datetime
) -> ShortlistLink:
    """A new link to the shortlist, for whom `label` says. Raises BadWord when there are too many."""
    lock_customers(workspace_id=shortlist.workspace_id, customer_ids=[shortlist.customer_id], now=now)
    if shortlist.links.filter(revoked_at=None, expires_at__gt=now).count() >= MOST_LINKS:
        raise BadWord("label", _("There are %(most)s links already; take one back.") % {"most": MOST_LINKS})
    link = ShortlistLink.objects.create(
        workspace_id=shortlist.workspace_id,
        shortlist=shortlist,
        label=label.replace("\x00", "").strip()[:LONGEST_LABEL],
        created_at=now,
        expires_at=now + lasts,
    )
    tell(shortlist, "Shortlist Shared", str(link.pk), {}, now)
    return link


def open_link(*, link_id: int, workspace_id: int, now: datetime) -> ShortlistLink | None:
    """The link with its shortlist; None when it ended, was taken back, or is another workspace's."""
    return (
        ShortlistLink.objects.select_related("shortlist__need", "shortlist__customer", "shortlist__workspace")
        .filter(pk=link_id, workspace_id=workspace_id, revoked_at=None, expires_at__gt=now)
        .first()
    )


def revoke_link(*, link: ShortlistLink, now: datetime) -> None:
    """The link leads nowhere from now on; what was said by it stays with the owner."""
    ShortlistLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now)


@transaction.atomic
def hear_friend(
    *,
    link: ShortlistLink,
    friend: ShortlistFriend | None,
    name: str,
    words: Mapping[int, Word],
    now: datetime,
) -> ShortlistFriend:
    """Take what a friend says of items (by id), in place of what they said before. Raises BadWord.

    Without `friend` it is somebody new. Items that are not on the list are passed over.
    """
    name = name.replace("\x00", "").strip()
    if not name or len(name) > LONGEST_NAME:
        raise BadWord("name", _("Tell a name of up to %(most)s characters.") % {"most": LONGEST_NAME})
    for word in words.values():
        if word.vote not in (-1, 0, 1) or len(word.comment) > LONGEST_COMMENT:
            raise BadWord("comment", _("At most %(most)s characters.") % {"most": LONGEST_COMMENT})
    items = {item.pk: item for item in link.shortlist.items.all()}
    said = {key: word for key, word in words.items() if key in items and (word.vote or word.comment.strip())}
    if friend is None and not said:
        raise BadWord("comment", _("Say something about at least one of them."))
    lock_customers(workspace_id=link.workspace_id, customer_ids=[link.shortlist.customer_id], now=now)
    if friend is None and link.friends.count() >= MOST_FRIENDS:
        raise BadWord("name", _("Enough people have answered by this link; ask for another."))
    friend = friend or ShortlistFriend(workspace_id=link.workspace_id, link=link, created_at=now)
    friend.name = name
    friend.save()
    keep_words(friend, items, said, now)
    ups = sum(word.vote > 0 for word in said.values())
    downs = sum(word.vote < 0 for word in said.values())
    answer = {"votes_for": ups, "votes_against": downs}
    tell(link.shortlist, "Shortlist Friend Answered", f"{friend.pk}:{now.isoformat()}", answer, now)
    return friend


def keep_words(
    friend: ShortlistFriend, items: Mapping[int, ShortlistItem], said: Mapping[int, Word], now: datetime
) -> None:
    friend.words.all().delete()
    ShortlistWord.objects.bulk_create(
        [
            ShortlistWord(
                workspace_id=friend.workspace_id,
                friend=friend,
                item=items[key],
                vote=word.vote,
                comment=word.comment.replace("\x00", "").strip(),
                at=now,
            )
            for key, word in sorted(said.items())
        ]
    )


def remove_friend(*, friend: ShortlistFriend, now: datetime) -> None:
    """The owner takes away what somebody said: nobody sees it any more, and it cannot be said again by that link."""
    ShortlistFriend.objects.filter(pk=friend.pk, removed_at=None).update(removed_at=now)
    friend.words.all().delete()
