"""Reads: where customers are with their needs, and why; and the leaf by which conditions ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, FilteredRelation, OuterRef, Q
from django.utils.translation import gettext as _

from engagement.conditions.problems import Problem
from engagement.conditions.windows import SPAN_REMEDY, describe_span, read_span
from engagement.models import Customer, Product, Workspace
from engagement.timelines import TimelineEntry
from journeys.evidence import install_default_evidence
from journeys.filtering import STAGES
from journeys.inferring.keeping import NO_NEEDS
from journeys.models import CustomerNeed, Need, Stage, StageChange
from journeys.reasons import sentence_of

__all__ = [
    "NeedCounts",
    "NeedLeaf",
    "NeedView",
    "install_default_evidence",
    "needs_by_stage",
    "needs_of",
    "read_needs",
    "read_stage_changes",
    "sentences_for",
]


@dataclass(frozen=True)
class NeedCounts:
    """One need of a workspace and how many customers are at each stage of it, for every stage."""

    id: int
    slug: str
    name: str
    by_stage: dict[str, int]

    @property
    def under_way(self) -> int:
        """Customers who have started: at any stage but none."""
        return sum(number for stage, number in self.by_stage.items() if stage != Stage.NONE)


def needs_by_stage(workspace: Workspace) -> list[NeedCounts]:
    """The workspace's active needs in their order, each with its open instances by stage; one query."""
    rows = (
        Need.objects.filter(workspace=workspace, is_active=True)
        .annotate(open=FilteredRelation("instances", condition=Q(instances__closed_at=None)))
        .values("id", "slug", "name", "position", "open__stage")
        .annotate(number=Count("open"))
        .order_by("position", "id")
    )
    found: dict[int, NeedCounts] = {}
    for row in rows:
        counts = found.setdefault(
            row["id"], NeedCounts(row["id"], row["slug"], row["name"], dict.fromkeys(Stage.values, 0))
        )
        if row["open__stage"]:
            counts.by_stage[row["open__stage"]] = row["number"]
    return list(found.values())


def needs_of(customer_ids: Iterable[int], *, workspace: Workspace) -> list[CustomerNeed]:
    """What these customers need or needed, with the need itself; open ones first. One query."""
    rows = CustomerNeed.objects.filter(workspace=workspace, customer_id__in=list(customer_ids))
    return sorted(
        rows.exclude(closed_reason__in=NO_NEEDS).select_related("need"),
        key=lambda row: (row.customer_id, row.closed_at is not None, -row.as_of.timestamp(), -row.pk),
    )


@dataclass(frozen=True)
class NeedView:
    """A customer's need as a person reads it."""

    row: CustomerNeed
    because: list[str] = field(default_factory=list)


def read_needs(customer: Customer) -> list[NeedView]:
    """A customer's needs, each with the events that mattered most in words; two queries."""
    rows = needs_of([customer.pk], workspace=customer.workspace)
    told = sentences_for([row.evidence for row in rows], workspace_id=customer.workspace_id)
    return [NeedView(row, because) for row, because in zip(rows, told, strict=True)]


def sentences_for(evidence: Iterable[list[dict[str, Any]]], *, workspace_id: int) -> list[list[str]]:
    """Evidence of needs or stage changes in words, with products by their names; one query."""
    evidence = list(evidence)
    names = product_names((entry["subject"] for entries in evidence for entry in entries), workspace_id)
    return [[sentence_of(entry, names) for entry in entries] for entries in evidence]


def product_names(subjects: Iterable[str], workspace_id: int) -> Mapping[str, str]:
    skus = {subject for subject in subjects if subject}
    if not skus:
        return {}
    found = Product.objects.filter(workspace_id=workspace_id, sku__in=skus).exclude(name="")
    return dict(found.values_list("sku", "name"))


