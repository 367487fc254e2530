import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

BIGINTS = django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)
MOMENTS = django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), default=list, size=None)
FLOATS = django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), default=list, size=None)


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0007_idempotency_kept_whole"),
        ("nudges", "0006_whole_windows_and_pressure"),
    ]
    operations = [
        migrations.AddField(
            "cap",
            "floor",
            models.PositiveSmallIntegerField(
                blank=True,
                help_text="The adaptive cap goes no lower; empty: this one does not adapt.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            "cap",
            models.CheckConstraint(
                condition=models.Q(("floor", None), ("floor__lte", models.F("limit")), _connector="OR"),
                name="cap_floor_below_its_limit",
            ),
        ),
        migrations.AddField(
            "policy",
            "is_adaptive",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="Caps with a floor follow how each customer responds; see docs/adaptive-cap.md.",
            ),
        ),
        migrations.AddField(
            "policy",
            "look_ahead_seconds",
            models.PositiveIntegerField(
                db_default=86400,
                default=86400,
                help_text="What is scheduled within this time keeps its slot from lower ones. 0: off.",
            ),
        ),
        migrations.CreateModel(
            "Reception",
            [
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="engagement.customer",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="engagement.workspace",
                    ),
                ),
                ("message_ids", BIGINTS),
                ("signs_at", MOMENTS),
                ("worths", FLOATS),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            signs_at__len=models.F("message_ids__len"),
                            worths__len=models.F("message_ids__len"),
                        ),
                        name="reception_arrays_in_step",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            "NudgeWorth",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stage", models.CharField(blank=True, max_length=16)),
                ("value", models.FloatField()),
                ("messages", models.PositiveIntegerField(help_text="Of the last 90 days, behind it.")),
                (
                    "nudge",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="worths",
                        to="nudges.nudge",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="engagement.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("nudge", "stage"), name="worth_once")],
            },
        ),
    ]
