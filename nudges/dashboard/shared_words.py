"""What many letters share: snippets, with their versions and where they are used, and pictures."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.dashboard.pages import keyset_page
from engagement.models import Role
from nudges.composing import CannotChange
from nudges.models import Nudge, Picture, Snippet
from nudges.picturing import add_picture, delete_picture
from nudges.snippeting import delete_snippet, save_snippet
from nudges.wording.vocabularies import placeholders_of
from reviews.photographing import BadPhoto

PAGE = 50
LANGUAGE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})?$"


class SnippetForm(forms.Form):
    """A snippet: its texts by language, and one more language to write."""

    name = forms.CharField(max_length=120, label=gettext_lazy("Name"))
    slug = forms.SlugField(
        max_length=60,
        label=gettext_lazy("Short name"),
        help_text=gettext_lazy('Words name it by this: {% snippet "short-name" %}. It stays.'),
    )
    language = forms.RegexField(
        LANGUAGE,
        required=False,
        label=gettext_lazy("Language"),
        error_messages={"invalid": gettext_lazy("Write a language such as en, de or de-AT.")},
    )
    text = forms.CharField(
        required=False,
        max_length=10_000,
        label=gettext_lazy("Text"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Markdown, with placeholders."),
    )

    def __init__(self, *args: Any, snippet: Snippet | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.written = snippet.texts if snippet else {}
        if snippet:
            del self.fields["slug"]
        for language in self.written:
            self.fields[f"text_{language}"] = forms.CharField(
                required=False,
                max_length=10_000,
                label=_("Text in %(language)s") % {"language": language},
                widget=forms.Textarea(attrs={"rows": 6}),
            )

    @property
    def written_fields(self) -> list[forms.BoundField]:
        return [self[f"text_{language}"] for language in self.written]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("text") and not cleaned.get("language"):
            self.add_error("language", _("In which language is it?"))
        return cleaned

    def texts(self) -> dict[str, str]:
        """What was written, by language; what was emptied is left out."""
        kept = {language: self.cleaned_data[f"text_{language}"] for language in self.written}
        if self.cleaned_data["text"]:
            kept[self.cleaned_data["language"]] = self.cleaned_data["text"]
        return kept


@dashboard_page()
def snippets(request: DashboardRequest) -> HttpResponse:
    """All of them, with how many nudges use each."""
    rows = Snippet.objects.filter(workspace=request.workspace).annotate(used=Count("uses"))
    page = keyset_page(rows, field="name", descending=False, cursor=request.GET.get("after", ""), size=PAGE)
    return render(request, "nudges/dashboard/snippet_list.html", {"page": page})


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def new_snippet(request: DashboardRequest) -> HttpResponse:
    """A new one."""
    return compose_snippet(request, None, {"language": request.workspace.locale})


@dashboard_page(changes=Role.MARKETER)
def snippet(request: DashboardRequest, snippet_id: int) -> HttpResponse:
    """One, with its versions and where it is used."""
    one = of_workspace(Snippet.objects.all(), request, pk=snippet_id)
    return compose_snippet(
        request, one, {"name": one.name} | {f"text_{language}": text for language, text in one.texts.items()}
    )


def compose_snippet(request: DashboardRequest, one: Snippet | None, initial: dict[str, Any]) -> HttpResponse:
    form = SnippetForm(request.POST or None, snippet=one, initial=initial)
    if request.method == "POST" and form.is_valid() and (saved := keep_snippet(request, one, form)):
        messages.success(request, _("Saved as version %(n)s.") % {"n": saved.version})
        return redirect("nudges:snippet", snippet_id=saved.pk)
    using = (
        Nudge.objects.filter(contents__snippet_uses__snippet=one).distinct() if one else Nudge.objects.none()
    )
    context = {
        "form": form,
        "snippet": one,
        "versions": one.versions.select_related("author").order_by("-number")[:20] if one else [],
        "using": using.order_by("name"),
        "placeholders": placeholders_of(request.workspace),
    }
    return render(request, "nudges/dashboard/snippet.html", context)


def keep_snippet(request: DashboardRequest, one: Snippet | None, form: SnippetForm) -> Snippet | None:
    try:
        return save_snippet(
            workspace=request.workspace,
            snippet=one,
            slug=form.cleaned_data.get("slug", ""),
            name=form.cleaned_data["name"],
            texts=form.texts(),
            actor=request.user,
            now=timezone.now(),
        )
    except CannotChange as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.text)
        return None


@dashboard_action(Role.MARKETER)
def remove_snippet(request: DashboardRequest, snippet_id: int) -> HttpResponse:
    """Delete one that is not in use."""
    one = of_workspace(Snippet.objects.all(), request, pk=snippet_id)
    try:
        delete_snippet(snippet=one, actor=request.user, now=timezone.now())
    except CannotChange as refused:
        messages.error(request, refused.text)
        return redirect("nudges:snippet", snippet_id=one.pk)
    return redirect("nudges:snippets")


@dashboard_page(changes=Role.MARKETER)
def pictures(request: DashboardRequest) -> HttpResponse:
    """All of them; POST adds one (`file`, `alt`) and answers the editor's script with JSON."""
    if request.method == "POST":
        return take_picture(request)
    rows = Picture.objects.filter(workspace=request.workspace)
    page = keyset_page(
        rows, field="added_at", descending=True, cursor=request.GET.get("after", ""), size=PAGE
    )
    return render(request, "nudges/dashboard/pictures.html", {"page": page})


def take_picture(request: DashboardRequest) -> HttpResponse:
    file = request.FILES.get("file")
    try:
        if file is None:
            raise BadPhoto(_("Choose a file."))
        made = add_picture(
            workspace=request.workspace,
            data=file.read(),
            alt=request.POST.get("alt", "").replace("\x00", ""),
            actor=request.user,
            now=timezone.now(),
        )
    except BadPhoto as bad:
        if request.accepts("text/html"):
            messages.error(request, str(bad))
            return redirect("nudges:pictures")
        return JsonResponse({"problem": str(bad)})
    if request.accepts("text/html"):
        return redirect("nudges:pictures")
    return JsonResponse({"address": made.address, "name": made.alt or made.name})


@dashboard_action(Role.MARKETER)
def remove_picture(request: DashboardRequest, picture_id: int) -> HttpResponse:
    """Delete one that no words show."""
    one = of_workspace(Picture.objects.select_related("workspace"), request, pk=picture_id)
    try:
        delete_picture(picture=one, actor=request.user, now=timezone.now())
    except CannotChange as refused:
        messages.error(request, refused.text)
    return redirect("nudges:pictures")
