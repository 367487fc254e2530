"""How people get an account: by invitation, or as the first of a new installation, who opens a workspace."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from engagement.joining import find_invitation
from engagement.models import Invitation, Workspace

INVITATION_KEY = "invitation"


class AccountAdapter(DefaultAccountAdapter):
    """allauth's behaviour, but that signing up needs an invitation once the installation has a workspace."""

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


def invited(request: HttpRequest) -> Invitation | None:
    """The open invitation whose link this browser came by."""
    token = request.session.get(INVITATION_KEY)
    return find_invitation(token) if token else None


def is_signup(request: HttpRequest) -> bool:
    return bool(request.resolver_match and request.resolver_match.url_name == "account_signup")
