"""Settings: who works here, as what, and who was asked to join."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.joining import (
    Refused,
    change_role,
    invitation_token,
    invite_member,
    language_of,
    remove_member,
    revoke_invitation,
)
from engagement.models import Invitation, Member, Role


class InvitationForm(forms.Form):
    """Whom to ask in, and as what."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    role = forms.ChoiceField(
        choices=Role.choices,
        initial=Role.MARKETER,
        label=gettext_lazy("Role"),
        help_text=gettext_lazy(
            "Analysts read. Moderators also publish and reject reviews. Marketers also edit. Owners also hold keys, "
            "members and limits."
        ),
    )


@dashboard_page(changes=Role.OWNER)
def members(request: DashboardRequest) -> HttpResponse:
    """Members and open invitations; owners invite."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and invite(request, form):
        return redirect("engagement:settings_members")
    context = {
        "form": form,
        "members": Member.objects.filter(workspace=request.workspace)
        .select_related("user")
        .order_by("joined_at", "id"),
        "invitations": Invitation.objects.filter(
            workspace=request.workspace, accepted_at=None, revoked_at=None
        ).order_by("-created_at"),
        "roles": Role.choices,
    }
    return render(request, "engagement/dashboard/settings/members.html", context)


def invite(request: DashboardRequest, form: InvitationForm) -> bool:
    """Write the invitation and mail its link; False leaves the reason on the form."""
    try:
        invitation = invite_member(
            workspace=request.workspace,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            invited_by=request.user,
            now=timezone.now(),
        )
    except Refused as refused:
        form.add_error("email", str(refused))
        return False
    try:
        mail_invitation(invitation)
    except OSError:
        messages.error(
            request,
            _(
                "The invitation stands, but the mail to %(email)s could not be sent. Withdraw it and try again later."
            )
            % {"email": invitation.email},
        )
    else:
        messages.success(request, _("%(email)s was invited.") % {"email": invitation.email})
    return True


def mail_invitation(invitation: Invitation) -> None:
    """In the language that the person chose here before, else in that of who invites."""
    link = settings.BASE_URL + reverse("engagement:join", kwargs={"token": invitation_token(invitation)})
    with translation.override(language_of(invitation.email) or translation.get_language()):
        text = render_to_string(
            "engagement/dashboard/settings/invitation.txt", {"invitation": invitation, "link": link}
        )
        subject = _("Join %(name)s on Touchstone") % {"name": invitation.workspace.name}
    send_mail(" ".join(subject.split()), text, None, [invitation.email])


@dashboard_action(Role.OWNER)
def role(request: DashboardRequest, member_id: int) -> HttpResponse:
    """Give a member another role."""
    member = of_workspace(Member.objects.select_related("user"), request, pk=member_id)
    wanted = request.POST.get("role", "")
    if wanted not in Role.values:
        messages.error(request, _("There is no such role."))
        return redirect("engagement:settings_members")
    try:
        change_role(member=member, role=wanted, actor=request.user, now=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, _("%(who)s is now: %(role)s.") % {"who": member.user.email, "role": Role(wanted).label}
        )
    return redirect("engagement:settings_members")


@dashboard_action(Role.OWNER)
def remove(request: DashboardRequest, member_id: int) -> HttpResponse:
    """Take a person out of the workspace."""
    member = of_workspace(Member.objects.select_related("user"), request, pk=member_id)
    try:
        remove_member(member=member, actor=request.user, now=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request, _("%(who)s can no longer open this workspace.") % {"who": member.user.email}
        )
    return redirect("engagement:settings_members")


@dashboard_action(Role.OWNER)
def revoke(request: DashboardRequest, invitation_id: int) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = of_workspace(Invitation.objects.all(), request, pk=invitation_id)
    revoke_invitation(invitation=invitation, actor=request.user, now=timezone.now())
    messages.success(
        request, _("The link in the mail to %(email)s no longer works.") % {"email": invitation.email}
    )
    return redirect("engagement:settings_members")
