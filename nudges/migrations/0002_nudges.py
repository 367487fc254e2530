"""Nudges, their contents, and broadcasts."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
CHANNELS = [
    ("email", "E-mail"), ("web_push", "Web push"), ("mobile_push", "Mobile push"), ("sms", "SMS"),
    ("whatsapp", "WhatsApp"), ("webhook", "Webhook"), ("inbox", "On-site inbox"), ("staff_task", "Staff task")
]
STAGES = [
    ("none", "Not started"), ("awareness", "Need awareness"), ("shortlist", "Shortlist"),
    ("purchase", "Purchase"), ("post_purchase", "Post-purchase")
]
PROMISES = [
    ("choose_well", "Choose well"), ("choose_us", "Choose us"), ("feel_good", "Feel good"),
    ("adapt", "Adapt"), ("service", "Service")
]
INTERESTS = [("customer", "Customer-centric"), ("business", "Business-centric")]

# The column that deciding reads, and the constraint that there is a week in what is written.
WEEK_OF = """
ALTER TABLE {table} ADD COLUMN send_week int4multirange GENERATED ALWAYS AS (nudges_week(send_windows)) STORED;
ALTER TABLE {table} ADD CONSTRAINT {table}_send_windows_whole CHECK (
    send_windows = '[]' OR send_week IS NOT NULL AND send_week <> '{{}}' AND send_week <@ '{{[0,10080)}}'
);
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("journeys", "0003_shortlists"),
        ("nudges", "0001_functions"), ("nudges", "0029_messages_unreached")
    ]
    replaces = [("nudges", "0002_sending"), ("nudges", "0003_deciding"), ("nudges", "0012_texts")]
    operations = [
        migrations.CreateModel(
            "Nudge",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="nudges", to="engagement.workspace"
                )),
                ("name", models.CharField(max_length=120)),
                ("promise", models.CharField(choices=PROMISES, max_length=12)),
                ("interest", models.CharField(choices=INTERESTS, max_length=8)),
                ("category", models.ForeignKey(
                    on_delete=models.PROTECT, related_name="nudges", to="engagement.category"
                )),
                ("channels", ArrayField(
                    base_field=models.CharField(choices=CHANNELS, max_length=12),
                    help_text="In order of preference.", size=None
                )),
                ("priority", models.PositiveSmallIntegerField(default=50)),
                ("trigger", models.CharField(
                    choices=[
                        ("stage_change", "A need reaches a stage"),
                        ("broadcast", "Sent to everyone a condition fits"),
                        ("api", "A flow or the API puts it forward"), ("event", "An event happens")
                    ],
                    max_length=12
                )),
                ("trigger_need", models.ForeignKey(
                    blank=True, null=True, on_delete=models.PROTECT, related_name="nudges", to="journeys.need"
                )),
                ("trigger_stage", models.CharField(blank=True, choices=STAGES, max_length=16)),
                ("trigger_event", models.CharField(blank=True, db_default="", default="", max_length=200)),
                ("trigger_where", models.JSONField(
                    blank=True, db_default=[], default=list,
                    help_text="Tests on the event's properties, as the condition language writes them."
                )),
                ("trigger_delay_seconds", models.PositiveIntegerField(
                    db_default=0, default=0, help_text="From the event until it is put forward."
                )),
                ("trigger_unless", models.JSONField(
                    blank=True, db_default=[], default=list,
                    help_text='Not when one of these happened since: [{"event": name, "same": property or absent}].'
                )),
                ("trigger_since", models.DateTimeField(
                    blank=True, help_text="Events from then on start it; null: it never listened to any.",
                    null=True
                )),
                ("purpose", models.CharField(
                    blank=True,
                    choices=[
                        ("review", "Review of an order"), ("review_30", "Review after a month of use"),
                        ("review_180", "Review after half a year of use"), ("owner", "Question to an owner")
                    ],
                    db_default="", default="", help_text="Empty: the marketer's own.", max_length=12
                )),
                ("conditions", models.JSONField(blank=True, default=dict)),
                ("on_cap", models.CharField(
                    choices=[("drop", "Drop it"), ("defer", "Wait until it is allowed")], default="drop",
                    max_length=5
                )),
                ("send_windows", models.JSONField(
                    blank=True, db_default=[], default=list,
                    help_text="When it leaves, beside the workspace's; see nudges.send_windows. Empty: always."
                )),
                ("expires_after_hours", models.PositiveIntegerField(
                    default=72, help_text="not_after = put forward + this."
                )),
                ("respects_caps", models.BooleanField(default=True)),
                ("counts", models.BooleanField(default=True)),
                ("exempt_allowed_by", models.ForeignKey(
                    blank=True, null=True, on_delete=models.SET_NULL, related_name="+",
                    to=settings.AUTH_USER_MODEL
                )),
                ("status", models.CharField(
                    choices=[
                        ("draft", "Draft"), ("active", "Active"), ("paused", "Paused"),
                        ("archived", "Archived")
                    ],
                    default="draft", max_length=8
                )),
                ("expected_value", models.FloatField(
                    default=0,
                    help_text="For the customer, from -1 to 1: weighed from replies now and then, shrunk to the mean."
                )),
                ("audience", models.PositiveIntegerField(
                    help_text="How many its conditions fitted when it was last activated, approved or broadcast.",
                    null=True
                )),
                ("awaits_approval", models.BooleanField(
                    db_default=False, default=False, editable=False,
                    help_text="Kept by the database: its version is not approved."
                )),
                ("edited_by", models.ForeignKey(
                    blank=True, null=True, on_delete=models.SET_NULL, related_name="+",
                    to=settings.AUTH_USER_MODEL
                )),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "status"], name="nudges_by_status"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(promise__in=[
                            "choose_well", "choose_us", "feel_good", "adapt", "service"
                        ]),
                        name="nudge_promise_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(interest__in=["customer", "business"]),
                        name="nudge_interest_declared"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(promise="service") | models.Q(interest="customer"),
                        name="service_serves_the_customer"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(respects_caps=True) | models.Q(promise="service"),
                        name="only_service_may_pass_caps"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(priority__lte=100), name="nudge_priority_0_to_100"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(channels__len__gte=1), name="nudge_has_a_channel"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(trigger="stage_change") | ~models.Q(trigger_stage=""),
                        name="stage_trigger_names_a_stage"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(trigger="event") | ~models.Q(trigger_event=""),
                        name="event_trigger_names_an_event"
                    ),
                    models.CheckConstraint(
                        condition=~(models.Q(status="active") & models.Q(trigger="event"))
                        | models.Q(trigger_since__isnull=False),
                        name="active_event_trigger_has_a_beginning"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(trigger_delay_seconds__lte=31622400),
                        name="trigger_delay_up_to_a_year"
                    ),
                    models.UniqueConstraint(
                        fields=("workspace", "purpose"), condition=~models.Q(purpose=""),
                        name="one_nudge_of_a_purpose"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(purpose="")
                        | models.Q(conditions={}, on_cap="defer", trigger="event", trigger_need=None),
                        name="purpose_asks_all_or_none"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "NudgeContent",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("nudge", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="contents", to="nudges.nudge"
                )),
                ("channel", models.CharField(choices=CHANNELS, max_length=12)),
                ("language", models.CharField(default="en", max_length=16)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField(
                    blank=True, help_text="Markdown; empty where there are blocks.", max_length=20000
                )),
                ("blocks", models.JSONField(
                    blank=True, db_default=[], default=list,
                    help_text="Of a letter: see nudges.wording.blocks."
                )),
                ("link_url", models.URLField(blank=True, max_length=1000)),
                ("link_label", models.CharField(blank=True, max_length=80)),
                ("extras", models.JSONField(
                    blank=True, db_default={}, default=dict,
                    help_text="The channel's own fields, by name, such as the template of a WhatsApp message."
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("nudge", "channel", "language"), name="content_once"),
                    models.CheckConstraint(
                        condition=models.Q(body="") | models.Q(blocks=[]), name="content_is_words_or_blocks"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Broadcast",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("nudge", models.ForeignKey(
                    on_delete=models.PROTECT, related_name="broadcasts", to="nudges.nudge"
                )),
                ("state", models.CharField(
                    choices=[
                        ("running", "Running"), ("paused", "Paused"), ("done", "Done"),
                        ("stopped", "Stopped")
                    ],
                    default="running", max_length=8
                )),
                ("started_at", models.DateTimeField()),
                ("started_by", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, to=settings.AUTH_USER_MODEL
                )),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("not_after", models.DateTimeField()),
                ("audience", models.PositiveIntegerField(default=0, help_text="Counted when it was started.")),
                ("put_forward", models.PositiveIntegerField(default=0)),
                ("last_customer_id", models.BigIntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["id"], condition=models.Q(state="running"), name="broadcast_running"),
                ],
            },
        ),
        migrations.RunSQL(WEEK_OF.format(table="nudges_nudge"), migrations.RunSQL.noop),
    ]
