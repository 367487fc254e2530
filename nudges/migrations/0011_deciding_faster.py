"""Deciding at scale: quiet hours found without a query each, and candidates that are ended cheaply.

An ended candidate is written to each of its indexes again, so it has only those that something reads.
"""

import django.db.models.deletion
from django.db import migrations, models

QUIET_UNTIL = """
CREATE OR REPLACE FUNCTION nudges_quiet_until(at timestamptz, zone text, quiet_start time, quiet_end time)
RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    day date;
    over_midnight integer := (quiet_end <= quiet_start)::integer;
BEGIN
    IF quiet_start IS NULL OR quiet_end IS NULL THEN
        RETURN NULL;
    END IF;
    day := (at AT TIME ZONE zone)::date;
    IF at >= (day + quiet_start) AT TIME ZONE zone AND at < (day + over_midnight + quiet_end) AT TIME ZONE zone THEN
        RETURN (day + over_midnight + quiet_end) AT TIME ZONE zone;
    END IF;
    day := day - 1;
    IF at >= (day + quiet_start) AT TIME ZONE zone AND at < (day + over_midnight + quiet_end) AT TIME ZONE zone THEN
        RETURN (day + over_midnight + quiet_end) AT TIME ZONE zone;
    END IF;
    RETURN NULL;
END $$;
"""
AWAKE_AT = """
CREATE OR REPLACE FUNCTION nudges_awake_at(at timestamptz, zone text, start_1 time, end_1 time, start_2 time, end_2 time)
RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    awake timestamptz := at;
BEGIN
    IF start_1 IS NOT NULL OR start_2 IS NOT NULL THEN
        FOR step IN 1..2 LOOP
            awake := greatest(awake, nudges_quiet_until(awake, zone, start_1, end_1),
                              nudges_quiet_until(awake, zone, start_2, end_2));
        END LOOP;
    END IF;
    RETURN awake;
END $$;
"""
ROOM = "ALTER TABLE nudges_pressure SET (fillfactor = 70);"


class Migration(migrations.Migration):
    dependencies = [("nudges", "0010_providers")]
    operations = [
        migrations.RunSQL(QUIET_UNTIL, migrations.RunSQL.noop),
        migrations.RunSQL(AWAKE_AT, migrations.RunSQL.noop),
        migrations.RunSQL(ROOM, "ALTER TABLE nudges_pressure RESET (fillfactor);"),
        migrations.AlterField(
            "candidate",
            "workspace",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, to="engagement.workspace"
            ),
        ),
        migrations.AlterField(
            "candidate",
            "customer",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="candidates",
                to="engagement.customer",
            ),
        ),
        migrations.AlterField(
            "candidate",
            "nudge",
            models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to="nudges.nudge"),
        ),
        migrations.AlterField(
            "candidate",
            "customer_need",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="journeys.customerneed",
            ),
        ),
        migrations.AlterField(
            "candidate",
            "stage_change",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="journeys.stagechange",
            ),
        ),
        migrations.AlterField(
            "candidate",
            "broadcast",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="nudges.broadcast",
            ),
        ),
        migrations.AddIndex(
            "candidate",
            models.Index(
                condition=models.Q(customer_need__isnull=False),
                fields=["customer_need"],
                name="candidates_of_need",
            ),
        ),
        migrations.AddIndex(
            "candidate",
            models.Index(
                condition=models.Q(stage_change__isnull=False),
                fields=["stage_change"],
                name="candidates_of_change",
            ),
        ),
        migrations.AddIndex(
            "candidate",
            models.Index(
                condition=models.Q(state="due", broadcast__isnull=False),
                fields=["broadcast"],
                name="candidates_of_broadcast",
            ),
        ),
    ]
