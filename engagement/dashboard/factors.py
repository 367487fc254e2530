"""The second factor of a sign-in: its secrets lie sealed, as all secrets in the database do."""

from __future__ import annotations

import base64
import logging
import secrets

from allauth.mfa.adapter import DefaultMFAAdapter

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
