"""Snippets, pictures, and approval by audience size, which the database holds itself."""

from django.conf import settings
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

# Versions and uses of a snippet stand in its workspace.
SNIPPETS = """
ALTER TABLE nudges_snippetversion ADD CONSTRAINT snippet_version_in_workspace
    FOREIGN KEY (workspace_id, snippet_id) REFERENCES nudges_snippet (workspace_id, id) ON DELETE CASCADE;
ALTER TABLE nudges_snippetuse ADD CONSTRAINT snippet_use_in_workspace
    FOREIGN KEY (workspace_id, snippet_id) REFERENCES nudges_snippet (workspace_id, id);
"""

# A nudge for more customers than the workspace's threshold may start to speak only in a version that was approved.
APPROVAL = """
CREATE FUNCTION nudges_lacks_approval(asked_workspace bigint, asked_nudge bigint, asked_version integer, reach integer)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM nudges_policy WHERE workspace_id = asked_workspace AND approval_above < reach)
        AND NOT EXISTS (SELECT 1 FROM nudges_approval WHERE nudge_id = asked_nudge AND version = asked_version);
$$;

CREATE FUNCTION nudges_check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted text := coalesce((SELECT approval_role FROM nudges_policy WHERE workspace_id = NEW.workspace_id), 'owner');
BEGIN
    IF NOT EXISTS (SELECT 1 FROM nudges_nudge
                   WHERE id = NEW.nudge_id AND workspace_id = NEW.workspace_id AND version = NEW.version) THEN
        RAISE EXCEPTION 'an approval is for the version that stands' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM engagement_member WHERE workspace_id = NEW.workspace_id
                   AND user_id = NEW.approved_by_id AND role IN ('owner', wanted)) THEN
        RAISE EXCEPTION 'only who may approve approves' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_by_who_may BEFORE INSERT ON nudges_approval
    FOR EACH ROW EXECUTE FUNCTION nudges_check_approval();
CREATE TRIGGER approval_append_only BEFORE UPDATE ON nudges_approval
    FOR EACH ROW EXECUTE FUNCTION touchstone_refuse_change();

CREATE FUNCTION nudges_refuse_unapproved_broadcast() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nudges_lacks_approval(NEW.workspace_id, NEW.nudge_id,
                             (SELECT version FROM nudges_nudge WHERE id = NEW.nudge_id), NEW.audience) THEN
        RAISE EXCEPTION 'this broadcast needs an approval' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER broadcast_starts_approved BEFORE INSERT ON nudges_broadcast
    FOR EACH ROW WHEN (NEW.state = 'running') EXECUTE FUNCTION nudges_refuse_unapproved_broadcast();
CREATE TRIGGER broadcast_resumes_approved BEFORE UPDATE OF state ON nudges_broadcast
    FOR EACH ROW WHEN (NEW.state = 'running' AND OLD.state <> 'running')
    EXECUTE FUNCTION nudges_refuse_unapproved_broadcast();
"""

# Whether a nudge waits for an approval stands on its row: deciding and sending read it there.
AWAIT = """
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

# The same as for approvals, whose column is named otherwise.
REFUSAL = """
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


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("nudges", "0003_limits")]
    replaces = [("nudges", "0019_contents"), ("nudges", "0021_awaits_approval"), ("nudges", "0027_refusals")]
    operations = [
        migrations.CreateModel(
            "Snippet",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="snippets", to="engagement.workspace"
                )),
                ("slug", models.SlugField(max_length=60)),
                ("name", models.CharField(max_length=120)),
                ("texts", models.JSONField(
                    help_text='Markdown by language: {"en": text}, with placeholders.'
                )),
                ("version", models.PositiveIntegerField(default=1)),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "slug"), name="snippet_once"),
                    models.UniqueConstraint(fields=("workspace", "id"), name="snippet_in_workspace"),
                    models.CheckConstraint(condition=~models.Q(texts={}), name="snippet_has_a_text"),
                ],
            },
        ),
        migrations.CreateModel(
            "SnippetVersion",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("snippet", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="versions", to="nudges.snippet"
                )),
                ("number", models.PositiveIntegerField()),
                ("texts", models.JSONField()),
                ("author", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, to=settings.AUTH_USER_MODEL
                )),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("snippet", "number"), name="snippet_version_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "SnippetUse",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("snippet", models.ForeignKey(
                    on_delete=models.PROTECT, related_name="uses", to="nudges.snippet"
                )),
                ("content", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="snippet_uses", to="nudges.nudgecontent"
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("snippet", "content"), name="snippet_used_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "Picture",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="pictures", to="engagement.workspace"
                )),
                ("name", models.CharField(
                    help_text="Random: the address tells nothing.", max_length=40, unique=True
                )),
                ("alt", models.CharField(
                    blank=True, help_text="What is to be seen, for who cannot see it.", max_length=200
                )),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("size", models.PositiveIntegerField(help_text="Bytes.")),
                ("added_by", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, to=settings.AUTH_USER_MODEL
                )),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "-added_at"], name="pictures_recent"),
                ],
            },
        ),
        migrations.CreateModel(
            "Refusal",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("nudge", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="refusals", to="nudges.nudge"
                )),
                ("version", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=500)),
                ("refused_by", models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
                ("refused_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("nudge", "version"), name="refusal_once"),
                    models.CheckConstraint(condition=~models.Q(reason=""), name="refusal_says_why"),
                ],
            },
        ),
        migrations.CreateModel(
            "Approval",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("nudge", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="approvals", to="nudges.nudge"
                )),
                ("version", models.PositiveIntegerField()),
                ("audience", models.PositiveIntegerField(help_text="How many its conditions fitted then.")),
                ("note", models.CharField(blank=True, max_length=500)),
                ("approved_by", models.ForeignKey(
                    on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
                ("approved_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("nudge", "version"), name="approval_once"),
                ],
            },
        ),
        migrations.RunSQL(SNIPPETS, migrations.RunSQL.noop),
        migrations.RunSQL(
            APPROVAL,
            "DROP FUNCTION nudges_check_approval(), nudges_refuse_unapproved_broadcast(), nudges_lacks_approval(bigint, bigint, integer, integer) CASCADE",
        ),
        migrations.RunSQL(
            AWAIT,
            "DROP FUNCTION nudges_await_approval(), nudges_note_approval() CASCADE",
        ),
        migrations.RunSQL(REFUSAL, "DROP FUNCTION nudges_check_refusal() CASCADE"),
    ]
