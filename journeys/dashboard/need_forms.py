"""The forms by which a need and its questions are written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journeys.attributes import KINDS, MOST_ATTRIBUTES, NOMINAL, NUMERIC, ORDINAL, SET, YES_NO, kind_of
from journeys.defining import RULE_KINDS
from journeys.models import Need

CHOICES = (NOMINAL, ORDINAL, SET)


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
    kind = forms.ChoiceField(
        choices=list(KINDS.items()), required=False, label=gettext_lazy("Kind of answer")
    )
    options = forms.CharField(
        max_length=2000,
        required=False,
        label=gettext_lazy("Answers, with commas"),
        help_text=gettext_lazy("For a choice. Yes or no needs none."),
    )
    cuts = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("Limits of the bins"),
        help_text=gettext_lazy("For a number, such as 60, 75, 90: nobody is asked for the exact figure."),
    )
    unit = forms.CharField(max_length=20, required=False, label=gettext_lazy("Unit"))
    purpose = forms.CharField(
        max_length=300,
        required=False,
        label=gettext_lazy("Why it is asked"),
        help_text=gettext_lazy("In a plain sentence; it stands beside the question."),
    )
    is_sensitive = forms.BooleanField(
        required=False, label=gettext_lazy("Sensitive (health, body): keep it only with consent of its own")
    )

    def value(self) -> dict[str, Any]:
        data = self.cleaned_data
        kind = data["kind"] or NOMINAL
        row = {
            "key": slugify(data["key"]) or slugify(data["label"]).replace("-", "_")[:60],
            "label": data["label"],
            "purpose": data["purpose"],
            "kind": kind,
            "is_sensitive": data["is_sensitive"],
        }
        if kind == NUMERIC:
            return row | {"cuts": numbers(data["cuts"]), "unit": data["unit"]}
        return row if kind == YES_NO else row | {"options": words(data["options"])}


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def numbers(text: str) -> list[Any]:
    """Figures, with commas or blanks between them; what is none stays as it was typed, to be refused."""
    found: list[Any] = []
    for word in text.replace(",", " ").replace(";", " ").split():
        try:
            found.append(float(word))
        except ValueError:
            found.append(word)
    return found


QuestionSet = formset_factory(QuestionForm, extra=2, max_num=MOST_ATTRIBUTES, can_order=True, can_delete=True)


def in_order(questions: BaseFormSet[QuestionForm]) -> list[QuestionForm]:
    """The questions that are asked, by the order typed; those without a number come last as they stand."""
    kept = [one for one in questions if one.cleaned_data.get("label") and not one.cleaned_data.get("DELETE")]
    return sorted(kept, key=lambda one: one.cleaned_data.get("ORDER") or MOST_ATTRIBUTES + 1)


def initial_of(need: Need) -> dict[str, Any]:
    names = ("name", "slug", "description", "fit_question", "fit_options", "is_active")
    return {name: getattr(need, name) for name in names} | {
        kind: need.rules.get(kind, []) for kind in RULE_KINDS
    }


def questions_initial(row: dict[str, Any]) -> dict[str, Any]:
    kind = kind_of(row)
    return row | {
        "kind": kind,
        "options": ", ".join(str(option) for option in row.get("options", [])) if kind in CHOICES else "",
        "cuts": ", ".join(f"{cut:g}" for cut in row.get("cuts", [])),
    }
