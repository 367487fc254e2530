"""Leaves about the person: traits, facts, how they can be reached and what they allowed, where they are."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

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
        return _("whose trait %(name)s %(test)s") % {"name": leaf["trait"], "test": describe_test(leaf)}


class FactLeaf:
    """`{"fact": "milk", "topic": "espresso", "is": "oat"}`; without a topic, facts about the person as such."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        problems = check_name(leaf, "fact")
        if "topic" in leaf and not is_text(leaf["topic"], empty=True):
            problems.append(Problem("topic", _("write the slug of a need, or leave it out")))
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
        words = {"name": leaf["fact"], "topic": leaf.get("topic"), "test": describe_test(leaf)}
        if words["topic"]:
            return _("whose %(name)s about %(topic)s %(test)s") % words
        return _("whose %(name)s %(test)s") % words


class IdentifiedLeaf:
    """`{"identified": true}`: the shop knows who it is."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        return check_flag(leaf, "identified")

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        return Q(external_id__isnull=not leaf["identified"])

    def describe(self, leaf: dict[str, Any]) -> str:
        return _("who are identified") if leaf["identified"] else _("who are anonymous")


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
        return _("who can be reached by %(channel)s") % {"channel": Channel(leaf["reachable"]).label}


class ConsentLeaf:
    """`{"consent": "tips", "channel": "email"}`: the customer may be sent this category that way."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        problems = check_name(leaf, "consent")
        if not problems and not Category.objects.filter(workspace=workspace, slug=leaf["consent"]).exists():
            problems.append(
                Problem("consent", _("names no category of this workspace; write the slug of one"))
            )
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
        words = {"topic": leaf["consent"], "channel": Channel(leaf["channel"]).label}
        return _("who allow %(topic)s by %(channel)s") % words


class LocaleLeaf:
    """`{"locale": "de"}` fits de, de-AT and de_CH; `{"locale": ["de", "fr"]}` either. Empty: the workspace's."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        return check_texts(leaf, "locale", _('write a language such as "de", or a list of them'))

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
        return _("whose language is %(names)s") % {"names": _(" or ").join(as_list(leaf["locale"]))}


class TimezoneLeaf:
    """`{"timezone": "Europe/Riga"}`, or a list. A customer without one is where the workspace is."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        remedy = _('write a time zone such as "Europe/Riga", or a list of them')
        problems = check_texts(leaf, "timezone", remedy)
        if not problems and set(as_list(leaf["timezone"])) - zoneinfo.available_timezones():
            problems.append(Problem("timezone", _('is no time zone; write one such as "Europe/Riga"')))
        return problems

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        wanted = as_list(leaf["timezone"])
        return Q(timezone__in=[*wanted, ""] if workspace.timezone in wanted else wanted)

    def describe(self, leaf: dict[str, Any]) -> str:
        names = _(" or ").join(as_list(leaf["timezone"]))
        return _("who live by the time of %(names)s") % {"names": names}


def speaks(locale: str, language: str) -> bool:
    """Whether a locale such as de-AT is one of a language such as de."""
    return locale.lower() == language.lower() or locale.lower().startswith(
        (f"{language}-".lower(), f"{language}_".lower())
    )


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def check_name(leaf: dict[str, Any], key: str) -> list[Problem]:
    if is_text(leaf.get(key)):
        return []
    return [Problem(key, _("write a name of 1 to %(most)s characters") % {"most": MAX_TEXT})]


def check_flag(leaf: dict[str, Any], key: str) -> list[Problem]:
    problems = [] if isinstance(leaf[key], bool) else [Problem(key, _("write true or false"))]
    return problems + check_no_more(leaf, [key])


def check_channel(leaf: dict[str, Any], key: str) -> list[Problem]:
    if isinstance(leaf.get(key), str) and leaf[key] in Channel.values:
        return []
    return [Problem(key, _("write a channel: %(known)s") % {"known": ", ".join(Channel.values)})]


def check_texts(leaf: dict[str, Any], key: str, remedy: str) -> list[Problem]:
    value = leaf[key]
    texts = [value] if isinstance(value, str) else value
    fits = isinstance(texts, list) and 1 <= len(texts) <= MAX_LIST and all(is_text(text) for text in texts)
    return ([] if fits else [Problem(key, remedy)]) + check_no_more(leaf, [key])


def check_no_more(leaf: dict[str, Any], known: list[str]) -> list[Problem]:
    """A key that nothing reads is a mistake that would otherwise widen the choice in silence."""
    return [Problem(key, _what_it_takes(known)) for key in leaf if key not in known]


def _what_it_takes(known: list[str]) -> str:
    kind, *others = (quote(key) for key in known)
    if not others:
        return _("is not known here; this leaf takes %(kind)s alone") % {"kind": kind}
    words = {"kind": kind, "others": ", ".join(others)}
    return _("is not known here; this leaf takes %(kind)s with %(others)s") % words
