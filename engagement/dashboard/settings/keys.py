"""Settings: the keys by which shops and programs reach this workspace."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.auditing import record
from engagement.keys import SCOPES, make_key, revoke_key
from engagement.models import ApiKey, KeyKind, Role


class KeyForm(forms.Form):
    """A new key; scopes belong to secret keys only."""

    name = forms.CharField(
        max_length=80,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Where it is used, such as “Shop, production”."),
    )
    kind = forms.ChoiceField(
        choices=KeyKind.choices,
        label=gettext_lazy("Kind"),
        widget=forms.Select(attrs={"data-shows": "kind"}),
        help_text=gettext_lazy(
            "A write key stands in your shop's pages. A secret key belongs on a server only."
        ),
    )
    scopes = forms.MultipleChoiceField(
        choices=list(SCOPES.items()),
        required=False,
        label=gettext_lazy("What a secret key may do"),
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == KeyKind.SECRET and not cleaned.get("scopes"):
            self.add_error("scopes", _("Choose at least one thing that the key may do."))
        if cleaned.get("kind") == KeyKind.WRITE:
            cleaned["scopes"] = []
        return cleaned


@dashboard_page(changes=Role.OWNER)
def keys(request: DashboardRequest) -> HttpResponse:
    """The keys; a new secret is shown in the answer to the form that made it, and nowhere again."""
    form = KeyForm(request.POST or None)
    made: tuple[ApiKey, str] | None = None
    if request.method == "POST" and form.is_valid():
        made = add_key(request, form)
        form = KeyForm()
    rows = ApiKey.objects.filter(workspace=request.workspace).order_by("revoked_at", "-created_at")
    context = {
        "form": form,
        "keys": rows.select_related("created_by"),
        "made": made,
        "base_url": settings.BASE_URL,
    }
    return render(request, "engagement/dashboard/settings/keys.html", context)


def add_key(request: DashboardRequest, form: KeyForm) -> tuple[ApiKey, str]:
    with transaction.atomic():
        key, text = make_key(
            workspace=request.workspace,
            kind=form.cleaned_data["kind"],
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            created_by=request.user,
        )
        record(
            workspace=request.workspace,
            actor=request.user,
            action="create_key",
            target=key,
            detail={"name": key.name, "kind": key.kind, "scopes": key.scopes, "prefix": key.prefix},
            now=timezone.now(),
        )
    return key, text


@dashboard_action(Role.OWNER)
def revoke(request: DashboardRequest, key_id: int) -> HttpResponse:
    """The key is refused from now on."""
    key = of_workspace(ApiKey.objects.all(), request, pk=key_id)
    now = timezone.now()
    with transaction.atomic():
        if revoke_key(key=key, now=now):
            record(
                workspace=request.workspace,
                actor=request.user,
                action="revoke_key",
                target=key,
                detail={"name": key.name, "prefix": key.prefix},
                now=now,
            )
    messages.success(request, _("“%(name)s” is refused from now on.") % {"name": key.name})
    return redirect("engagement:settings_keys")
