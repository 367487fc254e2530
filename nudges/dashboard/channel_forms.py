"""The form of a channel's account, made from the fields that the channel names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from nudges.channels.accounts import Field, fields_of, problems_of


class AccountForm(forms.Form):
    """Secrets are never shown again: an empty field keeps what is there."""

    def __init__(self, *args: Any, channel: str, saved: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel, self.saved = channel, saved
        self.told = [field for field in fields_of(channel) if not field.is_made]
        for field in self.told:
            self.fields[field.name] = form_field(
                field, is_kept=field.is_secret and bool(saved.get(field.name))
            )
            if not field.is_secret:
                self.fields[field.name].initial = saved.get(field.name, "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for field in self.told:
            value = cleaned.get(field.name, "")
            if value and field.check and (problem := field.check(value)):
                self.add_error(field.name, problem)
        for name, problem in problems_of(self.channel, self._whole(cleaned)).items():
            self.add_error(name, problem)
        return cleaned

    def values(self) -> dict[str, str]:
        """What `save_account` takes; a secret left empty is left out, so that it stays."""
        kept = self._kept(self.cleaned_data)
        return {
            name: str(value).strip() for name, value in self.cleaned_data.items() if value or name not in kept
        }

    def _whole(self, told: Mapping[str, str]) -> dict[str, str]:
        """The account as it would be."""
        return {name: value or ("kept" if name in self._kept(told) else "") for name, value in told.items()}

    def _kept(self, told: Mapping[str, str]) -> set[str]:
        """The secrets that stay when nothing is typed; none where another choice makes it another account."""
        choices = [field.name for field in self.told if field.options]
        if any(told.get(name, "") != self.saved.get(name, "") for name in choices):
            return set()
        return {field.name for field in self.told if field.is_secret and self.saved.get(field.name)}


def form_field(field: Field, *, is_kept: bool) -> forms.Field:
    """The form's field for one of the account's; `is_kept`: a secret that is there already."""
    common: dict[str, Any] = {
        "label": field.label,
        "help_text": _("Kept. Leave it empty to keep it.") if is_kept else field.help,
        "required": field.is_required and not is_kept,
    }
    if field.options:
        return forms.ChoiceField(choices=list(field.options), **common)
    widget: forms.Widget = forms.TextInput(attrs={"autocomplete": "off", "type": field.input_type})
    if field.is_long:
        widget = forms.Textarea(attrs={"rows": 5, "class": "ts-mono", "spellcheck": "false"})
    elif field.is_secret:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(max_length=8000 if field.is_long else 500, widget=widget, **common)
