"""A nudge's words written: one text, or for an e-mail a letter of blocks."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.models import Channel, Role
from nudges.channels.extras import kept_extras
from nudges.composing import CannotChange
from nudges.dashboard.letters import vocabulary
from nudges.dashboard.nudges import find
from nudges.dashboard.previews import example_for
from nudges.dashboard.word_forms import WordsForm
from nudges.models import Nudge, NudgeContent
from nudges.variants import MOST, tried, words_of
from nudges.wording.components import as_markdown
from nudges.wording.vocabularies import placeholders_of
from nudges.writing import delete_content, save_content


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def words(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Write the words for one channel and language (`?channel=email&language=de`); the preview stands beside.

    Of a variant (`&variant=b`), which begins with the plain words.
    """
    nudge = find(request, nudge_id)
    channel, language = chosen(request, nudge)
    variant = chosen_variant(request, nudge)
    written = list(nudge.contents.order_by("channel", "language"))
    words = words_of(written, variant)
    shown = next((one for one in words if (one.channel, one.language) == (channel, language)), None)
    initial = initial_of(request, shown, channel, language) | {"variant": variant}
    form = WordsForm(request.POST or None, nudge=nudge, initial=initial)
    if request.method == "POST" and form.is_valid() and save(request, nudge, form):
        return redirect(request.path + form.place())
    context = {
        "nudge": nudge,
        "form": form,
        "content": shown if shown and shown.variant == variant else None,
        "contents": words,
        "channel": channel,
        "language": language,
        "variant": variant,
        "tried": [(one, borrowed(written, one.key)) for one in tried(nudge)],
        "most_variants": MOST,
        "may_be_blocks": channel == Channel.EMAIL,
        "vocabulary": vocabulary(request.workspace),
        "placeholders": placeholders_of(request.workspace),
        "example": example_for(request, nudge),
    }
    return render(request, "nudges/dashboard/words.html", context)


def initial_of(
    request: DashboardRequest, content: NudgeContent | None, channel: str, language: str
) -> dict[str, Any]:
    """The saved words as the form shows them; what is asked for in the other form is turned into it."""
    form = request.GET.get("form") or ("blocks" if content and content.blocks else "text")
    initial: dict[str, Any] = {"channel": channel, "language": language, "form": form}
    if content is None:
        return initial | {"blocks": "[]"}
    initial |= {name: getattr(content, name) for name in ("subject", "link_url", "link_label")}
    initial["body"] = content.body or as_text(content.blocks)
    initial["blocks"] = json.dumps(content.blocks or as_blocks(content), indent=2, ensure_ascii=False)
    return initial | content.extras


def as_blocks(content: NudgeContent) -> list[dict[str, str]]:
    """One text as the blocks of a letter."""
    blocks = [{"kind": "text", "markdown": content.body}]
    if content.link_url:
        blocks.append(
            {"kind": "button", "label": content.link_label or _("Read more"), "url": content.link_url}
        )
    return blocks


def as_text(blocks: list[dict[str, str]]) -> str:
    """The blocks of a letter as one text; what only a letter can have (products, guides) is left out."""
    kept = [block for block in blocks if block["kind"] not in ("products", "guide", "snippet")]
    return as_markdown([tuple(block.items()) for block in kept])


def chosen(request: DashboardRequest, nudge: Nudge) -> tuple[str, str]:
    """Channel and language asked for, else those of the first words, else the nudge's first channel."""
    first = nudge.contents.order_by("id").first()
    channel = request.GET.get("channel") or (first.channel if first else nudge.channels[0])
    language = request.GET.get("language") or (first.language if first else request.workspace.locale)
    return (channel if channel in Channel.values else nudge.channels[0]), language[:16].replace("\x00", "")


def chosen_variant(request: DashboardRequest, nudge: Nudge) -> str:
    """The key of the variant asked for, where it is tried; else the plain words are."""
    asked = request.GET.get("variant", "")
    return asked if asked in {one.key for one in tried(nudge)} else ""


def borrowed(written: list[NudgeContent], key: str) -> list[str]:
    """For which channels and languages a variant has no words of its own, in words."""
    plain = [one for one in words_of(written, key) if not one.variant]
    return [f"{one.get_channel_display()} · {one.language}" for one in plain]


def save(request: DashboardRequest, nudge: Nudge, form: WordsForm) -> bool:
    try:
        save_content(
            nudge=nudge,
            channel=form.cleaned_data["channel"],
            language=form.cleaned_data["language"],
            values=form.words(),
            extras=kept_extras(form.cleaned_data["channel"], form.cleaned_data),
            variant=form.cleaned_data["variant"],
            actor=request.user,
            now=timezone.now(),
        )
    except CannotChange as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.text)
        return False
    messages.success(request, _("Saved. The preview shows what would go out now."))
    return True


@dashboard_action(Role.MARKETER)
def delete(request: DashboardRequest, nudge_id: int, content_id: int) -> HttpResponse:
    """Take the words for one channel and language away."""
    nudge = find(request, nudge_id)
    content = of_workspace(NudgeContent.objects.filter(nudge=nudge), request, pk=content_id)
    try:
        delete_content(content=content, actor=request.user, now=timezone.now())
    except CannotChange as refused:
        messages.error(request, refused.text)
    return redirect("nudges:nudge", nudge_id=nudge.pk)
