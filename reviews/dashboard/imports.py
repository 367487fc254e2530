"""Reviews from other systems: upload a file, say what is what, check it, import it, look at every line, undo it."""

from __future__ import annotations

from typing import IO, Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.access import DashboardRequest, dashboard_action, dashboard_page, of_workspace
from engagement.models import Role
from reviews.importing import (
    BadMapping,
    WrongState,
    check_import,
    go_on,
    start_import,
    stop_import,
    undo_import,
    upload_reviews,
)
from reviews.importing.files import LARGEST, BadFile
from reviews.importing.formats import LABELS, TARGETS
from reviews.imports import recent_imports, report_lines, sample_lines, told_lines
from reviews.models import LineOutcome, MissingProducts, ReviewImport, ReviewImportLine, Unstated

FIELDS = {
    "external_id": gettext_lazy("Its id there"),
    "sku": gettext_lazy("Product: article number (SKU)"),
    "product_id": gettext_lazy("Product: id"),
    "product_handle": gettext_lazy("Product: handle"),
    "product_url": gettext_lazy("Product: address of its page"),
    "product_name": gettext_lazy("Product: name"),
    "rating": gettext_lazy("Stars"),
    "title": gettext_lazy("Headline"),
    "body": gettext_lazy("Text"),
    "author_name": gettext_lazy("Author's name"),
    "author_email": gettext_lazy("Author's e-mail address"),
    "date": gettext_lazy("Date"),
    "status": gettext_lazy("Whether it was published"),
    "verified": gettext_lazy("Whether its author bought it"),
    "incentive": gettext_lazy("What its author got for it"),
    "language": gettext_lazy("Language"),
    "reply": gettext_lazy("The company's answer"),
    "reply_date": gettext_lazy("Date of your answer"),
    "pictures": gettext_lazy("Addresses of pictures"),
}
DAYS = {
    "": gettext_lazy("As the file's own dates show"),
    "yes": gettext_lazy("The day first: 31/12/2025"),
    "no": gettext_lazy("The month first: 12/31/2025"),
}


@dashboard_page(changes=Role.MARKETER)
def imports(request: DashboardRequest) -> HttpResponse:
    """What was uploaded so far; POST takes a file."""
    if request.method == "POST":
        file = request.FILES.get("file")
        if file is None:
            messages.error(request, _("Choose a CSV file."))
            return redirect("reviews:review_imports")
        try:
            batch = upload_reviews(
                workspace=request.workspace,
                file=cast(IO[bytes], file.file),
                file_name=file.name or "reviews.csv",
                user=request.user,
                now=timezone.now(),
            )
        except BadFile as refused:
            messages.error(request, str(refused))
            return redirect("reviews:review_imports")
        return redirect("reviews:review_import", import_id=batch.pk)
    context = {
        "imports": recent_imports(request.workspace),
        "formats": [label for name, label in LABELS.items() if name not in ("other", "touchstone")],
        "largest": LARGEST // 1024 // 1024,
    }
    return render(request, "reviews/dashboard/imports.html", context)


@dashboard_page(changes=Role.MARKETER)
def one_import(request: DashboardRequest, import_id: int) -> HttpResponse:
    """How the file is read and how far it is; POST says how to read it, and has it checked."""
    batch = find(request, import_id)
    problems: dict[str, str] = {}
    if request.method == "POST":
        try:
            check_import(batch=batch, now=timezone.now(), **told(request))
        except BadMapping as wrong:
            problems = wrong.problems
        except WrongState as refused:
            messages.error(request, str(refused))
            return redirect("reviews:review_import", import_id=batch.pk)
        else:
            return redirect("reviews:review_import", import_id=batch.pk)
    is_fragment = request.htmx and not request.htmx.boosted
    template = "_import.html" if is_fragment else "import.html"
    return render(
        request,
        f"reviews/dashboard/{template}",
        describe(batch, told(request)["mapping"] if problems else batch.mapping) | {"problems": problems},
        status=422 if problems else 200,
    )


@dashboard_action(Role.MARKETER)
def change_import(request: DashboardRequest, import_id: int) -> HttpResponse:
    """Import, stop, go on, undo."""
    batch, now = find(request, import_id), timezone.now()
    try:
        match request.POST.get("change"):
            case "import":
                start_import(batch=batch, actor=request.user, now=now)
            case "stop":
                stop_import(batch=batch, now=now)
            case "go_on":
                go_on(batch=batch, now=now)
            case "undo":
                undo_import(batch=batch, actor=request.user, now=now)
            case _:
                raise Http404
    except WrongState as refused:
        messages.error(request, str(refused))
    return redirect("reviews:review_import", import_id=batch.pk)


@dashboard_page(Role.MARKETER)
def import_report(request: DashboardRequest, import_id: int) -> HttpResponse:
    """Every line with what became of it, as CSV."""
    batch = find(request, import_id)
    response = StreamingHttpResponse(report_lines(batch), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="import-{batch.pk}.csv"'
    return cast(HttpResponse, response)


def find(request: DashboardRequest, import_id: int) -> ReviewImport:
    return of_workspace(ReviewImport.objects.select_related("uploaded_by"), request, pk=import_id)


def told(request: DashboardRequest) -> dict[str, Any]:
    """What the form says of how the file is to be read."""
    return {
        "mapping": {target: request.POST.get(f"column.{target}", "") for target in TARGETS},
        "missing_products": request.POST.get("missing_products", ""),
        "unstated": request.POST.get("unstated", ""),
        "may_share": request.POST.get("may_share") == "on",
        "day_first": {"yes": True, "no": False}.get(request.POST.get("day_first", "")),
    }


def describe(batch: ReviewImport, mapping: dict[str, str]) -> dict[str, Any]:
    samples = sample_lines(batch)
    return {
        "batch": batch,
        "label": LABELS.get(batch.source, batch.source),
        "fields": [
            (target, label, mapping.get(target, ""), examples(batch, samples, mapping.get(target, "")))
            for target, label in FIELDS.items()
        ],
        "unused": [column for column in batch.columns if column not in mapping.values()],
        "may_check": batch.state in ("uploaded", "checked", "undone"),
        "counts": [
            (name, LineOutcome(name).label, count) for name, count in sorted(batch.counts.items()) if name
        ],
        "told": told_lines(batch) if batch.counts else [],
        "missing": MissingProducts.choices,
        "unstated": Unstated.choices,
        "days": DAYS.items(),
        "chosen_days": {True: "yes", False: "no", None: ""}[batch.day_first],
    }


def examples(batch: ReviewImport, samples: list[ReviewImportLine], column: str) -> str:
    """What stands in a column, from the first lines."""
    if column not in batch.columns:
        return ""
    place = batch.columns.index(column)
    found = [line.cells[place] for line in samples if place < len(line.cells) and line.cells[place]]
    return " · ".join(cell[:40] for cell in found)
