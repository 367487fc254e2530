"""How messages leave: accounts, and what providers bear."""

from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
CHANNELS = [
    ("email", "E-mail"), ("web_push", "Web push"), ("mobile_push", "Mobile push"), ("sms", "SMS"),
    ("whatsapp", "WhatsApp"), ("webhook", "Webhook"), ("inbox", "On-site inbox"), ("staff_task", "Staff task")
]

# Not logged, so it costs little: a crash of the database empties it, and then nobody knows how far a worker came.
UNLOGGED = "ALTER TABLE nudges_reach SET UNLOGGED"


class Migration(migrations.Migration):
    dependencies = [("nudges", "0007_messages")]
    replaces = [
        ("nudges", "0009_channels"), ("nudges", "0010_providers"), ("nudges", "0014_reach"),
        ("nudges", "0018_throughput")
    ]
    operations = [
        migrations.CreateModel(
            "ChannelAccount",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="channel_accounts", to="engagement.workspace"
                )),
                ("channel", models.CharField(choices=CHANNELS, max_length=12)),
                ("settings", models.JSONField(default=dict, help_text="What may be read, by field.")),
                ("sealed", models.TextField(blank=True, help_text="What may not: see engagement.sealing.")),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "channel"), name="channel_account_once"),
                    models.CheckConstraint(
                        condition=models.Q(channel__in=[
                            "email", "web_push", "mobile_push", "sms", "whatsapp", "webhook", "inbox",
                            "staff_task"
                        ]),
                        name="channel_account_channel_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Circuit",
            [
                ("provider", models.CharField(
                    help_text="Such as email.", max_length=40, primary_key=True, serialize=False
                )),
                ("failures", models.PositiveIntegerField(default=0)),
                ("opened_at", models.DateTimeField(
                    help_text="Since when it fails without a success between.", null=True
                )),
                ("open_until", models.DateTimeField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=500)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            "Reach",
            [
                ("claim_token", models.UUIDField(primary_key=True, serialize=False)),
                ("message_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            "Quota",
            [
                ("provider", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("tokens", models.FloatField()),
                ("filled_at", models.DateTimeField()),
                ("day", models.DateField()),
                ("used", models.PositiveIntegerField(default=0, help_text="On that day.")),
            ],
        ),
        migrations.CreateModel(
            "Throughput",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="throughputs", to="engagement.workspace"
                )),
                ("channel", models.CharField(
                    blank=True, help_text="Empty: all push channels together, beside each one's own.",
                    max_length=12
                )),
                ("messages", models.PositiveIntegerField()),
                ("seconds", models.PositiveSmallIntegerField(choices=[(60, "a minute"), (3600, "an hour")])),
                ("tokens", models.FloatField()),
                ("filled_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "channel"), name="throughput_once"),
                    models.CheckConstraint(
                        condition=models.Q(channel__in=[
                            "", "email", "web_push", "mobile_push", "sms", "whatsapp", "webhook",
                            "staff_task"
                        ]),
                        name="throughput_channel_pushes"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(messages__gte=1), name="throughput_lets_something_out"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(seconds__in=[60, 3600]), name="throughput_seconds_known"
                    ),
                ],
            },
        ),
        migrations.RunSQL(UNLOGGED, migrations.RunSQL.noop),
    ]
