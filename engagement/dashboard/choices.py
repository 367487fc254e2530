"""What a form offers to choose from, where that is the workspace's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet


def offer(form: forms.Form, name: str, choices: QuerySet[Any] | Iterable[Any]) -> None:
    """Let a field offer these: rows for a field of rows, else pairs of value and label, or groups of pairs."""
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField) and isinstance(choices, QuerySet):
        field.queryset = choices
    elif isinstance(field, forms.ChoiceField):
        field.choices = list(choices)
    else:
        raise TypeError(f"{name} offers no choice")
