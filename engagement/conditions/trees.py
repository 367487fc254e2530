"""Conditions as a whole: checked, compiled to one query condition, and said in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.conditions.leaves import leaf_kinds, leaf_of
from engagement.conditions.problems import ConditionError, Problem, join
from engagement.models import Customer, Workspace

GROUPS = ("all", "any")
OBJECT_REMEDY = gettext_lazy('write an object, such as {"trait": "plan", "is": "gold"}')
MAX_DEPTH = 6
MAX_LEAVES = 50
MAX_BYTES = 16_384
# Fits everyone, and can be turned round by `not`, which an empty Q can't.
EVERYONE = Q(pk__isnull=False)


def check_condition(condition: object, *, workspace: Workspace) -> list[Problem]:
    """What is wrong with a condition, each with its path and the remedy; empty when it is good. `{}` fits everyone."""
    if condition == {}:
        return []
    if not isinstance(condition, dict):
        return [Problem("", str(OBJECT_REMEDY))]
    if _size(condition) > MAX_BYTES:
        return [Problem("", _("is too large; keep it under %(most)s bytes") % {"most": MAX_BYTES})]
    problems = _check(condition, "", 1, workspace)
    if not problems and sum(1 for _leaf in _leaves(condition)) > MAX_LEAVES:
        problems = [Problem("", _("has too many parts; keep it to %(most)s") % {"most": MAX_LEAVES})]
    return problems


def compile_condition(condition: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
    """A condition as a `Q` on `Customer`. Raises ConditionError where `check_condition` finds a problem."""
    if problems := check_condition(condition, workspace=workspace):
        raise ConditionError(problems)
    return _compile(condition, workspace, now)


def customers_matching(
    condition: dict[str, Any], *, workspace: Workspace, now: datetime
) -> QuerySet[Customer]:
    """The workspace's customers whom a condition fits at `now`, without those merged into another.

    Raises ConditionError where `check_condition` finds a problem.
    """
    fits = compile_condition(condition, workspace=workspace, now=now)
    return Customer.objects.filter(fits, workspace=workspace, merged_into=None)


def describe_condition(condition: dict[str, Any]) -> str:
    """A checked condition in one sentence."""
    if not condition:
        return _("Everyone.")
    return _("Customers %(what)s.") % {"what": _describe(condition, nested=False)}


def _size(condition: dict[str, Any]) -> int:
    try:
        return len(json.dumps(condition))
    except (TypeError, ValueError, RecursionError):
        return MAX_BYTES + 1


def _check(node: object, path: str, depth: int, workspace: Workspace) -> list[Problem]:
    if not isinstance(node, dict):
        return [Problem(path, str(OBJECT_REMEDY))]
    if depth > MAX_DEPTH:
        return [Problem(path, _("is nested too deep; keep it to %(most)s levels") % {"most": MAX_DEPTH})]
    kinds = [key for key in node if key in (*GROUPS, "not") or key in leaf_kinds()]
    if len(kinds) != 1:
        return [Problem(path, _kind_remedy(kinds))]
    [kind] = kinds
    if kind in GROUPS or kind == "not":
        return _check_group(node, kind, path, depth, workspace)
    return [problem.inside(path) for problem in leaf_of(kind).check(node, workspace=workspace)]


def _kind_remedy(kinds: list[str]) -> str:
    if kinds:
        return _("mixes %(kinds)s; join them by all or any") % {"kinds": _(" and ").join(kinds)}
    return _("needs one of %(known)s") % {"known": ", ".join((*GROUPS, "not", *leaf_kinds()))}


def _check_group(
    node: dict[str, Any], kind: str, path: str, depth: int, workspace: Workspace
) -> list[Problem]:
    problems = [
        Problem(join(path, key), _("does not belong beside %(kind)s; put it inside") % {"kind": kind})
        for key in node
        if key != kind
    ]
    inside = node[kind]
    if kind == "not":
        return problems + _check(inside, join(path, "not"), depth + 1, workspace)
    if not isinstance(inside, list) or not inside:
        return [*problems, Problem(join(path, kind), _("write a list of one or more conditions"))]
    for index, part in enumerate(inside):
        problems += _check(part, join(path, f"{kind}[{index}]"), depth + 1, workspace)
    return problems


def _leaves(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in GROUPS:
        if kind in node:
            for part in node[kind]:
                yield from _leaves(part)
            return
    if "not" in node:
        yield from _leaves(node["not"])
    else:
        yield node


def _compile(node: dict[str, Any], workspace: Workspace, now: datetime) -> Q:
    if not node:
        return EVERYONE
    if "not" in node:
        return ~_compile(node["not"], workspace, now)
    for kind, connector in (("all", Q.AND), ("any", Q.OR)):
        if kind in node:
            joined = Q()
            for part in node[kind]:
                joined = joined._combine(_compile(part, workspace, now), connector)  # type: ignore[attr-defined]
            return joined
    [kind] = [key for key in node if key in leaf_kinds()]
    return leaf_of(kind).compile(node, workspace=workspace, now=now) or EVERYONE


def _describe(node: dict[str, Any], *, nested: bool) -> str:
    if "not" in node:
        return _("not (%(what)s)") % {"what": _describe(node["not"], nested=False)}
    for kind, word in (("all", _(" and ")), ("any", _(" or "))):
        if kind in node:
            text = word.join(_describe(part, nested=True) for part in node[kind])
            return f"({text})" if nested and len(node[kind]) > 1 else text
    [kind] = [key for key in node if key in leaf_kinds()]
    return leaf_of(kind).describe(node)
