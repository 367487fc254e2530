"""Why a customer gets a message, in one sentence to the customer."""

from __future__ import annotations

from django.utils.translation import gettext as _

from journeys.models import Stage
from nudges.models import Promise


def why(*, promise: str, need: str = "", stage: str = "", category: str, shop: str) -> str:
    """The reason that stands under every message; `need` and `category` are names as the customer may read them."""
    if promise == Promise.SERVICE:
        return _("You get this message because it concerns something you asked %(shop)s for.") % {
            "shop": shop
        }
    if need:
        return _because(stage) % {"need": need}
    return _("You get this message because %(shop)s sends you “%(category)s”.") % {
        "category": category,
        "shop": shop,
    }


def _because(stage: str) -> str:
    match stage:
        case Stage.AWARENESS:
            return _("You get this message because you began to look into “%(need)s”.")
        case Stage.SHORTLIST:
            return _("You get this message because you started comparing for “%(need)s”.")
        case Stage.PURCHASE:
            return _("You get this message because you are about to decide on “%(need)s”.")
        case Stage.POST_PURCHASE:
            return _("You get this message because you chose something for “%(need)s”.")
        case _:
            return _("You get this message because you showed interest in “%(need)s”.")
