"""Imports: files, their lines, and where an imported review is from."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

# Neither a line nor an origin can belong to a file of another workspace.
ONE_WORKSPACE = """
ALTER TABLE reviews_reviewimportline ADD CONSTRAINT import_line_in_workspace
    FOREIGN KEY (workspace_id, batch_id) REFERENCES reviews_reviewimport (workspace_id, id) ON DELETE CASCADE
    DEFERRABLE INITIALLY DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("reviews", "0004_fits")]
    replaces = [("reviews", "0009_imports")]
    operations = [
        migrations.CreateModel(
            "ReviewImport",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="review_imports", to="engagement.workspace"
                )),
                ("file_name", models.CharField(max_length=200)),
                ("digest", models.CharField(help_text="SHA-256 of the file.", max_length=64)),
                ("source", models.CharField(
                    help_text="A format of `reviews.importing.formats`.", max_length=20
                )),
                ("columns", ArrayField(base_field=models.TextField(), size=None)),
                ("mapping", models.JSONField(
                    default=dict, help_text="{what we keep: the column it stands in}"
                )),
                ("day_first", models.BooleanField(
                    help_text="For dates such as 03/04/2024; empty: not known.", null=True
                )),
                ("missing_products", models.CharField(
                    choices=[
                        ("refuse", "Don't import the line"),
                        ("stub", "Make a product without a page, to be completed later")
                    ],
                    default="refuse", max_length=8
                )),
                ("unstated", models.CharField(
                    choices=[("publish", "Publish it"), ("queue", "Let a moderator decide")],
                    default="publish", max_length=8
                )),
                ("may_share", models.BooleanField(
                    db_default=False, default=False,
                    help_text="Authors agreed, where they wrote, that their reviews are given to Google and Meta."
                )),
                ("state", models.CharField(
                    choices=[
                        ("uploaded", "Uploaded"), ("checking", "Being checked"), ("checked", "Checked"),
                        ("running", "Being imported"), ("stopped", "Stopped"), ("done", "Imported"),
                        ("undoing", "Being undone"), ("undone", "Undone")
                    ],
                    default="uploaded", max_length=8
                )),
                ("line_count", models.PositiveIntegerField(default=0)),
                ("done_count", models.PositiveIntegerField(
                    default=0, help_text="Lines that the present state is done with."
                )),
                ("counts", models.JSONField(default=dict, help_text="{outcome: lines}, as far as done.")),
                ("uploaded_by", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                )),
                ("uploaded_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["changed_at"],
                        condition=models.Q(state__in=["checking", "running", "undoing"]),
                        name="review_imports_at_work"
                    ),
                    models.Index(fields=["workspace", "-uploaded_at"], name="review_imports_recent"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(state__in=[
                            "uploaded", "checking", "checked", "running", "stopped", "done", "undoing",
                            "undone"
                        ]),
                        name="review_import_state_known"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            "reviewimport",
            models.UniqueConstraint(fields=("workspace", "id"), name="review_import_in_workspace")
        ),
        migrations.CreateModel(
            "ReviewImportLine",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("batch", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="lines", to="reviews.reviewimport"
                )),
                ("number", models.PositiveIntegerField(help_text="Where it begins in the file, from 1.")),
                ("cells", models.JSONField(
                    help_text="In the order of the import's columns; more of them when it had more."
                )),
                ("parsed", models.JSONField(help_text="As `reviews.importing.lines.Parsed`.", null=True)),
                ("external_id", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField(help_text="When it was written.", null=True)),
                ("outcome", models.CharField(
                    blank=True,
                    choices=[
                        ("ready", "Can be imported"), ("imported", "Imported"), ("known", "Imported before"),
                        ("earlier", "Kept with a newer review of the same person"),
                        ("refused", "Not imported"), ("undone", "Taken out again")
                    ],
                    max_length=8
                )),
                ("message", models.TextField(blank=True)),
                ("review_id", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["batch", "number"], condition=models.Q(outcome=""),
                        name="import_lines_to_check"
                    ),
                    models.Index(
                        fields=["batch", "-at", "number"], condition=models.Q(outcome="ready"),
                        name="import_lines_ready"
                    ),
                    models.Index(fields=["batch", "external_id"], name="import_lines_by_id"),
                    models.Index(
                        fields=["review_id"], condition=models.Q(review_id__isnull=False),
                        name="import_lines_by_review"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "number"), name="import_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(outcome="")
                        | models.Q(outcome__in=["ready", "imported", "known", "earlier", "refused", "undone"]),
                        name="import_line_outcome_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "ReviewOrigin",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("review", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="origins", to="reviews.review"
                )),
                ("batch", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, related_name="origins", to="reviews.reviewimport"
                )),
                ("source", models.CharField(max_length=20)),
                ("external_id", models.CharField(
                    help_text="Its id there; without one, a digest of the line.", max_length=200
                )),
                ("columns", models.JSONField(help_text="{column: value} as in the file")),
                ("is_shown", models.BooleanField(
                    help_text="False: an older text of the same person about the same product."
                )),
                ("imported_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "source", "external_id"), name="review_origin_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            ONE_WORKSPACE,
            "ALTER TABLE reviews_reviewimportline DROP CONSTRAINT import_line_in_workspace",
        ),
    ]
