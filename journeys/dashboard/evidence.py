"""Evidence: how strongly each event speaks for each stage, as a table that a marketer can change."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page
from engagement.dashboard.choices import offer
from engagement.models import Role
from journeys.defining import save_weights
from journeys.models import JOURNEY, EvidenceWeight, Need


class WeightsForm(forms.Form):
    """What one signal says about the stages; an empty field says nothing."""

    signal = forms.CharField(
        max_length=80,
        label=gettext_lazy("Event"),
        help_text=gettext_lazy("Its name, such as “Size Guide Opened”."),
    )
    need = forms.ModelChoiceField(
        Need.objects.none(), required=False, empty_label=gettext_lazy("All needs"), label=gettext_lazy("For")
    )

    def __init__(self, data: object, *, request: DashboardRequest) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        offer(self, "need", Need.objects.filter(workspace=request.workspace))
        for stage in JOURNEY:
            self.fields[stage.value] = forms.FloatField(
                required=False, min_value=-10, max_value=10, label=stage.label
            )

    def clean_signal(self) -> str:
        return " ".join(str(self.cleaned_data["signal"]).lower().split())

    def weights(self) -> dict[str, float]:
        given = {stage.value: self.cleaned_data.get(stage.value) for stage in JOURNEY}
        return {stage: weight for stage, weight in given.items() if weight is not None}


@dashboard_page(changes=Role.MARKETER)
def evidence(request: DashboardRequest) -> HttpResponse:
    """The table; a row's form changes that signal, the last one adds another."""
    form = WeightsForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid():
        save_weights(
            workspace=request.workspace,
            need=form.cleaned_data["need"],
            signal=form.cleaned_data["signal"],
            weights=form.weights(),
            actor=request.user,
            now=timezone.now(),
        )
        messages.success(request, _("Saved. Where customers stand is worked out again from all they did."))
        return redirect("journeys:needs_evidence")
    context = {
        "form": form,
        "rows": rows_of(request),
        "stages": [(stage.value, stage.label) for stage in JOURNEY],
        "needs": Need.objects.filter(workspace=request.workspace),
    }
    return render(request, "journeys/dashboard/evidence.html", context)


def rows_of(request: DashboardRequest) -> list[dict[str, object]]:
    """One row a signal and need, those for all needs first."""
    found: dict[tuple[int | None, str], dict[str, object]] = {}
    weights = (
        EvidenceWeight.objects.filter(workspace=request.workspace)
        .select_related("need")
        .order_by(F("need__position").asc(nulls_first=True), "signal")
    )
    for one in weights:
        row = found.setdefault(
            (one.need_id, one.signal), {"signal": one.signal, "need": one.need, "weights": {}}
        )
        row["weights"][one.stage] = one.weight  # type: ignore[index]
    return list(found.values())
