"""Decisions are tallied by stage too, so that weighing nudges reads sums; the end of quiet hours is found with fewer steps."""

from django.db import migrations, models

SAYS = "workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason"


def tally(says: str, stage: str) -> str:
    """The two triggers' functions, as of 0013, for what a tally says."""
    return f"""
CREATE OR REPLACE FUNCTION nudges_tally_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO nudges_decisiontally (workspace_id, nudge_id, broadcast_id, day, outcome, reason{stage}, n)
    SELECT made.workspace_id, made.nudge_id, made.broadcast_id, nudges_local_day(made.decided_at, workspace.timezone),
           made.outcome, made.reason{stage and ", made.stage"}, made.n
    FROM (SELECT {says}, count(*) AS n FROM added GROUP BY {says}) AS made
    JOIN engagement_workspace AS workspace ON workspace.id = made.workspace_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION nudges_tally_redecided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO nudges_decisiontally (workspace_id, nudge_id, broadcast_id, day, outcome, reason{stage}, n)
    SELECT changed.workspace_id, changed.nudge_id, changed.broadcast_id,
           nudges_local_day(changed.decided_at, workspace.timezone), changed.outcome, changed.reason
           {stage and ", changed.stage"}, changed.n
    FROM (
        SELECT {says}, sum(n) AS n
        FROM (SELECT {says}, 1 AS n FROM added UNION ALL SELECT {says}, -1 FROM removed) AS one
        GROUP BY {says} HAVING sum(n) <> 0
    ) AS changed
    JOIN engagement_workspace AS workspace ON workspace.id = changed.workspace_id;
    RETURN NULL;
END $$;
"""


# What was tallied without a stage is taken from there and put where it belongs.
MOVE = """
INSERT INTO nudges_decisiontally (workspace_id, nudge_id, broadcast_id, day, outcome, reason, stage, n)
SELECT d.workspace_id, d.nudge_id, d.broadcast_id, nudges_local_day(d.decided_at, w.timezone), d.outcome, d.reason,
       side.stage, sum(side.n)
FROM nudges_decision AS d
JOIN engagement_workspace AS w ON w.id = d.workspace_id
CROSS JOIN LATERAL (VALUES ('', -1), (d.stage, 1)) AS side (stage, n)
WHERE d.stage <> ''
GROUP BY 1, 2, 3, 4, 5, 6, 7;
"""

AWAKE_AT = """
CREATE OR REPLACE FUNCTION nudges_awake_at(at timestamptz, zone text, start_1 time, end_1 time, start_2 time, end_2 time)
RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    awake timestamptz := at;
    before timestamptz;
BEGIN
    IF start_1 IS NOT NULL OR start_2 IS NOT NULL THEN
        FOR step IN 1..2 LOOP
            before := awake;
            IF start_1 IS NOT NULL THEN
                awake := greatest(awake, nudges_quiet_until(before, zone, start_1, end_1));
            END IF;
            IF start_2 IS NOT NULL THEN
                awake := greatest(awake, nudges_quiet_until(before, zone, start_2, end_2));
            END IF;
            EXIT WHEN awake = before;
        END LOOP;
    END IF;
    RETURN awake;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("nudges", "0024_send_windows")]
    operations = [
        migrations.AddField(
            "decisiontally", "stage", models.CharField(blank=True, default="", max_length=16)
        ),
        migrations.RunSQL(tally(f"{SAYS}, stage", ", stage"), tally(SAYS, "")),
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
        migrations.RunSQL(AWAKE_AT, migrations.RunSQL.noop),
    ]
