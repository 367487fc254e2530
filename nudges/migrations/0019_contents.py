"""Letters of blocks, snippets, pictures, and approval by audience size, which the database holds itself."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A nudge for more customers than the workspace's threshold may start to speak only in a version that was approved.
APPROVAL = """
ALTER TABLE nudges_snippetversion ADD CONSTRAINT snippet_version_in_workspace
    FOREIGN KEY (workspace_id, snippet_id) REFERENCES nudges_snippet (workspace_id, id) ON DELETE CASCADE;
ALTER TABLE nudges_snippetuse ADD CONSTRAINT snippet_use_in_workspace
    FOREIGN KEY (workspace_id, snippet_id) REFERENCES nudges_snippet (workspace_id, id);

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
NO_APPROVAL = """
DROP TRIGGER nudge_speaks_approved ON nudges_nudge;
DROP TRIGGER broadcast_resumes_approved ON nudges_broadcast;
DROP TRIGGER broadcast_starts_approved ON nudges_broadcast;
DROP TRIGGER approval_append_only ON nudges_approval;
DROP TRIGGER approval_by_who_may ON nudges_approval;
DROP FUNCTION nudges_refuse_unapproved_nudge();
DROP FUNCTION nudges_refuse_unapproved_broadcast();
DROP FUNCTION nudges_check_approval();
DROP FUNCTION nudges_lacks_approval(bigint, bigint, integer, integer);
"""


def foreign_key(to, **options):
    return models.ForeignKey(**{"on_delete": django.db.models.deletion.CASCADE, "to": to} | options)


ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
USER = settings.AUTH_USER_MODEL
SET_NULL, PROTECT = django.db.models.deletion.SET_NULL, django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0009_suppressions"),
        migrations.swappable_dependency(USER),
        ("nudges", "0018_throughput"),
    ]
    operations = [
        migrations.AddField("nudge", "audience", models.PositiveIntegerField(
            null=True, help_text="How many its conditions fitted when it was last activated, approved or broadcast.",
        )),
        migrations.AddField("nudge", "edited_by", foreign_key(
            USER, blank=True, null=True, on_delete=SET_NULL, related_name="+"
        )),
        migrations.AddField("nudgecontent", "blocks", models.JSONField(
            default=list, db_default=[], blank=True, help_text="Of a letter: see nudges.wording.blocks.",
        )),
        migrations.AlterField("nudgecontent", "body", models.TextField(
            max_length=20000, blank=True, help_text="Markdown; empty where there are blocks.",
        )),
        migrations.AddConstraint("nudgecontent", models.CheckConstraint(
            condition=models.Q(("body", ""), ("blocks", []), _connector="OR"), name="content_is_words_or_blocks",
        )),
        migrations.AddField("policy", "approval_above", models.PositiveIntegerField(
            blank=True, null=True, help_text="A nudge for more customers needs an approval; empty: none does.",
        )),
        migrations.AddField("policy", "approval_role", models.CharField(
            choices=[("owner", "Owner"), ("marketer", "Marketer"), ("moderator", "Moderator"), ("analyst", "Analyst")],
            default="owner", db_default="owner", max_length=16, help_text="The least role that may approve.",
        )),
        migrations.AddConstraint("policy", models.CheckConstraint(
            condition=models.Q(("approval_role__in", ["owner", "marketer"])), name="approval_by_who_may_write",
        )),
        migrations.CreateModel("Snippet", [
            ID,
            ("slug", models.SlugField(max_length=60)),
            ("name", models.CharField(max_length=120)),
            ("texts", models.JSONField(help_text='Markdown by language: {"en": text}, with placeholders.')),
            ("version", models.PositiveIntegerField(default=1)),
            ("updated_at", models.DateTimeField()),
            ("workspace", foreign_key("engagement.workspace", related_name="snippets")),
        ], options={"constraints": [
            models.UniqueConstraint(fields=("workspace", "slug"), name="snippet_once"),
            models.UniqueConstraint(fields=("workspace", "id"), name="snippet_in_workspace"),
            models.CheckConstraint(condition=models.Q(("texts", {}), _negated=True), name="snippet_has_a_text"),
        ]}),
        migrations.CreateModel("SnippetVersion", [
            ID,
            ("number", models.PositiveIntegerField()),
            ("texts", models.JSONField()),
            ("at", models.DateTimeField()),
            ("author", foreign_key(USER, null=True, on_delete=SET_NULL)),
            ("snippet", foreign_key("nudges.snippet", related_name="versions")),
            ("workspace", foreign_key("engagement.workspace", db_index=False)),
        ], options={"constraints": [
            models.UniqueConstraint(fields=("snippet", "number"), name="snippet_version_once"),
        ]}),
        migrations.CreateModel("SnippetUse", [
            ID,
            ("content", foreign_key("nudges.nudgecontent", related_name="snippet_uses")),
            ("snippet", foreign_key("nudges.snippet", on_delete=PROTECT, related_name="uses")),
            ("workspace", foreign_key("engagement.workspace", db_index=False)),
        ], options={"constraints": [
            models.UniqueConstraint(fields=("snippet", "content"), name="snippet_used_once"),
        ]}),
        migrations.CreateModel("Picture", [
            ID,
            ("name", models.CharField(max_length=40, unique=True, help_text="Random: the address tells nothing.")),
            ("alt", models.CharField(
                blank=True, max_length=200, help_text="What is to be seen, for who cannot see it."
            )),
            ("width", models.PositiveIntegerField()),
            ("height", models.PositiveIntegerField()),
            ("size", models.PositiveIntegerField(help_text="Bytes.")),
            ("added_at", models.DateTimeField()),
            ("added_by", foreign_key(USER, null=True, on_delete=SET_NULL)),
            ("workspace", foreign_key("engagement.workspace", related_name="pictures")),
        ], options={"indexes": [models.Index(fields=["workspace", "-added_at"], name="pictures_recent")]}),
        migrations.CreateModel("Approval", [
            ID,
            ("version", models.PositiveIntegerField()),
            ("audience", models.PositiveIntegerField(help_text="How many its conditions fitted then.")),
            ("note", models.CharField(blank=True, max_length=500)),
            ("approved_at", models.DateTimeField()),
            ("approved_by", foreign_key(USER, on_delete=PROTECT, related_name="+")),
            ("nudge", foreign_key("nudges.nudge", db_index=False, related_name="approvals")),
            ("workspace", foreign_key("engagement.workspace", db_index=False)),
        ], options={"constraints": [
            models.UniqueConstraint(fields=("nudge", "version"), name="approval_once"),
        ]}),
        migrations.RunSQL(APPROVAL, NO_APPROVAL),
    ]  # fmt: skip
