"""At what pace a workspace lets messages out."""

import django.db.models.deletion
from django.db import migrations, models

PUSHES = ["", "email", "web_push", "mobile_push", "sms", "whatsapp", "webhook", "staff_task"]


class Migration(migrations.Migration):
    dependencies = [("nudges", "0017_event_triggers")]
    operations = [
        migrations.CreateModel(
            name="Throughput",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        help_text="Empty: all push channels together, beside each one's own.",
                        max_length=12,
                    ),
                ),
                ("messages", models.PositiveIntegerField()),
                ("seconds", models.PositiveSmallIntegerField(choices=[(60, "a minute"), (3600, "an hour")])),
                ("tokens", models.FloatField()),
                ("filled_at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="throughputs",
                        to="engagement.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "channel"), name="throughput_once"),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", PUSHES)), name="throughput_channel_pushes"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("messages__gte", 1)), name="throughput_lets_something_out"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("seconds__in", [60, 3600])), name="throughput_seconds_known"
                    ),
                ],
            },
        ),
    ]
