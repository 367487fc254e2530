"""That a version of a nudge was refused, and why: by whoever may approve it, of the version that stands."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The same as for approvals (0019), whose column is named otherwise.
CHECK = """
CREATE FUNCTION nudges_check_refusal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted text := coalesce((SELECT approval_role FROM nudges_policy WHERE workspace_id = NEW.workspace_id), 'owner');
BEGIN
    IF NOT EXISTS (SELECT 1 FROM nudges_nudge
                   WHERE id = NEW.nudge_id AND workspace_id = NEW.workspace_id AND version = NEW.version) THEN
        RAISE EXCEPTION 'a refusal is of the version that stands' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM engagement_member WHERE workspace_id = NEW.workspace_id
                   AND user_id = NEW.refused_by_id AND role IN ('owner', wanted)) THEN
        RAISE EXCEPTION 'only who may approve refuses' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refusal_by_who_may BEFORE INSERT ON nudges_refusal
    FOR EACH ROW EXECUTE FUNCTION nudges_check_refusal();
CREATE TRIGGER refusal_append_only BEFORE UPDATE ON nudges_refusal
    FOR EACH ROW EXECUTE FUNCTION touchstone_refuse_change();
"""
CHECK_NO_MORE = """
DROP TRIGGER refusal_append_only ON nudges_refusal;
DROP TRIGGER refusal_by_who_may ON nudges_refusal;
DROP FUNCTION nudges_check_refusal();
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("nudges", "0026_flows"),
    ]
    operations = [
        migrations.CreateModel(
            name="Refusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=500)),
                ("refused_at", models.DateTimeField()),
                (
                    "nudge",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusals",
                        to="nudges.nudge",
                    ),
                ),
                (
                    "refused_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "constraints": [
                    models.UniqueConstraint(fields=("nudge", "version"), name="refusal_once"),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="refusal_says_why"
                    ),
                ],
            },
        ),
        migrations.RunSQL(CHECK, CHECK_NO_MORE),
    ]
