"""The form for a nudge's words: one text, or for an e-mail a letter of blocks."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.dashboard.choices import offer
from engagement.models import Channel
from nudges.channels.extras import extras_of, problem_of
from nudges.models import Nudge
from nudges.wording import BadWording
from nudges.wording.blocks import check_blocks, tidy
from nudges.wording.references import check_words
from nudges.writing import WORDS

FORMS = [("text", gettext_lazy("One text")), ("blocks", gettext_lazy("Blocks"))]


def read_blocks(text: str) -> list[Any] | None:
    """The blocks that the editor wrote; None where it is no list."""
    try:
        blocks = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return None
    return blocks if isinstance(blocks, list) else None


def problems_of(blocks: list[Any] | None) -> list[str]:
    """What is wrong with the blocks of a letter, in words."""
    if blocks is None:
        return [_("These blocks cannot be read.")]
    return list(map(str, check_blocks(blocks))) or ([] if blocks else [_("Add a block: a text, say.")])


class WordsForm(forms.Form):
    """The words for one channel in one language."""

    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    language = forms.RegexField(
        r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})?$",
        initial="en",
        label=gettext_lazy("Language"),
        error_messages={"invalid": gettext_lazy("Write a language such as en, de or de-AT.")},
    )
    subject = forms.CharField(max_length=200, label=gettext_lazy("Subject"))
    body = forms.CharField(
        max_length=20000,
        required=False,
        label=gettext_lazy("Text"),
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=gettext_lazy(
            'Markdown. Placeholders: {{ customer.name | default: "there" }}, {{ need.name }}.'
        ),
    )
    blocks = forms.CharField(
        max_length=200_000,
        required=False,
        label=gettext_lazy("Blocks"),
        widget=forms.Textarea(attrs={"rows": 18}),
    )
    form = forms.ChoiceField(choices=FORMS, required=False, widget=forms.HiddenInput)
    variant = forms.CharField(max_length=8, required=False, widget=forms.HiddenInput)
    link_label = forms.CharField(max_length=80, required=False, label=gettext_lazy("Button"))
    link_url = forms.CharField(max_length=1000, required=False, label=gettext_lazy("Button's address"))

    def __init__(self, *args: Any, nudge: Nudge, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(Channel.choices)
        offer(self, "channel", [(name, labels.get(name, name)) for name in nudge.channels])
        self.extras = extras_of(str(self.data.get("channel") or self.initial.get("channel", "")))
        for extra in self.extras:
            widget = forms.Textarea(attrs={"rows": 3}) if extra.is_long else forms.TextInput()
            self.fields[extra.name] = forms.CharField(
                required=False, label=extra.label, help_text=extra.help, widget=widget
            )

    @property
    def extra_fields(self) -> list[forms.BoundField]:
        """The fields that only this channel has, for the page."""
        return [self[extra.name] for extra in self.extras]

    @property
    def is_blocks(self) -> bool:
        """Whether these words are a letter of blocks; only an e-mail can be."""
        told = self.data if self.is_bound else self.initial
        return told.get("form") == "blocks" and told.get("channel") == Channel.EMAIL

    def place(self) -> str:
        """Which words a valid form holds, as the query of the page that shows them."""
        names = ("channel", "language", "variant")
        return "?" + urlencode({name: self.cleaned_data[name] for name in names if self.cleaned_data[name]})

    def words(self) -> dict[str, Any]:
        """What `save_content` takes, of a form that is valid."""
        return {name: self.cleaned_data[name] for name in WORDS}

    def _check_form(self, cleaned: dict[str, Any]) -> None:
        """Keeps what the chosen form has, and leaves the other empty."""
        if not self.is_blocks:
            cleaned["blocks"] = []
            if not cleaned.get("body") and "body" not in self.errors:
                self.add_error("body", _("Write the words."))
            return
        blocks = read_blocks(cleaned.get("blocks", ""))
        if problems := problems_of(blocks):
            self.add_error("blocks", problems)
        kept = [] if problems or blocks is None else tidy(blocks)
        cleaned.update({"body": "", "link_url": "", "link_label": "", "blocks": kept})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._check_form(cleaned)
        for extra in self.extras:
            if problem := problem_of(extra.name, cleaned.get(extra.name, "")):
                self.add_error(extra.name, problem)
        for name in ("subject", "body", "link_label", "link_url", *(extra.name for extra in self.extras)):
            if cleaned.get(name):
                try:
                    check_words(cleaned[name])
                except BadWording as error:
                    self.add_error(name, str(error))
        url = cleaned.get("link_url", "")
        if url and not url.startswith(("https://", "http://", "{{")):
            self.add_error("link_url", _("Write an address that begins with https://."))
        return cleaned
