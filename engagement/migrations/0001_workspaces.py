"""The ground: workspaces, who works in them, their keys, and the catalogue.

These files replace the migrations there were before: each is applied, to Django, when those that it names are. As the
first names the oldest and the newest, and the second depends on the newest by its old name, a database that stopped in
between is refused instead of being taken for whole.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from engagement.models.workspaces import check_timezone

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

APPEND_ONLY = """
CREATE FUNCTION touchstone_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON engagement_auditentry
    FOR EACH ROW EXECUTE FUNCTION touchstone_refuse_change();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    replaces = [
        ("engagement", "0001_initial"), ("engagement", "0003_customer_traits_told"),
        ("engagement", "0007_idempotency_kept_whole"), ("engagement", "0008_channels"),
        ("engagement", "0011_member_language")
    ]
    operations = [
        migrations.CreateModel(
            "Workspace",
            [
                ("id", ID),
                ("name", models.CharField(max_length=120)),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("timezone", models.CharField(
                    default="UTC", max_length=64, validators=[check_timezone]
                )),
                ("locale", models.CharField(default="en", max_length=16)),
                ("currency", models.CharField(default="EUR", max_length=3)),
                ("sender_name", models.CharField(blank=True, max_length=120)),
                ("sender_email", models.EmailField(blank=True, max_length=254)),
                ("postal_address", models.CharField(blank=True, max_length=300)),
                ("shop_url", models.URLField(blank=True)),
                ("allowed_origins", ArrayField(
                    base_field=models.CharField(max_length=200), blank=True, default=list, size=None
                )),
                ("holdout_percent", models.DecimalField(decimal_places=2, default=5, max_digits=5)),
                ("holdout_salt", models.CharField(default="1", max_length=32)),
                ("retention_days", models.PositiveIntegerField(default=730)),
                ("event_readers", ArrayField(
                    base_field=models.CharField(max_length=20), blank=True, db_default=[], default=list,
                    help_text="Who reads its events, beside those who read everybody's (settings.EVENT_READERS).",
                    size=None
                )),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(holdout_percent__gte=0, holdout_percent__lte=50),
                        name="holdout_is_a_share"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(retention_days__gte=30), name="retention_at_least_30_days"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Member",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="members", to="engagement.workspace"
                )),
                ("user", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="memberships", to=settings.AUTH_USER_MODEL
                )),
                ("role", models.CharField(
                    choices=[
                        ("owner", "Owner"), ("marketer", "Marketer"), ("moderator", "Moderator"),
                        ("analyst", "Analyst")
                    ],
                    max_length=16
                )),
                ("language", models.CharField(
                    blank=True,
                    help_text="In which they read the dashboard and are written to; empty: the browser's.",
                    max_length=16
                )),
                ("joined_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "user"), name="member_once"),
                    models.CheckConstraint(
                        condition=models.Q(role__in=["owner", "marketer", "moderator", "analyst"]),
                        name="member_role_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Invitation",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="invitations", to="engagement.workspace"
                )),
                ("email", models.EmailField(max_length=254)),
                ("role", models.CharField(
                    choices=[
                        ("owner", "Owner"), ("marketer", "Marketer"), ("moderator", "Moderator"),
                        ("analyst", "Analyst")
                    ],
                    max_length=16
                )),
                ("invited_by", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, to=settings.AUTH_USER_MODEL
                )),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "email"), condition=models.Q(accepted_at=None, revoked_at=None),
                        name="invitation_open_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "ApiKey",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="api_keys", to="engagement.workspace"
                )),
                ("kind", models.CharField(
                    choices=[("write", "Write key (public)"), ("secret", "Secret key")], max_length=8
                )),
                ("name", models.CharField(max_length=80)),
                ("prefix", models.CharField(
                    help_text="The part that may be shown: enough to recognise the key.", max_length=16
                )),
                ("key_hash", models.BinaryField(max_length=32, unique=True)),
                ("public_key", models.CharField(blank=True, max_length=80)),
                ("scopes", ArrayField(
                    base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                )),
                ("created_by", models.ForeignKey(
                    blank=True, null=True, on_delete=models.SET_NULL, to=settings.AUTH_USER_MODEL
                )),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(kind__in=["write", "secret"]), name="key_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(kind="write") | models.Q(public_key=""),
                        name="secret_key_text_is_never_kept"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "AuditEntry",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.PROTECT, related_name="audit_entries", to="engagement.workspace"
                )),
                ("actor", models.ForeignKey(
                    blank=True, null=True, on_delete=models.PROTECT, related_name="+",
                    to=settings.AUTH_USER_MODEL
                )),
                ("actor_label", models.CharField(
                    help_text="As shown: an e-mail address, a key's name, 'system'.", max_length=160
                )),
                ("action", models.CharField(help_text="verb_object, such as revoke_key", max_length=60)),
                ("object_type", models.CharField(blank=True, max_length=40)),
                ("object_id", models.CharField(blank=True, max_length=60)),
                ("detail", models.JSONField(blank=True, default=dict)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "-at"], name="audit_recent"),
                ],
            },
        ),
        migrations.CreateModel(
            "IdempotencyRecord",
            [
                ("id", ID),
                ("api_key", models.ForeignKey(on_delete=models.CASCADE, to="engagement.apikey")),
                ("method", models.CharField(max_length=8)),
                ("path", models.CharField(max_length=300)),
                ("key", models.CharField(max_length=255)),
                ("body_hash", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField()),
                ("response", models.JSONField(help_text='{"body": text, "headers": {name: value}}')),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["created_at"], name="idempotency_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("api_key", "method", "path", "key"), name="idempotency_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Product",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="products", to="engagement.workspace"
                )),
                ("sku", models.CharField(max_length=200)),
                ("kind", models.CharField(
                    choices=[("own", "Own"), ("outside", "Outside alternative")], default="own", max_length=8
                )),
                ("name", models.CharField(blank=True, max_length=300)),
                ("category", models.CharField(blank=True, max_length=200)),
                ("brand", models.CharField(blank=True, max_length=120)),
                ("price", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("url", models.URLField(blank=True, max_length=1000)),
                ("image_url", models.URLField(blank=True, max_length=1000)),
                ("attributes", models.JSONField(blank=True, default=dict)),
                ("source_url", models.URLField(
                    blank=True, help_text="For an outside alternative: where the facts are from.",
                    max_length=1000
                )),
                ("is_stub", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "category"], name="product_category"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "sku"), name="product_once"),
                    models.CheckConstraint(
                        condition=models.Q(kind__in=["own", "outside"]), name="product_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(price=None) | models.Q(price__gte=0),
                        name="product_price_not_negative"
                    ),
                    models.CheckConstraint(condition=~models.Q(sku=""), name="product_has_sku"),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP FUNCTION touchstone_refuse_change() CASCADE"),
    ]
