"""What a company sets about its reviews, on one page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page, of_workspace
from engagement.models import Role
from engagement.outbound import refusal_of
from engagement.questions import questions_about
from reviews.holdouts import compare_holdouts
from reviews.models import FitTopic
from reviews.ruling import change_policy, change_topic, policy_of

MOST_WORDS = 500


class PolicyForm(forms.Form):
    """What applies to all reviews, questions and answers."""

    blocked_words = forms.CharField(
        required=False,
        label=gettext_lazy("Words that hold a text back"),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy(
            "One a line. A text with one of them is looked at by itself, never thrown away."
        ),
    )
    incentives = forms.CharField(
        required=False,
        max_length=500,
        label=gettext_lazy("What authors get for writing"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Readers see this sentence. It must be the same whatever is written. Empty: nothing."
        ),
    )
    asks_owners = forms.BooleanField(
        required=False,
        label=gettext_lazy("Put readers' questions to owners who agreed"),
        help_text=gettext_lazy(
            "Each at most once a month, by a nudge that you design for the event “Owner Asked”."
        ),
    )

    screening_url = forms.CharField(
        required=False,
        max_length=500,
        label=gettext_lazy("Your own program that looks at reviews first"),
        widget=forms.TextInput(attrs={"placeholder": "https://", "inputmode": "url"}),
        help_text=gettext_lazy(
            "It is told the words of each review, question and answer that waits, never what is rated, and may "
            "tag or hold it. "
            "A person decides; so too when it doesn't answer. Empty: nobody is asked."
        ),
    )

    def clean_screening_url(self) -> str:
        url = str(self.cleaned_data["screening_url"]).strip()
        if url and (reason := refusal_of(url)):
            raise forms.ValidationError(_("This address cannot be used: %(why)s.") % {"why": reason})
        return url

    def clean_blocked_words(self) -> list[str]:
        lines = [line.strip() for line in str(self.cleaned_data["blocked_words"]).splitlines()]
        words = list(dict.fromkeys(line for line in lines if line))
        if len(words) > MOST_WORDS or any(len(word) > 60 for word in words):
            raise forms.ValidationError(_("At most 500 words, of 60 characters each."))
        return words


class TopicForm(forms.Form):
    """How fit for people like the reader is shown, of one need, which is called `name`."""

    name = ""

    good_option = forms.ChoiceField(
        required=False,
        label=gettext_lazy("The answer that means a good fit"),
        help_text=gettext_lazy("Decides what counts as praise when both sides are shown first."),
    )
    holdout_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label=gettext_lazy("Share of readers kept from the figure"),
        help_text=gettext_lazy(
            "Percent. To learn whether showing it helps: compare what they buy and send back."
        ),
    )

    def __init__(self, *args: Any, topic: FitTopic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topic = topic
        choice = self.fields["good_option"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [
            ("", _("the one with most stars (%(option)s)") % {"option": topic.liked_option or "–"}),
            *((option, option) for option in topic.options),
        ]


@dashboard_page(changes=Role.OWNER)
def rules(request: DashboardRequest) -> HttpResponse:
    """Shows all; POST changes the policy, or with `topic` that topic."""
    topics = FitTopic.objects.filter(workspace=request.workspace).order_by("slug")
    chosen = request.POST.get("topic", "")
    if chosen:
        of_workspace(topics, request, pk=int(chosen) if chosen.isdecimal() and len(chosen) < 19 else 0)
    forms_ = [topic_form(request, topic, chosen) for topic in topics]
    named = questions_about(workspace_id=request.workspace.pk, topics=[topic.slug for topic in topics])
    for one in forms_:
        one.name = named[one.topic.slug].name if one.topic.slug in named else one.topic.slug
    policy = policy_of(request.workspace)
    initial = {
        "blocked_words": "\n".join(policy.blocked_words),
        "incentives": policy.incentives,
        "asks_owners": policy.asks_owners,
        "screening_url": policy.screening_url,
    }
    form = PolicyForm(request.POST if request.method == "POST" and not chosen else None, initial=initial)
    sent = next((one for one in forms_ if str(one.topic.pk) == chosen), form)
    if request.method == "POST" and sent.is_valid():
        save(request, sent)
        messages.success(request, _("Saved."))
        return redirect("reviews:rules")
    return render(
        request, "reviews/dashboard/rules.html", {"form": form, "topics": forms_, **compared(request, topics)}
    )


def compared(request: DashboardRequest, topics: QuerySet[FitTopic]) -> dict[str, Any]:
    """What became of readers with and without the figure, by need; asked only where somebody is or was kept from it."""
    if not any(topic.holdout_percent for topic in topics):
        return {"comparisons": {}}
    return {"comparisons": compare_holdouts(workspace=request.workspace, now=timezone.now())}


def topic_form(request: DashboardRequest, topic: FitTopic, chosen: str) -> TopicForm:
    initial = {"good_option": topic.good_option, "holdout_percent": topic.holdout_percent}
    data = request.POST if str(topic.pk) == chosen else None
    return TopicForm(data, topic=topic, initial=initial, prefix=f"topic-{topic.pk}")


def save(request: DashboardRequest, form: forms.Form) -> None:
    common: dict[str, Any] = {
        "workspace": request.workspace,
        "values": form.cleaned_data,
        "actor": request.user,
        "now": timezone.now(),
    }
    if isinstance(form, TopicForm):
        change_topic(topic_id=form.topic.pk, **common)
    else:
        if secret := change_policy(**common):
            said = _("Check what comes there by this secret, shown only now: %(secret)s")
            messages.info(request, said % {"secret": secret})
