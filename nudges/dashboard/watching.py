"""Settings: whether opens and clicks are noted, of whom, and under which name of the shop's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page
from engagement.models import Role
from nudges.models import Watch, Watched
from nudges.watching import DomainRefused, change_watch, watch_of


class WatchForm(forms.ModelForm):
    """The choice as a whole."""

    who = forms.ChoiceField(
        choices=Watched.choices, widget=forms.RadioSelect, label=gettext_lazy("Note opens and clicks")
    )

    class Meta:
        model = Watch
        fields = ["who", "opens", "clicks", "domain"]
        labels = {
            "opens": gettext_lazy("Opens of e-mails"),
            "clicks": gettext_lazy("Clicks on links in e-mails and web push"),
            "domain": gettext_lazy("Name of your own"),
        }
        error_messages = {
            "domain": {
                "invalid": gettext_lazy("Write a name alone, such as links.shop.example.")
            }  # no https://
        }
        help_texts = {
            "opens": gettext_lazy("By a picture of one point. Many mail programs fetch it unread, or never."),
            "clicks": gettext_lazy(
                "Links go by way of us. Our own pages and plain text are left as they are."
            ),
            "domain": gettext_lazy(
                "Such as links.shop.example: it must lead to this installation. Empty: the installation's own name."
            ),
        }

    def clean_domain(self) -> str:
        return str(self.cleaned_data["domain"]).strip().lower()


@dashboard_page(changes=Role.OWNER)
def watching(request: DashboardRequest) -> HttpResponse:
    """Read by everybody; changed by owners."""
    form = WatchForm(request.POST or None, instance=watch_of(request.workspace))
    if request.method == "POST" and form.is_valid() and change(request, form):
        return redirect("nudges:settings_watching")
    if request.member.role != Role.OWNER:
        for bound in form.fields.values():
            bound.disabled = True
    return render(request, "nudges/dashboard/watching.html", {"form": form})


def change(request: DashboardRequest, form: WatchForm) -> bool:
    """Whether it was changed; else the form says why not."""
    values: dict[str, Any] = {name: form.cleaned_data[name] for name in form.Meta.fields}
    try:
        change_watch(workspace=request.workspace, actor=request.user, now=timezone.now(), **values)
    except DomainRefused as refusal:
        form.add_error("domain", str(refusal))
        return False
    messages.success(request, _("Saved. It holds for messages that go out from now on."))
    return True
