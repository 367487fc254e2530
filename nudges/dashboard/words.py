"""A nudge's words, and how they look to a customer who is really there."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.customers import customers_of, search_customers
from engagement.dashboard.framing import only_framed
from engagement.models import Channel, Customer, Role
from nudges.channels.extras import kept_extras
from nudges.channels.segments import count_segments
from nudges.composing import CannotChange, delete_content, save_content
from nudges.dashboard.forms import WordsForm
from nudges.dashboard.nudges import find
from nudges.models import Nudge, NudgeContent
from nudges.overviews import at_stage
from nudges.wording import preview as preview_of
from nudges.wording.texts import TEXTED


@dashboard_page(role=Role.MARKETER, changes=Role.MARKETER)
def words(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """Write the words for one channel and language (`?channel=email&language=de`); the preview stands beside."""
    nudge = find(request, nudge_id)
    channel, language = chosen(request, nudge)
    content = NudgeContent.objects.filter(nudge=nudge, channel=channel, language=language).first()
    initial = {"channel": channel, "language": language}
    if content:
        initial |= {name: getattr(content, name) for name in ("subject", "body", "link_url", "link_label")}
        initial |= content.extras
    form = WordsForm(request.POST or None, nudge=nudge, initial=initial)
    if request.method == "POST" and form.is_valid() and save(request, nudge, form):
        url = f"?channel={form.cleaned_data['channel']}&language={form.cleaned_data['language']}"
        return redirect(request.path + url)
    context = {
        "nudge": nudge,
        "form": form,
        "content": content,
        "contents": nudge.contents.order_by("channel", "language"),
        "channel": channel,
        "language": language,
        "example": example_for(request, nudge),
    }
    return render(request, "nudges/dashboard/words.html", context)


def chosen(request: DashboardRequest, nudge: Nudge) -> tuple[str, str]:
    """Channel and language asked for, else those of the first words, else the nudge's first channel."""
    first = nudge.contents.order_by("id").first()
    channel = request.GET.get("channel") or (first.channel if first else nudge.channels[0])
    language = request.GET.get("language") or (first.language if first else request.workspace.locale)
    return (channel if channel in Channel.values else nudge.channels[0]), language[:16].replace("\x00", "")


def save(request: DashboardRequest, nudge: Nudge, form: WordsForm) -> bool:
    try:
        save_content(
            nudge=nudge,
            channel=form.cleaned_data["channel"],
            language=form.cleaned_data["language"],
            values=form.cleaned_data,
            extras=kept_extras(form.cleaned_data["channel"], form.cleaned_data),
            actor=request.user,
            now=timezone.now(),
        )
    except CannotChange as refused:
        form.add_error(None, refused.text)
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


@dashboard_page()
def preview(request: DashboardRequest, nudge_id: int) -> HttpResponse:
    """The saved words as one customer would get them now (`?as=` id, name or address). Sends and stores nothing."""
    nudge = find(request, nudge_id)
    channel = request.GET.get("channel", nudge.channels[0])
    if channel not in Channel.values:
        raise Http404
    return only_framed(
        HttpResponse(shown(nudge, asked_customer(request, nudge), channel)),
        style_src=["'unsafe-inline'"],
        img_src=["'self'", "data:", "https:", "http:"],
        sandbox=[""],
    )


def shown(nudge: Nudge, customer: Customer | None, channel: str) -> str:
    """The page in the frame: subject and letter, with what is not known about this customer."""
    if customer is None:
        return note(_("Nobody fits. Write a name, an address or an id of one of your customers."))
    found = preview_of(nudge=nudge, customer=customer, channel=channel, now=timezone.now())
    if found.rendered is None:
        return note(found.problem)
    warning = note(
        _("Not known about %(who)s: %(what)s") % {"who": customer, "what": ", ".join(found.missing)}
    )
    if channel in TEXTED:
        return (warning if found.missing else "") + as_sms(found.rendered.text)
    subject = f"<p style='font:600 15px sans-serif;margin:12px'>{escape(found.rendered.subject)}</p>"
    return (warning if found.missing else "") + subject + found.rendered.html


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
        "font:14px sans-serif;margin:12px;padding:10px 12px;background:#fbf3e0;border-left:3px solid #e2ac45"
    )
    return f"<p style='{style}'>{escape(text)}</p>"


def asked_customer(request: DashboardRequest, nudge: Nudge) -> Customer | None:
    asked = request.GET.get("as", "").strip()
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
