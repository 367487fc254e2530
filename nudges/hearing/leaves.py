"""Replies in the condition language: `{"reply": "helpful", "nudge": 12, "within": "30d"}`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from engagement.conditions import describe_window
from engagement.conditions.problems import Problem
from engagement.conditions.windows import SPAN_REMEDY, read_span
from engagement.models import Workspace
from nudges.models import Nudge, Reply, ReplyKind


class ReplyLeaf:
    """Customers who gave a reply of a kind that still stands, to a nudge where one is named, within a span."""

    def check(self, leaf: dict[str, Any], *, workspace: Workspace) -> list[Problem]:
        problems = [
            Problem(key, _("does not belong beside reply; leave it out"))
            for key in leaf
            if key not in ("reply", "nudge", "within")
        ]
        if leaf["reply"] not in ReplyKind.values:
            said = _("write one of %(known)s") % {"known": ", ".join(ReplyKind.values)}
            problems.append(Problem("reply", said))
        if "within" in leaf and read_span(leaf["within"]) is None:
            problems.append(Problem("within", str(SPAN_REMEDY)))
        if "nudge" in leaf and not _is_nudge(leaf["nudge"], workspace):
            problems.append(Problem("nudge", _("write the id of a nudge of this workspace")))
        return problems

    def compile(self, leaf: dict[str, Any], *, workspace: Workspace, now: datetime) -> Q:
        replies = Reply.objects.filter(
            workspace=workspace, customer=OuterRef("pk"), kind=leaf["reply"], undone_at=None
        )
        if "nudge" in leaf:
            replies = replies.filter(message__nudge_id=leaf["nudge"])
        if span := read_span(leaf.get("within")):
            replies = replies.filter(at__gt=now - span)
        return Q(Exists(replies))

    def describe(self, leaf: dict[str, Any]) -> str:
        words = {"reply": ReplyKind(leaf["reply"]).label, "window": describe_window(leaf)}
        if "nudge" in leaf:
            words["nudge"] = leaf["nudge"]
            return _("who replied “%(reply)s” to nudge %(nudge)s%(window)s") % words
        return _("who replied “%(reply)s”%(window)s") % words


def _is_nudge(value: object, workspace: Workspace) -> bool:
    return (
        isinstance(value, int)
        and not isinstance(value, bool)
        and 0 < value < 2**63
        and Nudge.objects.filter(workspace=workspace, pk=value).exists()
    )
