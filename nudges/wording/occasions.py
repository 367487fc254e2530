"""Why a customer gets a message, in one sentence to the customer."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from journeys.models import Stage
from nudges.models import Promise


class Occasion(NamedTuple):
    """The event that started a message, which products it is about, and its day; as they stand in a sentence."""

    event: str
    products: str
    day: str


def why(
    *,
    promise: str,
    need: str = "",
    stage: str = "",
    category: str,
    shop: str,
    occasion: Occasion | None = None,
) -> str:
    """The reason that stands under every message; `need` and `category` are names as the customer may read them."""
    if occasion and (sentence := _happened(occasion.event)):
        return sentence % {"products": occasion.products, "day": occasion.day}
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


def _happened(event: str) -> str:
    """What the customer did or had, in their words; empty for events of which we have none."""
    match event:
        case "Order Delivered":
            return _("You get this message because %(products)s was delivered to you on %(day)s.")
        case "Order Completed":
            return _("You get this message because you ordered %(products)s on %(day)s.")
        case "Review Submitted" | "Review Published":
            return _("You get this message because you reviewed %(products)s on %(day)s.")
        case "Owner Asked":
            return _("You get this message because you agreed to be asked about %(products)s.")
        case "Product Added":
            return _("You get this message because you put %(products)s into your cart on %(day)s.")
        case "Product Viewed":
            return _("You get this message because you looked at %(products)s on %(day)s.")
        case _:
            return ""


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
