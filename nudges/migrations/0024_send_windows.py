"""Send windows of workspaces and nudges: as they are written, and beside it as minutes of the week for deciding."""

from django.db import migrations, models

# Windows as minutes of the week from Monday 0:00; null where there are none, which is always.
WEEK = """
CREATE FUNCTION nudges_week(windows jsonb) RETURNS int4multirange
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT range_agg(int4range(
        (day.iso::integer - 1) * 1440 + split_part(one.w ->> 'start', ':', 1)::integer * 60
            + split_part(one.w ->> 'start', ':', 2)::integer,
        (day.iso::integer - 1) * 1440 + split_part(one.w ->> 'end', ':', 1)::integer * 60
            + split_part(one.w ->> 'end', ':', 2)::integer
    ))
    FROM jsonb_array_elements(windows) AS one (w)
    CROSS JOIN LATERAL jsonb_array_elements_text(one.w -> 'days') AS day (iso)
$$;
"""

# The first moment from `at` on within the week's stretches, by that zone's clock; null when there is none. Each stretch
# is one from its local beginning to its local end, so a day on which clocks change has an hour more or less of it.
OPEN_AT = """
CREATE FUNCTION nudges_open_at(at timestamptz, zone text, week int4multirange) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT min(greatest(at, open.since)) FROM (
        SELECT (monday + lower(stretch) * interval '1 minute') AT TIME ZONE zone AS since,
               (monday + upper(stretch) * interval '1 minute') AT TIME ZONE zone AS until
        FROM unnest(week) AS stretch
        CROSS JOIN LATERAL (SELECT date_trunc('week', at AT TIME ZONE zone) + n * interval '7 days' AS monday
                            FROM generate_series(-1, 1) AS n) AS weeks
    ) AS open
    WHERE open.since < open.until AND at < open.until
$$;
"""

# The first moment from `at` on that lies in no quiet hours and in the week's stretches; null when there is none within
# two weeks, which is never: all of them come again each week.
OPEN_AND_AWAKE_AT = """
CREATE FUNCTION nudges_open_and_awake_at(
    at timestamptz, zone text, start_1 time, end_1 time, start_2 time, end_2 time, week int4multirange
) RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    moment timestamptz := at;
    found timestamptz;
BEGIN
    LOOP
        found := nudges_open_at(nudges_awake_at(moment, zone, start_1, end_1, start_2, end_2), zone, week);
        IF found IS NULL OR found = moment THEN
            RETURN found;
        END IF;
        IF found > at + interval '14 days' THEN
            RETURN NULL;
        END IF;
        moment := found;
    END LOOP;
END $$;
"""

# The same, and without a week the end of the quiet hours: nearly always, so it stays as cheap as that is.
SENDABLE_AT = """
CREATE FUNCTION nudges_sendable_at(
    at timestamptz, zone text, start_1 time, end_1 time, start_2 time, end_2 time, week int4multirange
) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN week IS NULL THEN nudges_awake_at(at, zone, start_1, end_1, start_2, end_2)
        ELSE nudges_open_and_awake_at(at, zone, start_1, end_1, start_2, end_2, week) END
$$;
"""
ARGUMENTS = "timestamptz, text, time, time, time, time, int4multirange"


def generated(table: str) -> migrations.RunSQL:
    """The column that deciding reads, and the constraint that there is a week in what is written."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ADD COLUMN send_week int4multirange
            GENERATED ALWAYS AS (nudges_week(send_windows)) STORED;
        ALTER TABLE {table} ADD CONSTRAINT {table}_send_windows_whole CHECK (
            send_windows = '[]' OR send_week IS NOT NULL AND send_week <> '{{}}' AND send_week <@ '{{[0,10080)}}'
        );
        """,
        f"""
        ALTER TABLE {table} DROP CONSTRAINT {table}_send_windows_whole;
        ALTER TABLE {table} DROP COLUMN send_week;
        """,
    )


def windows(model: str, help_text: str) -> migrations.AddField:
    return migrations.AddField(
        model_name=model,
        name="send_windows",
        field=models.JSONField(blank=True, db_default=[], default=list, help_text=help_text),
    )


class Migration(migrations.Migration):
    dependencies = [("nudges", "0023_review_requests")]
    operations = [
        migrations.RunSQL(WEEK, "DROP FUNCTION nudges_week(jsonb);"),
        migrations.RunSQL(OPEN_AT, "DROP FUNCTION nudges_open_at(timestamptz, text, int4multirange);"),
        migrations.RunSQL(OPEN_AND_AWAKE_AT, f"DROP FUNCTION nudges_open_and_awake_at({ARGUMENTS});"),
        migrations.RunSQL(SENDABLE_AT, f"DROP FUNCTION nudges_sendable_at({ARGUMENTS});"),
        windows("policy", "When push messages leave, but service; see nudges.send_windows. Empty: always."),
        windows("nudge", "When it leaves, beside the workspace's; see nudges.send_windows. Empty: always."),
        generated("nudges_policy"),
        generated("nudges_nudge"),
    ]
