"""How a review came to us, in words that its readers see: invited, written by itself, or brought from elsewhere."""

from __future__ import annotations

from django.utils.translation import gettext as _

from reviews.importing.formats import LABELS, OTHER
from reviews.models import Review


def how_collected(review: Review) -> str:
    """A sentence; what another system says of a purchase is told as its word, never as ours."""
    match review.collected_by:
        case "import":
            return _from_elsewhere(review)
        case "link":
            return _("Written on our invitation")
        case "api":
            return _("Taken down by the shop")
        case _:
            return _("Written unasked")


def _from_elsewhere(review: Review) -> str:
    label = LABELS.get(review.imported_from, "") if review.imported_from != OTHER else ""
    if not label:
        return _("Brought from an earlier system")
    if review.is_verified_there:
        return _("First on %(system)s, which says it was bought") % {"system": label}
    return _("First on %(system)s") % {"system": label}
