"""Needs: what customers may be trying to solve, which events speak of it, and what is asked about their situation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.forms import BaseFormSet, formset_factory
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page, of_workspace
from engagement.models import Product, Role
from journeys.defining import RULE_KINDS, SlugTaken, save_need
from journeys.models import JOURNEY, Guide, GuideStatus, Need
from journeys.needs import needs_by_stage


class Lines(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def __init__(self, *, longest: int = 200, most: int = 500, **kwargs: Any) -> None:
        self.longest, self.most = longest, most
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in str(super().clean(value) or "").splitlines()]
        found = list(dict.fromkeys(line for line in lines if line))
        if len(found) > self.most or any(len(line) > self.longest for line in found):
            raise forms.ValidationError(
                _("At most %(most)s lines of %(longest)s characters."),
                params={"most": self.most, "longest": self.longest},
            )
        return found


class NeedForm(forms.Form):
    """A need's words, and the rules by which events are recognised as being about it."""

    name = forms.CharField(
        max_length=120,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("What the customer tries to solve, such as “Running shoes that fit”."),
    )
    slug = forms.SlugField(
        max_length=60,
        required=False,
        label=gettext_lazy("Short name for programs"),
        help_text=gettext_lazy("Made from the name when empty. Elements in your shop use it."),
    )
    description = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("Description"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    categories = Lines(label=gettext_lazy("Product categories"), help_text=gettext_lazy("One a line."))
    skus = Lines(
        most=5000,
        label=gettext_lazy("Single products"),
        help_text=gettext_lazy("Article numbers, one a line."),
    )
    search_terms = Lines(
        label=gettext_lazy("Search words"), help_text=gettext_lazy("What they type into your search.")
    )
    page_topics = Lines(
        label=gettext_lazy("Page topics"), help_text=gettext_lazy("Topics of pages and articles.")
    )
    fit_question = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("Question about the fit"),
        help_text=gettext_lazy("Asked in reviews, such as “How do they fit?”"),
    )
    fit_options = Lines(
        longest=60,
        most=10,
        label=gettext_lazy("Its answers"),
        help_text=gettext_lazy("In order, one a line."),
    )
    is_active = forms.BooleanField(
        required=False, initial=True, label=gettext_lazy("Notice this need in what customers do")
    )

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        plain = ("name", "description", "fit_question", "fit_options", "is_active")
        rules = {kind: data[kind] for kind in RULE_KINDS if data[kind]}
        slug = data["slug"] or slugify(data["name"])[:60]
        return {name: data[name] for name in plain} | {"rules": rules, "slug": slug}


class QuestionForm(forms.Form):
    """One thing that is asked about the customer's situation."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    label = forms.CharField(max_length=120, required=False, label=gettext_lazy("Question"))
    options = forms.CharField(
        max_length=600,
        required=False,
        label=gettext_lazy("Answers, with commas"),
        help_text=gettext_lazy("Empty: free text."),
    )
    purpose = forms.CharField(max_length=300, required=False, label=gettext_lazy("Why it is asked"))

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        key = slugify(data["key"]) or slugify(data["label"]).replace("-", "_")[:60]
        options = [option.strip() for option in data["options"].split(",")]
        return {
            "key": key,
            "label": data["label"],
            "purpose": data["purpose"],
            "options": [option for option in options if option],
        }


QuestionSet = formset_factory(QuestionForm, extra=3, max_num=30)


@dashboard_page()
def needs(request: DashboardRequest) -> HttpResponse:
    """Every need with where customers stand, and what helps them there."""
    rows = list(Need.objects.filter(workspace=request.workspace))
    counts = {row.id: row.by_stage for row in needs_by_stage(request.workspace)}
    published = set(
        Guide.objects.filter(workspace=request.workspace, status=GuideStatus.PUBLISHED).values_list(
            "need_id", "stage"
        )
    )
    table = [
        {
            "need": need,
            "counts": [counts.get(need.pk, {}).get(stage, 0) for stage in JOURNEY],
            "guides": sum((need.pk, stage) in published for stage in JOURNEY),
            "rules": sum(len(need.rules.get(kind, [])) for kind in RULE_KINDS),
        }
        for need in rows
    ]
    context = {
        "table": table,
        "stages": [(stage.value, stage.label) for stage in JOURNEY],
        "places": len(JOURNEY),
    }
    return render(request, "journeys/dashboard/needs.html", context)


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def new(request: DashboardRequest) -> HttpResponse:
    """Define a need."""
    return compose(request, Need(workspace=request.workspace))


@dashboard_page(changes=Role.MARKETER)
def edit(request: DashboardRequest, need_id: int) -> HttpResponse:
    """Read or change one."""
    return compose(request, of_workspace(Need.objects.all(), request, pk=need_id))


def compose(request: DashboardRequest, need: Need) -> HttpResponse:
    form = NeedForm(request.POST or None, initial=initial_of(need))
    questions: BaseFormSet[QuestionForm] = QuestionSet(
        request.POST or None,
        initial=[questions_initial(row) for row in need.context_attributes],
        prefix="questions",
    )
    if request.method == "POST" and form.is_valid() and questions.is_valid():
        asked = [one.value() for one in questions if one.cleaned_data.get("label")]
        keys = [one["key"] for one in asked]
        if len(set(keys)) < len(keys):
            form.add_error(None, _("Two questions have the same words."))
        elif save(request, need, form, asked):
            return redirect("journeys:needs")
    context = {
        "form": form,
        "questions": questions,
        "need": need,
        "known_categories": Product.objects.filter(workspace=request.workspace)
        .exclude(category="")
        .order_by("category")
        .values_list("category", flat=True)
        .distinct()[:100],
    }
    return render(request, "journeys/dashboard/need.html", context)


def save(request: DashboardRequest, need: Need, form: NeedForm, asked: list[dict[str, Any]]) -> bool:
    values = form.values() | {"context_attributes": asked}
    is_new = need.pk is None
    try:
        saved = save_need(need=need, values=values, actor=request.user, now=timezone.now())
    except SlugTaken:
        form.add_error("slug", _("Another need has this short name; choose another."))
        return False
    said = (
        _("“%(name)s” is noticed from now on.")
        if is_new
        else _("“%(name)s” is saved. Changed rules are applied to the past as well.")
    )
    messages.success(request, said % {"name": saved.name})
    return True


def initial_of(need: Need) -> dict[str, Any]:
    names = ("name", "slug", "description", "fit_question", "fit_options", "is_active")
    return {name: getattr(need, name) for name in names} | {
        kind: need.rules.get(kind, []) for kind in RULE_KINDS
    }


def questions_initial(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"options": ", ".join(str(option) for option in row.get("options", []))}
