"""Reads: what a customer told about the situation behind a need, as it is asked now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from engagement.models import Customer, Fact
from journeys.attributes import SET, BadAnswer, answer_to, kind_of
from journeys.models import Need


class Asked(NamedTuple):
    """One question of a need with the customer's answer: None, an option, a list of options, or a number."""

    key: str
    label: str
    purpose: str
    kind: str
    options: list[str]
    is_sensitive: bool
    answer: Any

    @property
    def chosen(self) -> list[str]:
        """The options that are chosen."""
        given = self.answer if isinstance(self.answer, list) else [self.answer]
        return [str(one) for one in given if one is not None]

    @property
    def takes_several(self) -> bool:
        return self.kind == SET


def situation_of(customer: Customer, need: Need) -> dict[str, Any]:
    """{attribute: answer} for what is known and still asked; figures that were told stand in their bins. One query."""
    facts = Fact.objects.filter(workspace_id=need.workspace_id, customer=customer, topic=need.slug)
    return answers_in(need, dict(facts.values_list("key", "value")))


def known_situation(*, customer: Customer, topic: str) -> dict[str, Any]:
    """The same by the need's slug, for other floors: without what is sensitive. Two queries."""
    need = Need.objects.filter(workspace_id=customer.workspace_id, slug=topic).first()
    if need is None:
        return {}
    sensitive = {row["key"] for row in need.context_attributes if row.get("is_sensitive")}
    return {key: answer for key, answer in situation_of(customer, need).items() if key not in sensitive}


def answers_in(need: Need, told: Mapping[str, Any]) -> dict[str, Any]:
    """What was told, as the need's questions take it; what is not asked any more is left out."""
    found = {}
    for row in need.context_attributes:
        try:
            if told.get(row["key"]) is not None:
                found[row["key"]] = answer_to(row, told[row["key"]])
        except BadAnswer:
            continue
    return found


def asked_of(need: Need, situation: Mapping[str, Any]) -> list[Asked]:
    """The need's questions in their order, each with its answer."""
    return [
        Asked(
            key=row["key"],
            label=str(row.get("label") or row["key"]),
            purpose=str(row.get("purpose", "")),
            kind=kind_of(row),
            options=[str(option) for option in row.get("options") or []],
            is_sensitive=bool(row.get("is_sensitive")),
            answer=situation.get(row["key"]),
        )
        for row in need.context_attributes
    ]


def situations_of(customer: Customer) -> list[tuple[Need, list[Asked]]]:
    """Every need that asks something, with what the customer answered; two queries."""
    needs = Need.objects.filter(workspace_id=customer.workspace_id, is_active=True).exclude(
        context_attributes=[]
    )
    told: dict[str, dict[str, Any]] = {}
    for fact in Fact.objects.filter(workspace_id=customer.workspace_id, customer=customer):
        told.setdefault(fact.topic, {})[fact.key] = fact.value
    return [(need, asked_of(need, answers_in(need, told.get(need.slug, {})))) for need in needs]
