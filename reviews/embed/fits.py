"""Readers tell that they met the figure of fit, or the place from which it is kept; only with their consent."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from engagement.embed.doors import posting
from engagement.embed.readers import note_reading, reader_of
from engagement.models import Workspace
from reviews.embed.writing import find_product
from reviews.models import FitSheet

ARMS = ("shown", "held_out")


@posting(limit=60)
def fit_seen(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """`product` (SKU), `need`, and `arm`: shown or held_out. Counts while readers are held out; once for each."""
    product = find_product(workspace, request.POST.get("product", ""))
    need, arm = request.POST.get("need", "")[:60], request.POST.get("arm", "")
    sheets = FitSheet.objects.filter(product=product, topic__slug=need, topic__holdout_percent__gt=0)
    if arm not in ARMS or not sheets.exists():
        raise Http404
    now = timezone.now()
    note_reading(
        reader_of(request, workspace, now=now),
        workspace=workspace,
        name="Fit Seen",
        about=f"{product.pk}:{need}:{arm}",
        properties={"product_id": product.sku, "need": need, "arm": arm},
        now=now,
    )
    return HttpResponse(status=204)
