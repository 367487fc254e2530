"""How a nudge's words look to a customer who is really there, saved or as they stand in the editor; and test sends."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.access import DashboardRequest, dashboard_action, dashboard_page
from engagement.customers import customers_of, search_customers
from engagement.dashboard.framing import only_framed
from engagement.models import Channel, Customer, Role
from nudges.channels.extras import kept_extras
from nudges.channels.segments import count_segments
from nudges.channels.trying import in_words, try_words
from nudges.checks import HEAVY
from nudges.dashboard.nudges import find
from nudges.dashboard.word_forms import WordsForm
from nudges.models import Nudge, NudgeContent
from nudges.overviews import at_stage
from nudges.variants import words_of
from nudges.wording.previews import Preview, in_scheme
from nudges.wording.previews import preview as preview_of
from nudges.wording.texts import TEXTED


@dashboard_page(changes=Role.MARKETER)
def preview(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """The words as one customer would get them now (`as`: id, name or address). Sends and stores nothing.

    GET shows the saved ones, narrowed to a `language` and with it a `variant`; POST those that stand in the editor.
    `scheme` is light or dark.
    """
    nudge = find(request, nudge_id)
    told = request.POST if request.method == "POST" else request.GET
    channel = told.get("channel", nudge.channels[0])
    if channel not in Channel.values:
        raise Http404
    customer = asked_customer(request, nudge, told.get("as", ""))
    page = shown(request, nudge, customer, channel)
    if told.get("scheme") in ("light", "dark"):
        page = in_scheme(page, told["scheme"])
    return only_framed(
        HttpResponse(page),
        style_src=["'unsafe-inline'"],
        img_src=["'self'", "data:", "https:", "http:"],
        sandbox=["allow-same-origin"],
    )


def shown(request: DashboardRequest, nudge: Nudge, customer: Customer | None, channel: str) -> str:
    """The page in the frame: subject and letter, with what is not known about this customer."""
    if customer is None:
        return note(_("Nobody fits. Write a name, an address or an id of one of your customers."))
    contents: list[NudgeContent] | None = None
    if request.method == "POST":
        form = WordsForm(request.POST, nudge=nudge)
        if not form.is_valid():
            return "".join(note(str(problem)) for problems in form.errors.values() for problem in problems)
        contents = [unsaved(nudge, form)]
    elif language := request.GET.get("language", "").replace("\x00", ""):
        words = words_of(nudge.contents.all(), request.GET.get("variant", ""))
        contents = [one for one in words if one.language == language] or None
    found = preview_of(nudge=nudge, customer=customer, channel=channel, now=timezone.now(), contents=contents)
    return notes_on(found, customer) + as_shown(found, channel)


def unsaved(nudge: Nudge, form: WordsForm) -> NudgeContent:
    """The words of a valid form, as if they were saved."""
    channel = form.cleaned_data["channel"]
    return NudgeContent(
        nudge=nudge,
        workspace=nudge.workspace,
        channel=channel,
        language=form.cleaned_data["language"],
        extras=kept_extras(channel, form.cleaned_data),
        **form.words(),
    )


def notes_on(found: Preview, customer: Customer) -> str:
    if found.aborted:
        return note(
            _("%(who)s would not get it; the words end it: “%(why)s”.")
            % {"who": customer, "why": found.aborted}
        )
    if found.rendered is None:
        return note(found.problem)
    said = ""
    if found.missing:
        names = {"who": customer, "what": ", ".join(found.missing)}
        said += note(_("Not known about %(who)s: %(what)s") % names)
    if (size := len(found.rendered.html.encode())) > HEAVY:
        said += note(
            _("The letter has %(size)s kB. Mail programs cut off what is beyond 102 kB.")
            % {"size": size // 1000}
        )
    return said


def as_shown(found: Preview, channel: str) -> str:
    if found.rendered is None:
        return ""
    if channel in TEXTED:
        return as_sms(found.rendered.text)
    subject = f"<p style='font:600 15px sans-serif;margin:12px'>{escape(found.rendered.subject)}</p>"
    return subject + found.rendered.html


def as_sms(text: str) -> str:
    """A text as it goes out, with what it takes."""
    found = count_segments(text)
    told = ngettext(
        "%(count)s segment, %(units)s places in %(encoding)s.",
        "%(count)s segments, %(units)s places in %(encoding)s.",
        found.count,
    ) % {"count": found.count, "units": found.units, "encoding": found.encoding}
    if found.foreign:
        told += " " + _("Because of these signs a segment holds less than half: %(signs)s") % {
            "signs": " ".join(found.foreign[:20])
        }
    style = (
        "font:15px/1.45 sans-serif;margin:12px;padding:12px;background:#eef2f6;color:#1f2328;border-radius:12px;"
        "white-space:pre-wrap;overflow-wrap:anywhere"
    )
    return f"<p style='{style}'>{escape(text)}</p>{note(told)}"


def note(text: str) -> str:
    style = (
        "font:14px sans-serif;margin:12px;padding:10px 12px;background:#fbf3e0;color:#1f2328;"
        "border-left:3px solid #e2ac45"
    )
    return f"<p style='{style}'>{escape(text)}</p>"


@dashboard_action(Role.MARKETER)
def test(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Send what the editor holds to the one who asks, as a customer would get it; nothing is counted or kept."""
    nudge = find(request, nudge_id)
    back = redirect("nudges:nudge_words", nudge_id=nudge.pk)
    form = WordsForm(request.POST, nudge=nudge)
    customer = asked_customer(request, nudge, request.POST.get("as", ""))
    if not form.is_valid() or customer is None:
        messages.error(request, _("Nothing was sent: first mend what the preview says."))
        return back
    content = unsaved(nudge, form)
    back["Location"] += form.place()
    now = timezone.now()
    found = preview_of(nudge=nudge, customer=customer, channel=content.channel, now=now, contents=[content])
    if found.rendered is None:
        messages.error(request, found.problem or found.aborted)
        return back
    outcome = try_words(
        workspace=request.workspace,
        channel=content.channel,
        to=request.user.email,
        words=found.rendered,
        now=now,
    )
    is_taken, words = in_words(outcome)
    (messages.success if is_taken else messages.error)(request, f"{request.user.email}: {words}")
    return back


def asked_customer(request: DashboardRequest, nudge: Nudge, asked: str) -> Customer | None:
    """Who is asked for; without a question an example."""
    asked = asked.strip().replace("\x00", "")
    if not asked:
        return example_for(request, nudge)
    rows = customers_of(request.workspace)
    if asked.isdecimal() and len(asked) < 18 and (one := rows.filter(pk=int(asked)).first()):
        return one
    return search_customers(rows, asked).order_by("-last_seen_at").first()


def example_for(request: DashboardRequest, nudge: Nudge) -> Customer | None:
    """Somebody whom it could be for: at its stage with its need, else whoever was seen last."""
    rows = customers_of(request.workspace).order_by("-last_seen_at", "-id")
    if nudge.trigger_stage:
        fitting = rows.filter(at_stage(nudge.trigger_need, nudge.trigger_stage)).exclude(name="").first()
        if fitting:
            return fitting
    return rows.exclude(name="").first() or rows.first()
