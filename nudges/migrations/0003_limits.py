"""What holds nudges back: policies, caps, preferences, the pressure on a customer."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

# The column that deciding reads, and the constraint that there is a week in what is written.
WEEK_OF = """
ALTER TABLE nudges_policy ADD COLUMN send_week int4multirange GENERATED ALWAYS AS (nudges_week(send_windows)) STORED;
ALTER TABLE nudges_policy ADD CONSTRAINT nudges_policy_send_windows_whole CHECK (
    send_windows = '[]' OR send_week IS NOT NULL AND send_week <> '{}' AND send_week <@ '{[0,10080)}'
);
"""
# Pressure is rewritten often: with room on its page a row keeps its place in the indexes.
ROOM = "ALTER TABLE nudges_pressure SET (fillfactor = 70);"


class Migration(migrations.Migration):
    dependencies = [("nudges", "0002_nudges")]
    replaces = [
        ("nudges", "0006_whole_windows_and_pressure"), ("nudges", "0007_adaptive_caps"),
        ("nudges", "0024_send_windows")
    ]
    operations = [
        migrations.CreateModel(
            "Policy",
            [
                ("id", ID),
                ("workspace", models.OneToOneField(
                    on_delete=models.CASCADE, related_name="policy", to="engagement.workspace"
                )),
                ("quiet_start", models.TimeField(blank=True, null=True)),
                ("quiet_end", models.TimeField(blank=True, null=True)),
                ("send_windows", models.JSONField(
                    blank=True, db_default=[], default=list,
                    help_text="When push messages leave, but service; see nudges.send_windows. Empty: always."
                )),
                ("min_gap_seconds", models.PositiveIntegerField(blank=True, null=True)),
                ("business_limit", models.PositiveSmallIntegerField(
                    blank=True, help_text="Per customer; empty: no limit.", null=True
                )),
                ("business_window_seconds", models.PositiveIntegerField(default=604800)),
                ("business_share_percent", models.PositiveSmallIntegerField(
                    blank=True, help_text="Of the workspace's push messages of the last 30 days.", null=True
                )),
                ("collect_seconds", models.PositiveSmallIntegerField(default=60)),
                ("look_ahead_seconds", models.PositiveIntegerField(
                    db_default=86400, default=86400,
                    help_text="What is scheduled within this time keeps its slot from lower ones. 0: off."
                )),
                ("is_adaptive", models.BooleanField(
                    db_default=False, default=False,
                    help_text="Caps with a floor follow how each customer responds; see docs/adaptive-cap.md."
                )),
                ("allow_service_exempt", models.BooleanField(default=False)),
                ("approval_above", models.PositiveIntegerField(
                    blank=True, help_text="A nudge for more customers needs an approval; empty: none does.",
                    null=True
                )),
                ("approval_role", models.CharField(
                    choices=[
                        ("owner", "Owner"), ("marketer", "Marketer"), ("moderator", "Moderator"),
                        ("analyst", "Analyst")
                    ],
                    db_default="owner", default="owner", help_text="The least role that may approve.",
                    max_length=16
                )),
                ("version", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField(
                    blank=True, help_text="Null: it has stood from the beginning.", null=True
                )),
            ],
            options={
                "verbose_name_plural": "policies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(quiet_end=None, quiet_start=None)
                        | (models.Q(quiet_end__isnull=False) & models.Q(quiet_start__isnull=False) & ~models.Q(quiet_start=models.F("quiet_end"))),
                        name="quiet_hours_both_or_none"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(business_share_percent=None)
                        | models.Q(business_share_percent__lte=100),
                        name="share_is_percent"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(approval_role__in=["owner", "marketer"]),
                        name="approval_by_who_may_write"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Cap",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="caps", to="engagement.workspace"
                )),
                ("scope", models.CharField(
                    choices=[
                        ("any", "Any push message"), ("channel", "One channel"),
                        ("category", "One category"), ("interest", "One interest"),
                        ("promise", "One promise"), ("flow", "One flow"), ("need", "One need")
                    ],
                    max_length=8
                )),
                ("scope_value", models.CharField(
                    blank=True,
                    help_text="Channel, category slug, interest, promise, flow or need slug; empty: each.",
                    max_length=60
                )),
                ("window", models.CharField(
                    choices=[("rolling", "Rolling"), ("calendar", "Calendar")], max_length=8
                )),
                ("seconds", models.PositiveIntegerField(
                    blank=True, help_text="Of a rolling window: 60 to 7,776,000.", null=True
                )),
                ("unit", models.CharField(
                    blank=True, help_text="Of a calendar window: day, week, month.", max_length=5
                )),
                ("limit", models.PositiveSmallIntegerField()),
                ("floor", models.PositiveSmallIntegerField(
                    blank=True, help_text="The adaptive cap goes no lower; empty: this one does not adapt.",
                    null=True
                )),
                ("version", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField(
                    blank=True, help_text="In force as it is now since then; null: from the beginning.",
                    null=True
                )),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "scope", "scope_value", "window", "seconds", "unit"),
                        condition=models.Q(archived_at=None), nulls_distinct=False, name="cap_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(seconds__isnull=False, seconds__range=(60, 7776000), unit="", window="rolling")
                        | models.Q(seconds=None, unit__in=["day", "week", "month"], window="calendar"),
                        name="cap_window_whole"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(scope__in=[
                            "any", "channel", "category", "interest", "promise", "flow", "need"
                        ]),
                        name="cap_scope_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(floor=None) | models.Q(floor__lte=models.F("limit")),
                        name="cap_floor_below_its_limit"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Preference",
            [
                ("customer", models.OneToOneField(
                    on_delete=models.CASCADE, primary_key=True, serialize=False, to="engagement.customer"
                )),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("max_per_week", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("paused_until", models.DateTimeField(blank=True, null=True)),
                ("quiet_start", models.TimeField(blank=True, null=True)),
                ("quiet_end", models.TimeField(blank=True, null=True)),
                ("paused_categories", models.JSONField(
                    blank=True, default=dict, help_text='{"<category id>": "<ISO time it ends>"}'
                )),
                ("may_be_watched", models.BooleanField(
                    blank=True, help_text="Opens and clicks: agreed, refused, or null, nothing said.",
                    null=True
                )),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            "Pressure",
            [
                ("customer", models.OneToOneField(
                    on_delete=models.CASCADE, primary_key=True, serialize=False, to="engagement.customer"
                )),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("sent_at", ArrayField(base_field=models.DateTimeField(), default=list, size=None)),
                ("message_ids", ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ("channels", ArrayField(base_field=models.TextField(), default=list, size=None)),
                ("categories", ArrayField(base_field=models.TextField(), default=list, size=None)),
                ("interests", ArrayField(base_field=models.TextField(), default=list, size=None)),
                ("promises", ArrayField(base_field=models.TextField(), default=list, size=None)),
                ("flows", ArrayField(base_field=models.TextField(), default=list, size=None)),
                ("needs", ArrayField(base_field=models.TextField(), default=list, size=None)),
                ("zones", ArrayField(base_field=models.TextField(), default=list, size=None)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            categories__len=models.F("sent_at__len"), channels__len=models.F("sent_at__len"),
                            flows__len=models.F("sent_at__len"), interests__len=models.F("sent_at__len"),
                            message_ids__len=models.F("sent_at__len"), needs__len=models.F("sent_at__len"),
                            promises__len=models.F("sent_at__len"), zones__len=models.F("sent_at__len")
                        ),
                        name="pressure_arrays_in_step"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "ExperienceTime",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("category", models.CharField(
                    help_text="As products of the catalogue have it.", max_length=200
                )),
                ("days", models.PositiveSmallIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "category"), name="experience_time_once"),
                    models.CheckConstraint(condition=models.Q(days__lte=365), name="experience_within_a_year"),
                ],
            },
        ),
        migrations.RunSQL(WEEK_OF, migrations.RunSQL.noop),
        migrations.RunSQL(ROOM, migrations.RunSQL.noop),
    ]
