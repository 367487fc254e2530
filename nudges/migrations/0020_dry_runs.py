"""Dry runs over a whole audience, counted in the background and kept."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATES = [("running", "Running"), ("done", "Done"), ("cancelled", "Cancelled"), ("failed", "Failed")]


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("nudges", "0019_contents"),
    ]
    operations = [
        migrations.CreateModel(
            name="DryRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("nudge_version", models.PositiveIntegerField()),
                ("state", models.CharField(choices=STATES, default="running", max_length=9)),
                (
                    "at",
                    models.DateTimeField(help_text="The moment that is tried: everybody is asked as of it."),
                ),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("audience", models.PositiveIntegerField(help_text="Counted when it was started.")),
                ("looked_at", models.PositiveIntegerField(default=0)),
                ("last_customer_id", models.BigIntegerField(default=0)),
                (
                    "counts",
                    models.JSONField(default=dict, help_text='{"<outcome>": {"<reason>": customers}}'),
                ),
                ("error", models.CharField(blank=True, max_length=500)),
                (
                    "nudge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dry_runs",
                        to="nudges.nudge",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="engagement.workspace"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["nudge", "-id"], name="dry_runs_of_nudge")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", [value for value, _label in STATES])),
                        name="dry_run_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("nudge",),
                        name="one_dry_run_of_a_nudge_at_a_time",
                    ),
                ],
            },
        ),
    ]
