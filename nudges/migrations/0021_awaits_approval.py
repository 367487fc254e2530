"""Whether a nudge waits for an approval stands on its row, kept by the database: deciding and sending read it there."""

from django.db import migrations, models

AWAIT = """
DROP TRIGGER nudge_speaks_approved ON nudges_nudge;
DROP FUNCTION nudges_refuse_unapproved_nudge();

CREATE FUNCTION nudges_await_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.awaits_approval := nudges_lacks_approval(NEW.workspace_id, NEW.id, NEW.version, NEW.audience);
    IF NEW.awaits_approval AND NEW.status = 'active' AND OLD.status <> 'active' THEN
        RAISE EXCEPTION 'this nudge needs an approval' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER nudge_awaits_approval BEFORE UPDATE OF version, audience, status, awaits_approval ON nudges_nudge
    FOR EACH ROW EXECUTE FUNCTION nudges_await_approval();

CREATE FUNCTION nudges_note_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE nudges_nudge SET awaits_approval = false WHERE id = NEW.nudge_id;
    RETURN NULL;
END $$;
CREATE TRIGGER approval_noted AFTER INSERT ON nudges_approval
    FOR EACH ROW EXECUTE FUNCTION nudges_note_approval();
"""
AWAIT_NO_MORE = """
DROP TRIGGER approval_noted ON nudges_approval;
DROP FUNCTION nudges_note_approval();
DROP TRIGGER nudge_awaits_approval ON nudges_nudge;
DROP FUNCTION nudges_await_approval();
CREATE FUNCTION nudges_refuse_unapproved_nudge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nudges_lacks_approval(NEW.workspace_id, NEW.id, NEW.version, NEW.audience) THEN
        RAISE EXCEPTION 'this nudge needs an approval' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER nudge_speaks_approved BEFORE UPDATE OF status ON nudges_nudge
    FOR EACH ROW WHEN (NEW.status = 'active' AND OLD.status <> 'active')
    EXECUTE FUNCTION nudges_refuse_unapproved_nudge();
"""


class Migration(migrations.Migration):
    dependencies = [("nudges", "0020_dry_runs")]
    operations = [
        migrations.AddField(
            "nudge",
            "awaits_approval",
            models.BooleanField(
                default=False, db_default=False, editable=False, help_text="Kept by the database: its version is not approved."
            ),
        ),
        migrations.RunSQL(AWAIT, AWAIT_NO_MORE),
    ]
