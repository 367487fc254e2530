"""Opening a workspace: the first page of a new installation, and of a member who needs another one."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from engagement.access import SESSION_KEY
from engagement.dashboard.settings.general import timezone_choices
from engagement.models import Member, Role, Workspace
from nudges.opening import open_workspace


class WorkspaceForm(forms.Form):
    """The least that a workspace needs."""

    name = forms.CharField(max_length=120, label=gettext_lazy("What is your company or shop called?"))
    timezone = forms.ChoiceField(choices=timezone_choices, initial="UTC", label=gettext_lazy("Time zone"))
    locale = forms.ChoiceField(
        choices=[("en", "English"), ("de", "Deutsch")], label=gettext_lazy("Your customers' language")
    )
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        initial="EUR",
        label=gettext_lazy("Currency"),
        error_messages={"invalid": gettext_lazy("Write the three letters of a currency, such as EUR.")},
    )

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Who may open one: an owner of another workspace, or anybody while the installation has none."""
    user = cast(User, request.user)
    if not may_open(user):
        if Member.objects.filter(user=user).exists():
            raise PermissionDenied(_("Only an owner can open another workspace."))
        return render(request, "nudges/dashboard/no_workspace.html", status=403)
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        workspace = open_workspace(**form.cleaned_data, user=user, now=timezone.now())
        request.session[SESSION_KEY] = workspace.pk
        messages.success(
            request, _("%(name)s is open. Next: report your first event.") % {"name": workspace.name}
        )
        return redirect("nudges:home")
    return render(request, "nudges/dashboard/welcome.html", {"form": form})


def may_open(user: User) -> bool:
    return not Workspace.objects.exists() or Member.objects.filter(user=user, role=Role.OWNER).exists()
