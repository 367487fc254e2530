"""Forms for the limits on pressure: the policy as a whole, and a new cap of any scope and window."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.dashboard.choices import offer
from engagement.models import Category, Channel, Role, Workspace
from journeys.models import Need
from nudges.models import CapScope, Flow, Interest, Policy, Promise, WindowKind

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
LONGEST = 90 * 86_400


class PolicyForm(forms.Form):
    """Rules on pressure that are no caps."""

    quiet_start = forms.TimeField(
        required=False,
        label=gettext_lazy("Quiet from"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_end = forms.TimeField(
        required=False,
        label=gettext_lazy("until"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    min_gap_hours = forms.FloatField(
        required=False, min_value=0, max_value=24 * 90, label=gettext_lazy("At least between two messages")
    )
    business_limit = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1000,
        label=gettext_lazy("Business-centric messages a customer"),
        help_text=gettext_lazy("Empty: no limit. 0: never."),
    )
    business_window_days = forms.FloatField(
        min_value=0.05, max_value=90, initial=7, label=gettext_lazy("in any")
    )
    business_share_percent = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=100,
        label=gettext_lazy("Share of business-centric messages"),
        help_text=gettext_lazy("Of all push messages of the last 30 days. Empty: no limit."),
    )
    look_ahead_hours = forms.FloatField(
        required=False,
        min_value=0,
        max_value=24 * 30,
        initial=24,
        label=gettext_lazy("Keep the slot of a better message"),
        help_text=gettext_lazy("That is scheduled within this time. 0: off."),
    )
    collect_seconds = forms.IntegerField(
        min_value=0,
        max_value=3600,
        initial=60,
        label=gettext_lazy("Let messages meet for"),
        help_text=gettext_lazy("So long a message waits for a better one before it is decided."),
    )
    allow_service_exempt = forms.BooleanField(
        required=False, label=gettext_lazy("Service messages may be allowed to go beyond the limits")
    )

    approval_above = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=2_000_000_000,
        label=gettext_lazy("Needs approval above"),
        help_text=gettext_lazy("So many customers. Any edit asks for it again. Empty: nothing does."),
    )
    approval_role = forms.ChoiceField(
        choices=[(role.value, role.label) for role in (Role.OWNER, Role.MARKETER)],
        required=False,
        label=gettext_lazy("Who may approve, at least"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["approval_role"] = cleaned.get("approval_role") or Role.OWNER
        start, end = cleaned.get("quiet_start"), cleaned.get("quiet_end")
        if (start is None) != (end is None):
            self.add_error("quiet_end", _("Write both times, or neither."))
        elif start is not None and start == end:
            self.add_error("quiet_end", _("Quiet hours need an end that differs from their start."))
        return cleaned

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        gap, window = data.pop("min_gap_hours"), data.pop("business_window_days")
        ahead = data.pop("look_ahead_hours")
        return data | {
            "look_ahead_seconds": 86_400 if ahead is None else round(ahead * 3600),
            "min_gap_seconds": None if gap is None else round(gap * 3600),
            "business_window_seconds": round(window * 86_400),
        }


def initial_of(policy: Policy) -> dict[str, Any]:
    names = (
        "quiet_start", "quiet_end", "business_limit", "business_share_percent", "collect_seconds",
        "allow_service_exempt", "approval_above", "approval_role",
    )  # fmt: skip
    gap = policy.min_gap_seconds
    return {name: getattr(policy, name) for name in names} | {
        "min_gap_hours": None if gap is None else trimmed(gap / 3600),
        "business_window_days": trimmed(policy.business_window_seconds / 86_400),
        "look_ahead_hours": trimmed(policy.look_ahead_seconds / 3600),
    }


def trimmed(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 2)


class CapForm(forms.Form):
    """A new cap."""

    limit = forms.IntegerField(
        min_value=0, max_value=1000, label=gettext_lazy("At most"), help_text=gettext_lazy("0 means never.")
    )
    scope = forms.ChoiceField(choices=CapScope.choices, label=gettext_lazy("messages of"))
    scope_value = forms.ChoiceField(required=False, label=gettext_lazy("which"))
    window = forms.ChoiceField(
        choices=WindowKind.choices,
        label=gettext_lazy("Window"),
        widget=forms.Select(attrs={"data-shows": "window"}),
    )
    length = forms.IntegerField(
        required=False, min_value=1, max_value=LONGEST, initial=7, label=gettext_lazy("Length")
    )
    unit = forms.ChoiceField(
        required=False,
        initial="days",
        label=gettext_lazy("Unit"),
        choices=[
            ("minutes", gettext_lazy("minutes")),
            ("hours", gettext_lazy("hours")),
            ("days", gettext_lazy("days")),
        ],
    )
    calendar = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Calendar"),
        choices=[
            ("day", gettext_lazy("a day")),
            ("week", gettext_lazy("a week")),
            ("month", gettext_lazy("a month")),
        ],
    )
    floor = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1000,
        label=gettext_lazy("Down to"),
        help_text=gettext_lazy("For who ignores us, if the adaptive cap is on. Empty: always the same."),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subjects = subjects_of(workspace)
        grouped = [(CapScope(scope).label, options) for scope, options in self.subjects.items()]
        offer(self, "scope_value", [("", _("all, or each")), *grouped])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        scope, value = cleaned.get("scope", ""), cleaned.get("scope_value", "")
        if value and value not in dict(self.subjects.get(scope, [])):
            self.add_error("scope_value", _("This doesn't belong to the kind that you chose."))
        if cleaned.get("window") == WindowKind.ROLLING:
            seconds = (cleaned.get("length") or 0) * UNITS.get(cleaned.get("unit", ""), 0)
            if not 60 <= seconds <= LONGEST:
                self.add_error("length", _("Choose from one minute to 90 days."))
            cleaned["seconds"] = seconds
        elif not cleaned.get("calendar"):
            self.add_error("calendar", _("Choose a day, a week or a month."))
        floor, limit = cleaned.get("floor"), cleaned.get("limit")
        if floor is not None and limit is not None and floor > limit:
            self.add_error("floor", _("This can't be more than the limit itself."))
        return cleaned

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        is_rolling = data["window"] == WindowKind.ROLLING
        return {
            "scope": data["scope"],
            "scope_value": data["scope_value"],
            "window": data["window"],
            "seconds": data["seconds"] if is_rolling else None,
            "unit": "" if is_rolling else data["calendar"],
            "limit": data["limit"],
            "floor": data["floor"],
        }


def subjects_of(workspace: Workspace) -> dict[str, list[tuple[str, str]]]:
    """What each scope can be narrowed to, with its words."""
    topics = Category.objects.filter(workspace=workspace, archived_at=None)
    return {
        CapScope.CHANNEL: [(str(value), str(label)) for value, label in Channel.choices],
        CapScope.CATEGORY: [(topic.slug, topic.name) for topic in topics],
        CapScope.INTEREST: [(str(value), str(label)) for value, label in Interest.choices],
        CapScope.PROMISE: [(str(value), str(label)) for value, label in Promise.choices],
        CapScope.FLOW: [(flow.slug, flow.name) for flow in Flow.objects.filter(workspace=workspace)],
        CapScope.NEED: [(need.slug, need.name) for need in Need.objects.filter(workspace=workspace)],
    }
