"""Endpoints of a company's own programs, what changed, and how telling them went."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# What an endpoint is told belongs to one workspace: the endpoint, the change, and whom it is about.
BOUND = """
ALTER TABLE engagement_announcement ADD CONSTRAINT announcement_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE engagement_delivery ADD CONSTRAINT delivery_endpoint_in_workspace
    FOREIGN KEY (workspace_id, endpoint_id) REFERENCES engagement_endpoint (workspace_id, id)
    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE engagement_delivery ADD CONSTRAINT delivery_announcement_in_workspace
    FOREIGN KEY (workspace_id, announcement_id) REFERENCES engagement_announcement (workspace_id, id)
    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""
UNBOUND = """
ALTER TABLE engagement_announcement DROP CONSTRAINT announcement_customer_in_workspace;
ALTER TABLE engagement_delivery DROP CONSTRAINT delivery_endpoint_in_workspace;
ALTER TABLE engagement_delivery DROP CONSTRAINT delivery_announcement_in_workspace;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0004_condition_functions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.UUIDField(
                        help_text="Told to receivers as webhook-id: a change is announced once."
                    ),
                ),
                ("type", models.CharField(max_length=40)),
                ("at", models.DateTimeField(help_text="When it happened.")),
                ("announced_at", models.DateTimeField()),
                ("data", models.JSONField(default=dict)),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="announcements",
                        to="engagement.customer",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="engagement.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=500)),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="What it is told of; empty: all.",
                        size=None,
                    ),
                ),
                (
                    "sealed",
                    models.TextField(
                        help_text="Its secret, and for a while the one before (engagement.sealing)."
                    ),
                ),
                ("rotated_at", models.DateTimeField(blank=True, null=True)),
                ("is_enabled", models.BooleanField(default=True)),
                (
                    "disabled_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("by_hand", "switched off by hand"),
                            ("failing", "took nothing for five days"),
                            ("gone", "its program said that it is gone (410)"),
                        ],
                        max_length=12,
                    ),
                ),
                ("disabled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "failing_since",
                    models.DateTimeField(
                        blank=True, help_text="It took nothing since; null: it did.", null=True
                    ),
                ),
                ("free_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="endpoints",
                        to="engagement.workspace",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Waiting"), ("delivered", "Taken"), ("failed", "Given up")],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("attempts", models.JSONField(default=list)),
                (
                    "announcement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="engagement.announcement",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="engagement.workspace"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="engagement.endpoint",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="announcement",
            index=models.Index(fields=["announced_at"], name="announcement_age"),
        ),
        migrations.AddIndex(
            model_name="announcement",
            index=models.Index(
                condition=models.Q(("type", "customer.erased")), fields=["id"], name="announced_erasures"
            ),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.UniqueConstraint(fields=("workspace", "key"), name="announced_once"),
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.UniqueConstraint(fields=("workspace", "id"), name="announcement_in_workspace"),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.UniqueConstraint(fields=("workspace", "id"), name="endpoint_in_workspace"),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("disabled_at", None), ("disabled_because", ""), ("is_enabled", True)),
                    models.Q(
                        ("disabled_at__isnull", False),
                        ("is_enabled", False),
                        models.Q(("disabled_because", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="endpoint_off_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("url", ""), _negated=True), models.Q(("sealed", ""), _negated=True)
                ),
                name="endpoint_can_be_told",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["endpoint", "due_at", "id"],
                name="deliveries_due",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["endpoint", "-id"], name="deliveries_recent"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("endpoint", "announcement"), name="delivered_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "delivered", "failed"])),
                name="delivery_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_at__isnull", False), ("state", "pending")),
                    models.Q(models.Q(("state", "pending"), _negated=True), ("due_at", None)),
                    _connector="OR",
                ),
                name="delivery_waits_until",
            ),
        ),
        migrations.RunSQL(BOUND, UNBOUND),
    ]
