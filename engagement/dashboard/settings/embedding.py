"""Settings: on which sites our elements may stand, and the lines to paste."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page, may
from engagement.configuring import change_workspace
from engagement.identities import embed_secret
from engagement.models import ApiKey, KeyKind, Role


class OriginsForm(forms.Form):
    """One origin a line: scheme, host, and port where it isn't the usual one."""

    origins = forms.CharField(
        required=False,
        label=gettext_lazy("Allowed sites"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "ts-mono", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One a line, such as https://shop.example. Elements stay empty anywhere else."
        ),
    )

    def clean_origins(self) -> list[str]:
        lines = [line.strip() for line in str(self.cleaned_data["origins"]).splitlines()]
        found = [as_origin(line) for line in lines if line]
        return list(dict.fromkeys(found))


def as_origin(line: str) -> str:
    """A line as a browser writes an origin; raises ValidationError naming the line."""
    try:
        parts = urlsplit(line)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment and not parts.username
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_bare or len(line) > 200:
        raise forms.ValidationError(
            _("“%(line)s” is no site's address: write it as https://shop.example, without a path."),
            params={"line": line[:80]},
        )
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = parts.hostname.lower()
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


@dashboard_page(changes=Role.OWNER)
def embedding(request: DashboardRequest) -> HttpResponse:
    """Allowed sites, and what to paste into them."""
    form = OriginsForm(
        request.POST or None, initial={"origins": "\n".join(request.workspace.allowed_origins)}
    )
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = {"allowed_origins": form.cleaned_data["origins"]}
        change_workspace(workspace=request.workspace, values=values, actor=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("engagement:settings_embedding")
    write_key = (
        ApiKey.objects.filter(workspace=request.workspace, kind=KeyKind.WRITE, revoked_at=None)
        .order_by("created_at")
        .first()
    )
    secret = embed_secret(request.workspace) if may(request.member, Role.OWNER) else ""
    context = {"form": form, "write_key": write_key, "secret": secret, "base_url": settings.BASE_URL}
    return render(request, "engagement/dashboard/settings/embedding.html", context)
