"""How people get an account: by invitation, or by opening a workspace."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """allauth's own behaviour until a rule of ours differs."""
