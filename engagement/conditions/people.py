"""Leaves about the person: traits, facts, how they can be reached and what they allowed, where they are."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from engagement.conditions.problems import Problem
from engagement.conditions.values import (
    MAX_LIST,
    MAX_TEXT,
    check_test,
    compile_test,
    describe_test,
    is_text,
    json_at,
    quote,
)
from engagement.models import Address, Category, Channel, Consent, ConsentState, Fact, Workspace

NEEDS_NO_ADDRESS = (Channel.INBOX, Channel.STAFF_TASK)


class TraitLeaf:
    """`{"trait": "address.city", "is": "Riga"}`; a dot goes into an object."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        return check_name(leaf, "trait") + check_test(leaf, also=["trait"])

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        test = next(key for key in leaf if key != "trait")
        return compile_test(json_at("traits", leaf["trait"]), test, leaf[test])

    def describe(self, leaf: dict[str, Any]) -> str:
        return f"whose trait {leaf['trait']} {describe_test(leaf)}"


class FactLeaf:
    """`{"fact": "milk", "topic": "espresso", "is": "oat"}`; without a topic, facts about the person as such."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        problems = check_name(leaf, "fact")
        if "topic" in leaf and not is_text(leaf["topic"], empty=True):
            problems.append(Problem("topic", "write the slug of a need, or leave it out"))
        return problems + check_test(leaf, also=["fact", "topic"])

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        test = next(key for key in leaf if key not in ("fact", "topic"))
        facts = Fact.objects.filter(
            workspace=workspace, customer=OuterRef("pk"), topic=leaf.get("topic", ""), key=leaf["fact"]
        )
        if test == "exists" and not leaf["exists"]:
            return ~Q(Exists(facts.filter(compile_test(json_at("value", ""), "exists", True))))
        return Q(Exists(facts.filter(compile_test(json_at("value", ""), test, leaf[test]))))

    def describe(self, leaf: dict[str, Any]) -> str:
        topic = f" about {leaf['topic']}" if leaf.get("topic") else ""
        return f"whose {leaf['fact']}{topic} {describe_test(leaf)}"


class IdentifiedLeaf:
    """`{"identified": true}`: the shop knows who it is."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        return check_flag(leaf, "identified")

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        return Q(external_id__isnull=not leaf["identified"])

    def describe(self, leaf: dict[str, Any]) -> str:
        return "who are identified" if leaf["identified"] else "who are anonymous"


class ReachableLeaf:
    """`{"reachable": "email"}`: there is an address on the channel, and it is not suppressed."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        return check_channel(leaf, "reachable") + check_no_more(leaf, ["reachable"])

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        if leaf["reachable"] in NEEDS_NO_ADDRESS:
            return Q()
        usable = Address.objects.filter(
            workspace=workspace, customer=OuterRef("pk"), channel=leaf["reachable"], suppressed_at=None
        )
        return Q(Exists(usable))

    def describe(self, leaf: dict[str, Any]) -> str:
        return f"who can be reached by {Channel(leaf['reachable']).label}"


class ConsentLeaf:
    """`{"consent": "tips", "channel": "email"}`: the customer may be sent this category that way."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        problems = check_name(leaf, "consent")
        if not problems and not Category.objects.filter(workspace=workspace, slug=leaf["consent"]).exists():
            problems.append(Problem("consent", "names no category of this workspace; write the slug of one"))
        return problems + check_channel(leaf, "channel") + check_no_more(leaf, ["consent", "channel"])

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        category = Category.objects.filter(workspace=workspace, slug=leaf["consent"])
        words = Consent.objects.filter(
            workspace=workspace,
            customer=OuterRef("pk"),
            category__slug=leaf["consent"],
            category__workspace=workspace,
            channel=leaf["channel"],
        )
        granted = Q(Exists(words.filter(state=ConsentState.GRANTED)))
        refused = Q(Exists(words.filter(state=ConsentState.DENIED)))
        by_default = Q(Exists(category.filter(opt_in=False)))
        return granted | (by_default & ~refused)

    def describe(self, leaf: dict[str, Any]) -> str:
        return f"who allow {leaf['consent']} by {Channel(leaf['channel']).label}"


class LocaleLeaf:
    """`{"locale": "de"}` fits de, de-AT and de_CH; `{"locale": ["de", "fr"]}` either. Empty: the workspace's."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        return check_texts(leaf, "locale", 'write a language such as "de", or a list of them')

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        fits = Q()
        for wanted in as_list(leaf["locale"]):
            own = Q(locale__iexact=wanted)
            for mark in "-_":
                own |= Q(locale__istartswith=f"{wanted}{mark}")
            if speaks(workspace.locale, wanted):
                own |= Q(locale="")
            fits |= own
        return fits

    def describe(self, leaf: dict[str, Any]) -> str:
        return f"whose language is {' or '.join(as_list(leaf['locale']))}"


class TimezoneLeaf:
    """`{"timezone": "Europe/Riga"}`, or a list. A customer without one is where the workspace is."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        problems = check_texts(leaf, "timezone", 'write a time zone such as "Europe/Riga", or a list of them')
        if not problems and set(as_list(leaf["timezone"])) - zoneinfo.available_timezones():
            problems.append(Problem("timezone", 'is no time zone; write one such as "Europe/Riga"'))
        return problems

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        wanted = as_list(leaf["timezone"])
        return Q(timezone__in=[*wanted, ""] if workspace.timezone in wanted else wanted)

    def describe(self, leaf: dict[str, Any]) -> str:
        return f"who live by the time of {' or '.join(as_list(leaf['timezone']))}"


def speaks(locale: str, language: str) -> bool:
    """Whether a locale such as de-AT is one of a language such as de."""
    return locale.lower() == language.lower() or locale.lower().startswith(
        (f"{language}-".lower(), f"{language}_".lower())
    )


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def check_name(leaf: dict[str, Any], key: str) -> list[Problem]:
    return [] if is_text(leaf.get(key)) else [Problem(key, f"write a name of 1 to {MAX_TEXT} characters")]


def check_flag(leaf: dict[str, Any], key: str) -> list[Problem]:
    problems = [] if isinstance(leaf[key], bool) else [Problem(key, "write true or false")]
    return problems + check_no_more(leaf, [key])


def check_channel(leaf: dict[str, Any], key: str) -> list[Problem]:
    if isinstance(leaf.get(key), str) and leaf[key] in Channel.values:
        return []
    return [Problem(key, f"write a channel: {', '.join(Channel.values)}")]


def check_texts(leaf: dict[str, Any], key: str, remedy: str) -> list[Problem]:
    value = leaf[key]
    texts = [value] if isinstance(value, str) else value
    fits = isinstance(texts, list) and 1 <= len(texts) <= MAX_LIST and all(is_text(text) for text in texts)
    return ([] if fits else [Problem(key, remedy)]) + check_no_more(leaf, [key])


def check_no_more(leaf: dict[str, Any], known: list[str]) -> list[Problem]:
    """A key that nothing reads is a mistake that would otherwise widen the choice in silence."""
    return [
        Problem(key, f"is not known here; this leaf takes {quote(known[0])}" + _rest(known))
        for key in leaf
        if key not in known
    ]


def _rest(known: list[str]) -> str:
    return f" with {', '.join(quote(key) for key in known[1:])}" if known[1:] else " alone"