def read_stage_changes(customer: Customer, *, before: datetime | None, limit: int) -> list[TimelineEntry]:
    """A customer's stage changes for the timeline, newest first; two queries."""
    rows = StageChange.objects.filter(
        workspace_id=customer.workspace_id, customer=customer, superseded_at=None
    )
    if before is not None:
        rows = rows.filter(at__lt=before)
    changes = list(rows.select_related("customer_need__need").order_by("-at", "-id")[:limit])
    told = sentences_for([change.evidence for change in changes], workspace_id=customer.workspace_id)
    return [
        TimelineEntry(
            at=change.at,
            kind="stage",
            title=_("%(need)s: %(from)s → %(to)s")
            % {
                "need": change.customer_need.need.name,
                "from": Stage(change.from_stage).label,
                "to": Stage(change.to_stage).label,
            },
            detail=_("%(percent)s %% sure") % {"percent": round(change.probability * 100)},
            explanation=" ".join(because),
            icon="route",
        )
        for change, because in zip(changes, told, strict=True)
    ]


class NeedLeaf:
    """`{"need": "running-shoes", "stage": "shortlist", "for_at_least": "2d"}`.

    `stage`: a stage or a list of them; or `at_least`: that stage or a later one; without either any stage but "none".
    `for_at_least`, `for_at_most`: how long the stage has been shown. Only open needs count; `"need": "any"` is any one.
    """

    KEYS = ("need", "stage", "at_least", "for_at_least", "for_at_most")

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        """What is wrong with the leaf, with the remedy."""
        problems = [
            Problem(key, _("is not known here; a need takes %(known)s") % {"known": ", ".join(self.KEYS)})
            for key in leaf
            if key not in self.KEYS
        ]
        slug = leaf.get("need")
        if not isinstance(slug, str) or not slug:
            problems.append(Problem("need", _('write the slug of a need, or "any"')))
        elif slug != "any" and not Need.objects.filter(workspace=workspace, slug=slug).exists():
            problems.append(
                Problem("need", _("is no need of this workspace; choose one from its list of needs"))
            )
        if "stage" in leaf and "at_least" in leaf:
            said = _('leave it out, or leave out "stage": both say which stages')
            problems.append(Problem("at_least", said))
        if "stage" in leaf and not is_stages(leaf["stage"]):
            said = _("write one of %(known)s, or a list of them") % {"known": ", ".join(STAGES)}
            problems.append(Problem("stage", said))
        if "at_least" in leaf and leaf["at_least"] not in STAGES[1:]:
            said = _("write one of %(known)s") % {"known": ", ".join(STAGES[1:])}
            problems.append(Problem("at_least", said))
        spans = [key for key in ("for_at_least", "for_at_most") if key in leaf]
        return problems + [Problem(key, str(SPAN_REMEDY)) for key in spans if read_span(leaf[key]) is None]

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        """Customers with such an open need."""
        needs = CustomerNeed.objects.filter(
            workspace=workspace, customer=OuterRef("pk"), closed_at=None, stage__in=stages_of(leaf)
        )
        if leaf["need"] != "any":
            needs = needs.filter(need__slug=leaf["need"])
        if (least := span_in(leaf, "for_at_least")) is not None:
            needs = needs.filter(stage_since__lte=now - least)
        if (most := span_in(leaf, "for_at_most")) is not None:
            needs = needs.filter(stage_since__gte=now - most)
        return Q(Exists(needs))

    def describe(self, leaf: dict[str, Any]) -> str:
        """The leaf in words."""
        words = {
            "need": leaf["need"],
            "stages": _(" or ").join(str(Stage(stage).label) for stage in stages_of(leaf)),
        }
        if leaf["need"] == "any":
            said = _("who are at %(stages)s with any need") % words
        else:
            said = _("who are at %(stages)s with the need “%(need)s”") % words
        if "for_at_least" in leaf:
            said += _(" for at least %(span)s") % {"span": describe_span(leaf["for_at_least"])}
        if "for_at_most" in leaf:
            said += _(" for at most %(span)s") % {"span": describe_span(leaf["for_at_most"])}
        return said


def is_stages(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, str) and each in STAGES for each in value)
    return isinstance(value, str) and value in STAGES


def stages_of(leaf: Mapping[str, Any]) -> list[str]:
    if "stage" in leaf:
        return [leaf["stage"]] if isinstance(leaf["stage"], str) else list(leaf["stage"])
    return list(STAGES[STAGES.index(leaf.get("at_least", Stage.AWARENESS)) :])


def span_in(leaf: Mapping[str, Any], key: str) -> timedelta | None:
    return read_span(leaf[key]) if key in leaf else None
