"""Rollups that the database keeps beside decisions and messages, in the transaction of the statement that writes."""

from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

# A day is the workspace's, as its zone is then.
TALLY_DECISIONS = """
CREATE FUNCTION nudges_local_day(at timestamptz, zone text) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (at AT TIME ZONE zone)::date;
EXCEPTION WHEN invalid_parameter_value THEN  -- a zone that this database does not know
    RETURN (at AT TIME ZONE 'UTC')::date;
END $$;
CREATE FUNCTION nudges_tally_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO nudges_decisiontally (workspace_id, nudge_id, broadcast_id, day, outcome, reason, stage, n)
    SELECT made.workspace_id, made.nudge_id, made.broadcast_id, nudges_local_day(made.decided_at, workspace.timezone),
           made.outcome, made.reason, made.stage, made.n
    FROM (SELECT workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, stage, count(*) AS n FROM added GROUP BY workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, stage) AS made
    JOIN engagement_workspace AS workspace ON workspace.id = made.workspace_id;
    RETURN NULL;
END $$;
CREATE FUNCTION nudges_tally_redecided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO nudges_decisiontally (workspace_id, nudge_id, broadcast_id, day, outcome, reason, stage, n)
    SELECT changed.workspace_id, changed.nudge_id, changed.broadcast_id,
           nudges_local_day(changed.decided_at, workspace.timezone), changed.outcome, changed.reason
           , changed.stage, changed.n
    FROM (
        SELECT workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, stage, sum(n) AS n
        FROM (SELECT workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, stage, 1 AS n FROM added UNION ALL SELECT workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, stage, -1 FROM removed) AS one
        GROUP BY workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, stage HAVING sum(n) <> 0
    ) AS changed
    JOIN engagement_workspace AS workspace ON workspace.id = changed.workspace_id;
    RETURN NULL;
END $$;
CREATE TRIGGER tally_decided AFTER INSERT ON nudges_decision
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION nudges_tally_decided();
CREATE TRIGGER tally_redecided AFTER UPDATE ON nudges_decision
    REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION nudges_tally_redecided();
"""

TALLY_PUSHES = """
CREATE FUNCTION nudges_tally_pushes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO nudges_pushtally (workspace_id, hour, interest, n)
    SELECT workspace_id, date_trunc('hour', decided_at, 'UTC'), interest, count(*) FROM added WHERE counts GROUP BY 1, 2, 3;
    RETURN NULL;
END $$;
CREATE FUNCTION nudges_tally_push() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO nudges_pushtally (workspace_id, hour, interest, n)
    VALUES (OLD.workspace_id, date_trunc('hour', OLD.decided_at, 'UTC'), OLD.interest, CASE WHEN OLD.counts THEN -1 ELSE 1 END);
    RETURN NULL;
END $$;
CREATE TRIGGER tally_pushes AFTER INSERT ON nudges_message
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION nudges_tally_pushes();
CREATE TRIGGER tally_released AFTER UPDATE OF counts ON nudges_message FOR EACH ROW
    WHEN (OLD.counts <> NEW.counts) EXECUTE FUNCTION nudges_tally_push();
CREATE TRIGGER tally_erased AFTER DELETE ON nudges_message FOR EACH ROW
    WHEN (OLD.counts) EXECUTE FUNCTION nudges_tally_push();
"""


class Migration(migrations.Migration):
    dependencies = [("nudges", "0008_delivery")]
    replaces = [("nudges", "0025_tallies_by_stage")]
    operations = [
        migrations.CreateModel(
            "DecisionTally",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("nudge", models.ForeignKey(db_index=False, on_delete=models.CASCADE, to="nudges.nudge")),
                ("broadcast", models.ForeignKey(
                    db_index=False, null=True, on_delete=models.CASCADE, to="nudges.broadcast"
                )),
                ("day", models.DateField(help_text="The workspace's, by its zone then.")),
                ("outcome", models.CharField(max_length=8)),
                ("reason", models.CharField(max_length=24)),
                ("stage", models.CharField(blank=True, default="", max_length=16)),
                ("n", models.IntegerField()),
            ],
            options={
                "verbose_name_plural": "decision tallies",
                "indexes": [
                    models.Index(fields=["workspace", "day"], name="tally_of_day"),
                    models.Index(fields=["nudge", "day"], name="tally_of_nudge"),
                    models.Index(
                        fields=["broadcast"], condition=models.Q(broadcast__isnull=False),
                        name="tally_of_broadcast"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "PushTally",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("hour", models.DateTimeField()),
                ("interest", models.CharField(max_length=8)),
                ("n", models.IntegerField()),
            ],
            options={
                "verbose_name_plural": "push tallies",
                "indexes": [
                    models.Index(fields=["workspace", "hour"], include=("interest", "n"), name="push_tally"),
                ],
            },
        ),
        migrations.RunSQL(
            TALLY_DECISIONS,
            "DROP FUNCTION nudges_tally_decided(), nudges_tally_redecided(), nudges_local_day(timestamptz, text) CASCADE",
        ),
        migrations.RunSQL(
            TALLY_PUSHES,
            "DROP FUNCTION nudges_tally_pushes(), nudges_tally_push() CASCADE",
        ),
    ]
