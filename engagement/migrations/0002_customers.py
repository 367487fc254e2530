"""Customers: who they are, how they are reached, what they agreed to and what is known of them."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
CHANNELS = [
    ("email", "E-mail"), ("web_push", "Web push"), ("mobile_push", "Mobile push"), ("sms", "SMS"),
    ("whatsapp", "WhatsApp"), ("webhook", "Webhook"), ("inbox", "On-site inbox"), ("staff_task", "Staff task")
]

# One hash for Python (engagement.suppressing.hash_of) and for the database.
SUPPRESSING = """
CREATE FUNCTION engagement_address_hash(workspace bigint, channel text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN encode(sha256(convert_to(workspace || ':' || channel || ':' || lower(btrim(value)), 'UTF8')), 'hex');

CREATE FUNCTION engagement_mark_suppressed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.suppressed_at IS NULL THEN
        SELECT s.at, s.reason INTO NEW.suppressed_at, NEW.suppression_reason
        FROM engagement_suppression AS s
        WHERE s.workspace_id = NEW.workspace_id AND s.channel = NEW.channel
          AND s.address_hash = engagement_address_hash(NEW.workspace_id, NEW.channel, NEW.value);
        NEW.suppression_reason := coalesce(NEW.suppression_reason, '');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER address_on_the_list BEFORE INSERT OR UPDATE OF value ON engagement_address
    FOR EACH ROW EXECUTE FUNCTION engagement_mark_suppressed();
"""


class Migration(migrations.Migration):
    dependencies = [("engagement", "0001_workspaces"), ("engagement", "0011_member_language")]
    replaces = [("engagement", "0009_suppressions")]
    operations = [
        migrations.CreateModel(
            "Customer",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="customers", to="engagement.workspace"
                )),
                ("external_id", models.CharField(
                    blank=True, help_text="The shop's own id.", max_length=200, null=True
                )),
                ("name", models.CharField(blank=True, max_length=200)),
                ("email", models.CharField(
                    blank=True, help_text="As last told; the address used is in Address.", max_length=254
                )),
                ("traits", models.JSONField(blank=True, default=dict)),
                ("traits_told", models.JSONField(
                    blank=True, db_default={}, default=dict,
                    help_text="When each trait was told, in ms: calls arrive out of order."
                )),
                ("timezone", models.CharField(blank=True, help_text="Empty: the workspace's.", max_length=64)),
                ("locale", models.CharField(blank=True, max_length=16)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("merged_into", models.ForeignKey(
                    blank=True, null=True, on_delete=models.CASCADE, related_name="merged",
                    to="engagement.customer"
                )),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "-last_seen_at", "-id"], name="customer_recent"),
                    models.Index(fields=["workspace", "email"], name="customer_email"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "external_id"), condition=models.Q(merged_into=None),
                        name="customer_external_id_once"
                    ),
                    models.UniqueConstraint(fields=("workspace", "id"), name="customer_in_workspace"),
                    models.CheckConstraint(
                        condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("id")),
                        name="customer_not_merged_into_itself"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Identity",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("kind", models.CharField(
                    choices=[("external", "Shop's id"), ("anonymous", "Anonymous id")], max_length=12
                )),
                ("value", models.CharField(max_length=200)),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="identities", to="engagement.customer"
                )),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "kind", "value"), name="identity_once"),
                    models.CheckConstraint(condition=~models.Q(value=""), name="identity_not_empty"),
                ],
            },
        ),
        migrations.CreateModel(
            "Merge",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("source", models.OneToOneField(
                    on_delete=models.CASCADE, related_name="merge_away", to="engagement.customer"
                )),
                ("target", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="merges_received", to="engagement.customer"
                )),
                ("cause", models.CharField(help_text="identify, alias, api", max_length=20)),
                ("source_snapshot", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("absorbed_by", ArrayField(
                    base_field=models.CharField(max_length=20), blank=True, default=list, size=None
                )),
            ],
            options={
                "indexes": [
                    models.Index(fields=["target"], name="merge_target"),
                ],
            },
        ),
        migrations.CreateModel(
            "Address",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="addresses", to="engagement.customer"
                )),
                ("channel", models.CharField(choices=CHANNELS, max_length=12)),
                ("value", models.CharField(max_length=500)),
                ("details", models.JSONField(
                    blank=True, db_default={}, default=dict,
                    help_text="What a device told with it, such as the keys of a push subscription."
                )),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("suppressed_at", models.DateTimeField(blank=True, null=True)),
                ("suppression_reason", models.CharField(blank=True, max_length=40)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "channel", "value"], name="address_lookup"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "channel", "value"), name="address_once"),
                    models.CheckConstraint(
                        condition=models.Q(channel__in=[
                            "email", "web_push", "mobile_push", "sms", "whatsapp", "webhook", "inbox",
                            "staff_task"
                        ]),
                        name="address_channel_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(suppressed_at=None) | ~models.Q(suppression_reason=""),
                        name="suppression_says_why"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Suppression",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("channel", models.CharField(choices=CHANNELS, max_length=12)),
                ("address_hash", models.CharField(max_length=64)),
                ("reason", models.CharField(
                    help_text="hard_bounce, complaint, manual, and a channel's own.", max_length=40
                )),
                ("source", models.CharField(
                    help_text="Who said so: a provider, a person, an import.", max_length=60
                )),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "-at", "-id"], name="suppressions_recent"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "channel", "address_hash"), name="suppressed_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(channel__in=[
                            "email", "web_push", "mobile_push", "sms", "whatsapp", "webhook", "inbox",
                            "staff_task"
                        ]),
                        name="suppression_channel_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(address_hash__regex="^[0-9a-f]{64}$"),
                        name="suppression_keeps_a_hash"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(reason="") & ~models.Q(source=""),
                        name="suppression_says_who_and_why"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Category",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="categories", to="engagement.workspace"
                )),
                ("slug", models.SlugField(max_length=60)),
                ("name", models.CharField(max_length=120)),
                ("description", models.CharField(blank=True, max_length=300)),
                ("opt_in", models.BooleanField(
                    default=True, help_text="Only with consent given; otherwise until consent is withdrawn."
                )),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "slug"), name="category_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "Consent",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="consents", to="engagement.customer"
                )),
                ("category", models.ForeignKey(on_delete=models.CASCADE, to="engagement.category")),
                ("channel", models.CharField(choices=CHANNELS, max_length=12)),
                ("state", models.CharField(
                    choices=[("granted", "Allowed"), ("denied", "Refused")], max_length=8
                )),
                ("source", models.CharField(
                    help_text="preference_page, one_click, api, import, form, reply", max_length=40
                )),
                ("proof", models.CharField(
                    blank=True, help_text="The wording agreed to, or where it is kept.", max_length=500
                )),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "category", "channel"), name="consent_once"),
                    models.CheckConstraint(
                        condition=models.Q(state__in=["granted", "denied"]), name="consent_state_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Fact",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="facts", to="engagement.customer"
                )),
                ("topic", models.CharField(blank=True, max_length=60)),
                ("key", models.CharField(max_length=60)),
                ("value", models.JSONField()),
                ("source_event_id", models.BigIntegerField(null=True)),
                ("learned_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "topic", "key"), name="fact_once"),
                ],
            },
        ),
        migrations.RunSQL(
            SUPPRESSING,
            "DROP FUNCTION engagement_mark_suppressed() CASCADE; DROP FUNCTION engagement_address_hash(bigint, text, text)",
        ),
    ]
