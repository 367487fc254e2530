"""Variants of a nudge's words tried, changed and ended. Each change makes another version.

What changes who gets what (a share, one more or less) begins another period of comparison; a name does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from engagement.auditing import record
from engagement.models import ApiKey
from nudges.composing import CannotChange, lacks_words, raise_version
from nudges.models import Nudge, NudgeContent, NudgeStatus
from nudges.variants import FEWEST, MOST, Variant, tried, variants_of

KEY = re.compile(r"[a-z0-9]{1,8}")
LONGEST_NAME = 40


@transaction.atomic
def save_variants(
    *, nudge: Nudge, variants: Sequence[Mapping[str, Any]], actor: User | ApiKey | None, now: datetime
) -> Nudge:
    """Try these from now on: [{"key" (left out: a new one), "name", "share"}], two to four, shares 100 together.

    One that is tried and not among them ends, and its words are deleted; messages keep theirs. Raises CannotChange.
    """
    held = _held(nudge)
    before, wanted = tried(held), _checked(held, variants)
    if wanted == before:
        return held
    kept = {one.key for one in wanted}
    over = [_over(one, now) for one in before if one.key not in kept]
    former = [one for one in variants_of(held) if one.ended_at]
    held.variants = [_row(one) for one in (*former, *over, *wanted)]
    NudgeContent.objects.filter(nudge=held, variant__in=[one.key for one in over]).delete()
    if lacks_words(held) and held.status == NudgeStatus.ACTIVE:
        raise CannotChange(
            "variants", _("Write the nudge's plain words first: a variant falls back to them.")
        )
    is_other = [(one.key, one.share) for one in before] != [(one.key, one.share) for one in wanted]
    raise_version(held, actor, compared_from=now if is_other else None)
    detail = {"variants": [_said(before), _said(wanted)]}
    record(
        workspace=held.workspace, actor=actor, action="change_variants", target=held, detail=detail, now=now
    )
    return held


@transaction.atomic
def end_variants(*, nudge: Nudge, key: str, actor: User | ApiKey | None, now: datetime) -> Nudge:
    """Give everybody the words of one variant from now on, or with key "" the plain ones.

    Its words take the place of the plain ones where it has some; the others' are deleted. What was sent keeps its words
    and its variant. Raises CannotChange where there is no such variant.
    """
    held = _held(nudge)
    before = tried(held)
    if not before or (key and key not in {one.key for one in before}):
        raise CannotChange("variants", _("There is no such variant."))
    contents = NudgeContent.objects.filter(nudge=held)
    own = contents.filter(variant=key)
    if key:
        same = own.filter(channel=OuterRef("channel"), language=OuterRef("language"))
        contents.filter(Exists(same), variant="").delete()
        own.update(variant="")
    contents.exclude(variant="").delete()
    rows = [one if one.ended_at else _over(one, now, won=one.key == key) for one in variants_of(held)]
    held.variants = [_row(one) for one in rows]
    if lacks_words(held) and held.status == NudgeStatus.ACTIVE:
        raise CannotChange("variants", _("An active nudge needs words; pause it first."))
    raise_version(held, actor)
    detail = {"variants": _said(before), "everybody": key}
    record(workspace=held.workspace, actor=actor, action="end_variants", target=held, detail=detail, now=now)
    return held


def equal_shares(number: int) -> list[int]:
    """As equal as whole percents can be, 100 together: 34, 33, 33."""
    return [100 // number + (place < 100 % number) for place in range(number)]


def free_key(nudge: Nudge, taken: Iterable[str] = ()) -> str:
    """The next letter that no variant of this nudge has had, or has been given."""
    used = {one.key for one in variants_of(nudge)} | set(taken)
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = (letter + number for number in ("", *map(str, range(1, 1000))) for letter in letters)
    return next(name for name in names if name not in used)


def _held(nudge: Nudge) -> Nudge:
    held = Nudge.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=nudge.pk)
    if held.status == NudgeStatus.ARCHIVED:
        raise CannotChange("status", _("An archived nudge can't be changed; make a new one."))
    return held


def _checked(nudge: Nudge, variants: Sequence[Mapping[str, Any]]) -> list[Variant]:
    """What is wanted, each with its key and name; raises CannotChange."""
    if not FEWEST <= len(variants) <= MOST:
        told = {"fewest": FEWEST, "most": MOST}
        raise CannotChange("variants", _("Try %(fewest)s to %(most)s variants.") % told)
    over = {one.key for one in variants_of(nudge) if one.ended_at}
    test = _number_of_test(nudge)
    wanted: list[Variant] = []
    for one in variants:
        key = one.get("key") or free_key(nudge, [other.key for other in wanted])
        name = " ".join(str(one.get("name", "")).split())[:LONGEST_NAME] or key.upper()
        if not KEY.fullmatch(key) or key in over:
            raise CannotChange(
                "variants", _("“%(key)s” can't be a key: write another one, of a-z and 0-9.") % {"key": key}
            )
        wanted.append(Variant(key, name, int(one["share"]), test=test))
    if len({one.key for one in wanted}) < len(wanted) or len({one.name for one in wanted}) < len(wanted):
        raise CannotChange("variants", _("Each variant needs a name of its own."))
    if any(not 1 <= one.share <= 99 for one in wanted) or sum(one.share for one in wanted) != 100:
        raise CannotChange("variants", _("The shares must be whole percents, 100 together."))
    return wanted


def _number_of_test(nudge: Nudge) -> int:
    """Of the one that runs, else of the next."""
    running = tried(nudge)
    return running[0].test if running else 1 + max((one.test for one in variants_of(nudge)), default=0)


def _over(one: Variant, now: datetime, *, won: bool = False) -> Variant:
    return one._replace(ended_at=now.isoformat(), won=won)


def _row(one: Variant) -> dict[str, Any]:
    """As it is kept: only what is so."""
    return {name: value for name, value in one._asdict().items() if value}


def _said(variants: Iterable[Variant]) -> list[str]:
    return [f"{one.name} ({one.key}) {one.share} %" for one in variants]
