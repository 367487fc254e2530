"""Tables of imports: a file, its lines with what became of each, and where an imported review is from."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.models import Workspace


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    RUNNING = "running", _("Being imported")
    STOPPED = "stopped", _("Stopped")
    DONE = "done", _("Imported")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


class LineOutcome(models.TextChoices):
    """What became of a line; empty while it has not been looked at."""

    READY = "ready", _("Can be imported")
    IMPORTED = "imported", _("Imported")
    KNOWN = "known", _("Imported before")
    EARLIER = "earlier", _("Kept with a newer review of the same person")
    REFUSED = "refused", _("Not imported")
    UNDONE = "undone", _("Taken out again")


class MissingProducts(models.TextChoices):
    REFUSE = "refuse", _("Don't import the line")
    STUB = "stub", _("Make a product without a page, to be completed later")


class Unstated(models.TextChoices):
    """What to do with a review of which the file doesn't say whether it was published."""

    PUBLISH = "publish", _("Publish it")
    QUEUE = "queue", _("Let a moderator decide")


class ReviewImport(models.Model):
    """One uploaded file and how it is to be read. Work on it is one step at a time, resumed after its last chunk."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="review_imports")
    file_name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    source = models.CharField(max_length=20, help_text="A format of `reviews.importing.formats`.")
    columns = ArrayField(models.TextField())
    mapping = models.JSONField(default=dict, help_text="{what we keep: the column it stands in}")
    day_first = models.BooleanField(null=True, help_text="For dates such as 03/04/2024; empty: not known.")
    missing_products = models.CharField(
        max_length=8, choices=MissingProducts.choices, default=MissingProducts.REFUSE
    )
    unstated = models.CharField(max_length=8, choices=Unstated.choices, default=Unstated.PUBLISH)
    may_share = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Authors agreed, where they wrote, that their reviews are given to Google and Meta.",
    )
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.UPLOADED)
    line_count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(
        default=0, help_text="Lines that the present state is done with."
    )
    counts = models.JSONField(default=dict, help_text="{outcome: lines}, as far as done.")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="review_import_state_known"
            ),
            models.UniqueConstraint(fields=["workspace", "id"], name="review_import_in_workspace"),
        ]
        indexes = [
            models.Index(
                fields=["changed_at"],
                condition=Q(state__in=["checking", "running", "undoing"]),
                name="review_imports_at_work",
            ),
            models.Index(fields=["workspace", "-uploaded_at"], name="review_imports_recent"),
        ]

    @property
    def is_at_work(self) -> bool:
        return self.state in (ImportState.CHECKING, ImportState.RUNNING, ImportState.UNDOING)

    @property
    def percent(self) -> int:
        return 100 * self.done_count // self.line_count if self.line_count else 0


class ReviewImportLine(models.Model):
    """One line of the file as it was, and what became of it. Forgotten some time after the import."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    batch = models.ForeignKey(ReviewImport, on_delete=models.CASCADE, related_name="lines", db_index=False)
    number = models.PositiveIntegerField(help_text="Where it begins in the file, from 1.")
    cells = models.JSONField(help_text="In the order of the import's columns; more of them when it had more.")
    parsed = models.JSONField(null=True, help_text="As `reviews.importing.lines.Parsed`.")
    external_id = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(null=True, help_text="When it was written.")
    outcome = models.CharField(max_length=8, choices=LineOutcome.choices, blank=True)
    message = models.TextField(blank=True)
    review_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="import_line_once"),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(outcome__in=LineOutcome.values), name="import_line_outcome_known"
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "number"], condition=Q(outcome=""), name="import_lines_to_check"),
            # Newest first, so that of two reviews by one person the newer is met first.
            models.Index(
                fields=["batch", "-at", "number"],
                condition=Q(outcome="ready"),
                name="import_lines_ready",
            ),
            models.Index(fields=["batch", "external_id"], name="import_lines_by_id"),
            models.Index(
                fields=["review_id"], condition=Q(review_id__isnull=False), name="import_lines_by_review"
            ),
        ]


class ReviewOrigin(models.Model):
    """Where an imported review is from, with every column of its line, also those that we have no use for."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    review = models.ForeignKey("reviews.Review", on_delete=models.CASCADE, related_name="origins")
    batch = models.ForeignKey(ReviewImport, on_delete=models.SET_NULL, null=True, related_name="origins")
    source = models.CharField(max_length=20)
    external_id = models.CharField(
        max_length=200, help_text="Its id there; without one, a digest of the line."
    )
    columns = models.JSONField(help_text="{column: value} as in the file")
    is_shown = models.BooleanField(
        help_text="False: an older text of the same person about the same product."
    )
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "source", "external_id"], name="review_origin_once")
        ]
