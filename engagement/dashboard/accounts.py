"""How people get an account (by invitation, or as the first of a new installation) and the language they choose."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_page
from engagement.joining import choose_language, find_invitation, language_of
from engagement.models import Invitation, Role, Workspace

INVITATION_KEY = "invitation"
YEAR = 365 * 24 * 3600


class AccountAdapter(DefaultAccountAdapter):
    """allauth's behaviour, but that signing up needs an invitation, and that people are spoken to in their language."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return invited(request) is not None or not Workspace.objects.exists()

    def clean_email(self, email: str) -> str:
        """An invitation is for one address: nobody signs up with another on its strength."""
        cleaned: str = super().clean_email(email)
        invitation = invited(self.request)
        if invitation is not None and is_signup(self.request) and cleaned.lower() != invitation.email.lower():
            raise ValidationError(
                _("You were invited as %(email)s: use that address.") % {"email": invitation.email}
            )
        return cleaned

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        token = request.session.get(INVITATION_KEY)
        return f"/join/{token}" if token else "/"

    def post_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse:
        """Let this browser know the language: pages before the next sign-in and those of the account go by it."""
        response: HttpResponse = super().post_login(request, user, **given)
        if language := language_of(user.email):
            remember_language(response, language)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        with translation.override(language_of(email) or translation.get_language()):
            super().send_mail(template_prefix, email, context)


class LanguageForm(forms.Form):
    """A member's own choice."""

    language = forms.ChoiceField(
        choices=[("", gettext_lazy("As the browser asks for")), *settings.LANGUAGES],
        required=False,
        widget=forms.RadioSelect,
        label=gettext_lazy("Language of the dashboard and of mails to you"),
    )


@dashboard_page(changes=Role.ANALYST)
def language(request: DashboardRequest) -> HttpResponse:
    """Choose the language in which one reads and is written to."""
    form = LanguageForm(request.POST or None, initial={"language": request.member.language})
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["language"]
        choose_language(user=request.user, language=chosen)
        with translation.override(chosen or translation.get_language()):
            messages.success(request, _("Saved."))
        response = redirect("engagement:language")
        remember_language(response, chosen)
        return response
    return render(request, "engagement/dashboard/language.html", {"form": form})


def remember_language(response: HttpResponse, language: str) -> None:
    """Set the cookie by which Django chooses a language; without one, the browser's wish counts."""
    if not language:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )


def invited(request: HttpRequest) -> Invitation | None:
    """The open invitation whose link this browser came by."""
    token = request.session.get(INVITATION_KEY)
    return find_invitation(token) if token else None


def is_signup(request: HttpRequest) -> bool:
    return bool(request.resolver_match and request.resolver_match.url_name == "account_signup")
