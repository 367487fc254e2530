"""Evidence in words: why a customer is thought to be at a stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

# What each signal means, for the marketer; %(what)s is the product, query or page it was about.
ABOUT = {
    "products searched": gettext_lazy("Searched for “%(what)s”."),
    "product list viewed": gettext_lazy("Looked through “%(what)s”."),
    "product list filtered": gettext_lazy("Narrowed down “%(what)s”."),
    "promotion viewed": gettext_lazy("Saw the promotion “%(what)s”."),
    "promotion clicked": gettext_lazy("Followed the promotion “%(what)s”."),
    "page viewed": gettext_lazy("Read the page “%(what)s”."),
    "product clicked": gettext_lazy("Clicked on %(what)s."),
    "first product viewed": gettext_lazy("Looked at a first product, %(what)s."),
    "product viewed": gettext_lazy("Looked at %(what)s."),
    "second product within 7 days": gettext_lazy("Looked at another product within a week, %(what)s."),
    "further product within 7 days": gettext_lazy("Went on comparing within a week, %(what)s."),
    "same product on another day": gettext_lazy("Came back to %(what)s on another day."),
    "guide read": gettext_lazy("Read the guide on “%(what)s”."),
    "guide checked": gettext_lazy("Worked through the checklist of the guide on “%(what)s”."),
    "review read": gettext_lazy("Read reviews of %(what)s."),
    "comparison opened": gettext_lazy("Compared products (%(what)s)."),
    "product added to wishlist": gettext_lazy("Put %(what)s on the wishlist."),
    "product removed from wishlist": gettext_lazy("Took %(what)s off the wishlist."),
    "shortlist item added": gettext_lazy("Put %(what)s on the shortlist."),
    "shortlist item removed": gettext_lazy("Took %(what)s off the shortlist."),
    "shortlist item checked": gettext_lazy("Checked a must-have of %(what)s."),
    "shortlist item chosen": gettext_lazy("Chose %(what)s from the shortlist."),
    "product shared": gettext_lazy("Showed %(what)s to someone."),
    "cart shared": gettext_lazy("Showed the cart to someone (%(what)s)."),
    "product added": gettext_lazy("Put %(what)s into the cart."),
    "wishlist product added to cart": gettext_lazy("Put %(what)s from the wishlist into the cart."),
    "product removed": gettext_lazy("Took %(what)s out of the cart."),
    "coupon entered": gettext_lazy("Entered the coupon “%(what)s”."),
    "coupon applied": gettext_lazy("Used the coupon “%(what)s”."),
    "order completed": gettext_lazy("Placed an order (%(what)s)."),
    "order refunded": gettext_lazy("Had the order “%(what)s” refunded."),
    "order cancelled": gettext_lazy("Cancelled the order “%(what)s”."),
    "product reviewed": gettext_lazy("Reviewed %(what)s."),
}
# The same where the event does not say what it was about.
PLAIN = {
    "products searched": gettext_lazy("Searched the shop."),
    "product list viewed": gettext_lazy("Looked through a list of products."),
    "product list filtered": gettext_lazy("Narrowed down a list of products."),
    "guide read": gettext_lazy("Read a guide."),
    "guide checked": gettext_lazy("Worked through a checklist."),
    "review read": gettext_lazy("Read reviews."),
    "comparison opened": gettext_lazy("Compared products."),
    "shortlist shared": gettext_lazy("Asked friends about the shortlist."),
    "shortlist friend answered": gettext_lazy("A friend answered about the shortlist."),
    "cart viewed": gettext_lazy("Looked into the cart."),
    "checkout started": gettext_lazy("Started the checkout."),
    "checkout step completed": gettext_lazy("Went on with the checkout."),
    "payment info entered": gettext_lazy("Entered how to pay."),
    "coupon entered": gettext_lazy("Entered a coupon."),
    "order completed": gettext_lazy("Placed an order."),
}


def sentence_of(entry: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """One piece of evidence in words; `names` are those of products by what the entry is about."""
    signal, subject = entry["signal"], entry["subject"]
    if signal == "silence":
        days = int(subject)
        return ngettext(
            "Nothing was heard for %(days)s day.", "Nothing was heard for %(days)s days.", days
        ) % {"days": days}
    what = (names or {}).get(subject, subject)
    if what and signal in ABOUT:
        return ABOUT[signal] % {"what": what}
    if signal in PLAIN:
        return str(PLAIN[signal])
    name = entry["name"] or signal
    return _("%(event)s (%(what)s).") % {"event": name, "what": what} if what else f"{name}."
