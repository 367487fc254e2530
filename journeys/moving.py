"""What a customer who was found to be another kept here is theirs now; two shortlists for one need become one."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from journeys.models import Shortlist, ShortlistItem, SurveyAnswer


@transaction.atomic
def move_shortlists(*, sources: Sequence[int], roots: Sequence[int]) -> int:
    """Give the shortlists of each source to the customer at the same place of `roots`; how many there were."""
    root_of = dict(zip(sources, roots, strict=True))
    moving = Shortlist.objects.select_for_update().filter(customer_id__in=sources).order_by("id")
    moved = 0
    for shortlist in moving:
        root = root_of[shortlist.customer_id]
        kept = (
            Shortlist.objects.select_for_update().filter(customer_id=root, need_id=shortlist.need_id).first()
        )
        if kept is None:
            shortlist.customer_id = root
            shortlist.save(update_fields=["customer_id"])
        else:
            join(shortlist, kept)
        moved += 1
    return moved


def join(old: Shortlist, kept: Shortlist) -> None:
    """Put what is on the old list on the kept one, links and friends' words with it. The kept one's choice stands."""
    texts = {row["text"] for row in kept.must_haves}
    keys = {row["key"] for row in kept.must_haves}
    kept.must_haves += [row for row in old.must_haves if row["text"] not in texts and row["key"] not in keys]
    kept.updated_at = max(kept.updated_at, old.updated_at)
    kept.save(update_fields=["must_haves", "updated_at"])
    there = {identity(item): item for item in kept.items.all()}
    has_choice = any(item.chosen_at for item in there.values())
    for item in old.items.all():
        twin = there.get(identity(item))
        if twin is None:
            item.shortlist = kept
            item.chosen_at = None if has_choice else item.chosen_at
            item.save(update_fields=["shortlist", "chosen_at"])
            continue
        twin.met, twin.note = item.met | twin.met, twin.note or item.note
        twin.save(update_fields=["met", "note"])
        item.words.update(item=twin)
    old.links.update(shortlist=kept)
    old.delete()


def identity(item: ShortlistItem) -> tuple[int | None, str]:
    return (item.product_id, item.name.lower())


@transaction.atomic
def move_answers(*, sources: Sequence[int], roots: Sequence[int]) -> int:
    """Give the survey answers of each source to its root; of two in one round the root's own counts."""
    root_of = dict(zip(sources, roots, strict=True))
    answers = SurveyAnswer.objects.filter(customer_id__in=[*sources, *roots]).order_by("id")
    taken = {(row.customer_id, row.survey_id, row.round) for row in answers if row.customer_id not in root_of}
    moved = 0
    for answer in answers:
        if answer.customer_id not in root_of:
            continue
        place = (root_of[answer.customer_id], answer.survey_id, answer.round)
        if place in taken:
            answer.delete()
            continue
        taken.add(place)
        answer.customer_id = place[0]
        answer.save(update_fields=["customer_id"])
        moved += 1
    return moved
