"""Kinds of leaves: what each must be able to do, and which kinds there are."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from engagement.conditions.events import EventLeaf, PurchasedCategoryLeaf, PurchasedLeaf
from engagement.conditions.people import (
    ConsentLeaf,
    FactLeaf,
    IdentifiedLeaf,
    LocaleLeaf,
    ReachableLeaf,
    TimezoneLeaf,
    TraitLeaf,
)
from engagement.conditions.problems import Problem
from engagement.models import Workspace


class Leaf(Protocol):
    """One kind of leaf. `leaf` is the JSON object; its first concern is the key that names the kind."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        """What is wrong with it, with paths relative to the leaf; empty when it may be compiled."""
        ...

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        """A condition on `Customer`, true or false for every customer and never unknown."""
        ...

    def describe(self, leaf: dict[str, Any]) -> str:
        """Words that continue "customers whose …" or "customers who …"."""
        ...


GROUND: dict[str, Leaf] = {
    "trait": TraitLeaf(),
    "event": EventLeaf(),
    "purchased": PurchasedLeaf(),
    "purchased_category": PurchasedCategoryLeaf(),
    "fact": FactLeaf(),
    "identified": IdentifiedLeaf(),
    "reachable": ReachableLeaf(),
    "consent": ConsentLeaf(),
    "locale": LocaleLeaf(),
    "timezone": TimezoneLeaf(),
}


def leaf_kinds() -> list[str]:
    """The keys that name a kind of leaf: the ground floor's, then those that upper floors add by name."""
    return [*GROUND, *settings.CONDITION_LEAVES]


@cache
def leaf_of(kind: str) -> Leaf:
    """The kind of leaf that a key names."""
    if kind in GROUND:
        return GROUND[kind]
    leaf: Leaf = import_string(settings.CONDITION_LEAVES[kind])()
    return leaf
