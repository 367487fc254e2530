"""The second factor of a sign-in: its secrets lie sealed, as all secrets in the database do."""

from __future__ import annotations

import base64
import logging
import secrets
from datetime import datetime

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction

from engagement.auditing import record
from engagement.models import Member
from engagement.sealing import CannotOpen, seal, unseal

logger = logging.getLogger(__name__)


class FactorAdapter(DefaultMFAAdapter):
    """allauth's behaviour, but that what codes are made from is sealed by the installation's key."""

    def encrypt(self, text: str) -> str:
        return seal({"secret": text})

    def decrypt(self, encrypted_text: str) -> str:
        """What was sealed; once its key is lost, something of chance, so that no code fits."""
        try:
            return unseal(encrypted_text)["secret"]
        except CannotOpen:
            logger.warning(
                "The secret of a second factor cannot be opened: SECRET_KEY was changed without SECRET_KEY_FALLBACKS"
            )
            return base64.b32encode(secrets.token_bytes(20)).decode()


@transaction.atomic
def forget_factors(*, user: User, now: datetime) -> int:
    """Let a member who lost app and recovery codes sign in by password again; the trails of their workspaces say so.

    Returns how many there were: the app, and the recovery codes.
    """
    _total, deleted = Authenticator.objects.filter(user=user).delete()
    if deleted:
        for member in Member.objects.filter(user=user).select_related("workspace"):
            record(workspace=member.workspace, actor=None, action="remove_factor", target=member, now=now)
    return deleted.get("mfa.Authenticator", 0)
