"""What comes back: replies, texts, opens and clicks."""

from django.contrib.postgres.fields import ArrayField
from django.core import validators
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
CHANNELS = [
    ("email", "E-mail"), ("web_push", "Web push"), ("mobile_push", "Mobile push"), ("sms", "SMS"),
    ("whatsapp", "WhatsApp"), ("webhook", "Webhook"), ("inbox", "On-site inbox"), ("staff_task", "Staff task")
]


class Migration(migrations.Migration):
    dependencies = [("nudges", "0009_tallies")]
    replaces = [("nudges", "0016_opens_and_clicks")]
    operations = [
        migrations.CreateModel(
            "Reception",
            [
                ("customer", models.OneToOneField(
                    on_delete=models.CASCADE, primary_key=True, serialize=False, to="engagement.customer"
                )),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("message_ids", ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ("signs_at", ArrayField(base_field=models.DateTimeField(), default=list, size=None)),
                ("worths", ArrayField(base_field=models.FloatField(), default=list, size=None)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            signs_at__len=models.F("message_ids__len"),
                            worths__len=models.F("message_ids__len")
                        ),
                        name="reception_arrays_in_step"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "NudgeWorth",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("nudge", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="worths", to="nudges.nudge"
                )),
                ("stage", models.CharField(blank=True, max_length=16)),
                ("value", models.FloatField()),
                ("messages", models.PositiveIntegerField(help_text="Of the last 90 days, behind it.")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("nudge", "stage"), name="worth_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "Reply",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("message", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="replies", to="nudges.message"
                )),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="replies", to="engagement.customer"
                )),
                ("kind", models.CharField(
                    choices=[
                        ("helpful", "Helpful"), ("not_now", "Not now"), ("not_relevant", "Not relevant"),
                        ("changed", "My situation changed")
                    ],
                    max_length=12
                )),
                ("detail", models.JSONField(default=dict, help_text="until, choice, facts, free text.")),
                ("effect", models.JSONField(
                    default=dict, help_text="What it changed and what stood there before, for undo."
                )),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "replies",
                "indexes": [
                    models.Index(fields=["workspace", "-at"], name="replies_recent"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message", "kind"), condition=models.Q(undone_at=None),
                        name="one_standing_reply_of_a_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(kind__in=["helpful", "not_now", "not_relevant", "changed"]),
                        name="reply_kind_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "InboundText",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("channel", models.CharField(choices=CHANNELS, max_length=12)),
                ("provider_id", models.CharField(max_length=80)),
                ("customer", models.ForeignKey(
                    help_text="Null: nobody has it.", null=True, on_delete=models.CASCADE,
                    related_name="texts", to="engagement.customer"
                )),
                ("message", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, related_name="texts", to="nudges.message"
                )),
                ("address", models.CharField(max_length=500)),
                ("text", models.TextField()),
                ("command", models.CharField(
                    blank=True, help_text="A kind of reply, stop, start, help, undo.", max_length=12
                )),
                ("at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(
                    help_text="Somebody of the team has dealt with it.", null=True
                )),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "-at", "-id"], name="texts_recent"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "channel", "provider_id"), name="text_heard_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Watch",
            [
                ("workspace", models.OneToOneField(
                    on_delete=models.CASCADE, primary_key=True, serialize=False, to="engagement.workspace"
                )),
                ("who", models.CharField(
                    choices=[
                        ("nobody", "Of nobody"), ("agreed", "Of customers who agreed to it"),
                        ("not_refused", "Of customers who did not refuse it")
                    ],
                    default="nobody", max_length=12
                )),
                ("opens", models.BooleanField(default=False)),
                ("clicks", models.BooleanField(default=False)),
                ("domain", models.CharField(
                    blank=True,
                    help_text="A name of the shop's own that leads here; empty: the installation's.",
                    max_length=200, validators=[validators.RegexValidator("^[a-z0-9.-]+(:\\d{1,5})?$")]
                )),
            ],
            options={
                "verbose_name_plural": "watches",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(who__in=["nobody", "agreed", "not_refused"]),
                        name="watch_who_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Hit",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("message", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="hits", to="nudges.message"
                )),
                ("nudge", models.ForeignKey(db_index=False, on_delete=models.CASCADE, to="nudges.nudge")),
                ("kind", models.CharField(
                    choices=[("open", "Open"), ("click", "Click"), ("trap", "A link that no person sees")],
                    max_length=5
                )),
                ("link", models.CharField(blank=True, help_text="Where a click led.", max_length=2000)),
                ("seen_as", models.CharField(
                    choices=[
                        ("person", "A person"), ("proxy", "A mail provider, when the message was opened"),
                        ("ahead", "A mail program, ahead of any reader"), ("scanner", "A scanner")
                    ],
                    max_length=7
                )),
                ("at", models.DateTimeField()),
                ("is_judged", models.BooleanField(
                    default=False, help_text="Whether what came about it was looked at too."
                )),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["workspace", "at"], condition=models.Q(is_judged=False), name="hits_to_judge"
                    ),
                    models.Index(fields=["nudge", "at"], name="hits_of_nudge"),
                    models.Index(fields=["at"], name="hits_by_age"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(kind__in=["open", "click", "trap"]), name="hit_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(seen_as__in=["person", "proxy", "ahead", "scanner"]),
                        name="hit_seen_as_known"
                    ),
                ],
            },
        ),
    ]
