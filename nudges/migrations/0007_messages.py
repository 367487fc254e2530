"""Messages, and tasks for the team."""

import uuid

from django.conf import settings
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
CHANNELS = [
    ("email", "E-mail"), ("web_push", "Web push"), ("mobile_push", "Mobile push"), ("sms", "SMS"),
    ("whatsapp", "WhatsApp"), ("webhook", "Webhook"), ("inbox", "On-site inbox"), ("staff_task", "Staff task")
]
PROMISES = [
    ("choose_well", "Choose well"), ("choose_us", "Choose us"), ("feel_good", "Feel good"),
    ("adapt", "Adapt"), ("service", "Service")
]
INTERESTS = [("customer", "Customer-centric"), ("business", "Business-centric")]


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("nudges", "0006_ledger")]
    replaces = [("nudges", "0005_messages_due_by_channel"), ("nudges", "0022_fewer_message_indexes")]
    operations = [
        migrations.CreateModel(
            "Message",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("candidate", models.OneToOneField(
                    on_delete=models.PROTECT, related_name="message", to="nudges.candidate"
                )),
                ("customer", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="messages",
                    to="engagement.customer"
                )),
                ("nudge", models.ForeignKey(
                    on_delete=models.PROTECT, related_name="messages", to="nudges.nudge"
                )),
                ("customer_need", models.ForeignKey(
                    db_index=False, null=True, on_delete=models.SET_NULL, to="journeys.customerneed"
                )),
                ("channel", models.CharField(choices=CHANNELS, max_length=12)),
                ("address", models.CharField(blank=True, max_length=500)),
                ("category", models.ForeignKey(on_delete=models.PROTECT, to="engagement.category")),
                ("interest", models.CharField(choices=INTERESTS, max_length=8)),
                ("promise", models.CharField(choices=PROMISES, max_length=12)),
                ("flow", models.CharField(blank=True, max_length=60)),
                ("need_slug", models.CharField(blank=True, max_length=60)),
                ("zone", models.CharField(
                    blank=True, help_text="The customer's time zone then, for calendar caps.", max_length=64
                )),
                ("counts", models.BooleanField(
                    help_text="Counts against caps now; cleared when nothing reached the customer."
                )),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField(blank=True)),
                ("html", models.TextField(blank=True)),
                ("state", models.CharField(
                    choices=[
                        ("decided", "Decided"), ("claimed", "Being sent"), ("sent", "Sent"),
                        ("delivered", "Delivered"), ("bounced", "Bounced"), ("failed", "Failed"),
                        ("unknown", "Not known"), ("cancelled", "Cancelled before sending")
                    ],
                    default="decided", max_length=9
                )),
                ("dispatch_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("decided_at", models.DateTimeField()),
                ("not_after", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(
                    help_text="Null once nothing more is to be done.", null=True
                )),
                ("claim_token", models.UUIDField(null=True)),
                ("claimed_at", models.DateTimeField(null=True)),
                ("begun_at", models.DateTimeField(
                    help_text="When this claim's hand-over to the provider began; null: nothing can have gone out.",
                    null=True
                )),
                ("sent_at", models.DateTimeField(null=True)),
                ("provider", models.CharField(
                    blank=True, db_default="", default="",
                    help_text="By whom its latest hand-over began; empty: it has not.", max_length=40
                )),
                ("provider_id", models.CharField(blank=True, max_length=200)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("opened_at", models.DateTimeField(null=True)),
                ("clicked_at", models.DateTimeField(null=True)),
                ("replied_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(help_text="On-site inbox.", null=True)),
                ("archived_at", models.DateTimeField(help_text="On-site inbox.", null=True)),
                ("snoozed_until", models.DateTimeField(
                    help_text="On-site inbox: put away until then.", null=True
                )),
                ("moved_from", models.BigIntegerField(
                    help_text="The customer it was decided for, when merged since.", null=True
                )),
                ("moved_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["customer", "-decided_at"], name="messages_of_customer"),
                    models.Index(fields=["workspace", "-decided_at", "-id"], name="messages_recent"),
                    models.Index(
                        fields=["customer_need"], condition=models.Q(customer_need__isnull=False),
                        name="messages_of_need"
                    ),
                    models.Index(
                        models.F("channel"), models.F("workspace"),
                        models.OrderBy(
                            models.ExpressionWrapper(
                                models.Q(("promise", "service")), models.BooleanField()
                            ),
                            descending=True
                        ),
                        models.F("next_attempt_at"), condition=models.Q(state="decided"), name="messages_due"
                    ),
                    models.Index(
                        fields=["claimed_at"], condition=models.Q(state="claimed"), name="messages_claimed"
                    ),
                    models.Index(
                        fields=["decided_at"], condition=models.Q(state__in=["bounced", "failed"]),
                        name="messages_unreached"
                    ),
                    models.Index(
                        fields=["provider_id"], condition=~models.Q(provider_id=""),
                        name="messages_of_provider"
                    ),
                    models.Index(
                        fields=["workspace", "decided_at"], include=("interest",),
                        condition=models.Q(counts=True), name="messages_counting"
                    ),
                    models.Index(
                        fields=["workspace", "not_after", "id"],
                        condition=models.Q(channel="staff_task", state="sent"), name="staff_queue"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(state__in=[
                            "decided", "claimed", "sent", "delivered", "bounced", "failed", "unknown",
                            "cancelled"
                        ]),
                        name="message_state_known"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(state="claimed") | models.Q(claim_token__isnull=False),
                        name="claim_has_a_token"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "StaffTask",
            [
                ("message", models.OneToOneField(
                    on_delete=models.CASCADE, primary_key=True, related_name="task", serialize=False,
                    to="nudges.message"
                )),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("claimed_by", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                )),
                ("claimed_at", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(
                    help_text="Nobody was reached: try again then.", null=True
                )),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("note", models.TextField(blank=True, help_text="What the last who tried had to say.")),
                ("done_by", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
                )),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(claimed_by=None) | models.Q(claimed_at__isnull=False),
                        name="task_claim_has_a_time"
                    ),
                ],
            },
        ),
    ]
