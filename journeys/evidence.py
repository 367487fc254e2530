"""How strongly events speak for stages: the default table, and the change of it."""

from __future__ import annotations

from engagement.models import Workspace
from journeys.models import EvidenceWeight

# (signal, stage, weight). Weights are log-likelihoods of the research notes on stage inference; a weight for awareness,
# shortlist or purchase counts for the later ones of these three as well. What has no row says nothing.
DEFAULT_EVIDENCE: tuple[tuple[str, str, float], ...] = (
    ("products searched", "awareness", 1.0),
    ("product list viewed", "awareness", 1.0),
    ("promotion viewed", "awareness", 0.2),
    ("promotion clicked", "awareness", 0.5),
    ("page viewed", "awareness", 0.5),
    ("product clicked", "awareness", 1.0),
    ("first product viewed", "awareness", 1.0),
    ("guide read", "awareness", 1.5),
    ("guide checked", "shortlist", 1.5),
    ("product list filtered", "shortlist", 1.0),
    ("second product within 7 days", "shortlist", 1.5),
    ("further product within 7 days", "shortlist", 1.0),
    ("same product on another day", "shortlist", 2.0),
    ("review read", "shortlist", 1.5),
    ("comparison opened", "shortlist", 3.0),
    ("product added to wishlist", "shortlist", 3.0),
    ("product removed from wishlist", "shortlist", -2.0),
    ("product shared", "shortlist", 2.0),
    ("cart shared", "shortlist", 2.0),
    ("product added", "shortlist", 3.0),
    ("wishlist product added to cart", "shortlist", 3.0),
    ("product removed", "shortlist", -2.0),
    ("shortlist item added", "shortlist", 3.0),
    ("shortlist item removed", "shortlist", -2.0),
    ("shortlist item checked", "shortlist", 1.5),
    ("shortlist shared", "shortlist", 2.0),
    ("shortlist friend answered", "shortlist", 0.5),
    ("shortlist item chosen", "purchase", 3.0),
    ("cart viewed", "purchase", 1.0),
    ("coupon entered", "purchase", 2.0),
    ("coupon applied", "purchase", 1.0),
    ("checkout started", "purchase", 4.0),
    ("checkout step completed", "purchase", 1.0),
    ("payment info entered", "purchase", 5.0),
    ("product reviewed", "post_purchase", 3.0),
)


def install_default_evidence(workspace: Workspace) -> int:
    """Give a workspace the default weights, except for signals that it has weights for already; how many were added."""
    known = set(
        EvidenceWeight.objects.filter(workspace=workspace, need=None).values_list("signal", flat=True)
    )
    rows = [
        EvidenceWeight(workspace=workspace, signal=signal, stage=stage, weight=weight)
        for signal, stage, weight in DEFAULT_EVIDENCE
        if signal not in known
    ]
    return len(EvidenceWeight.objects.bulk_create(rows, ignore_conflicts=True))
