"""Small pure functions that several statements of deciding and the audit share."""

from django.db import migrations

# The local day, week (from Monday) or month in which `at` falls ends then. A midnight that a clock change skips is
# the moment of the change.
NEXT_PERIOD = """
CREATE FUNCTION nudges_next_period(at timestamptz, unit text, zone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (date_trunc(unit, at AT TIME ZONE zone) + CASE unit
        WHEN 'day' THEN interval '1 day' WHEN 'week' THEN interval '7 days' WHEN 'month' THEN interval '1 month' END
    ) AT TIME ZONE zone
$$;
"""

# (Stable, as adding an interval is: were it called immutable, it would not be inlined, and be ten times slower.)
# When a message stops counting against a cap. In a calendar window it counts until the period has ended both where the
# customer is now and where they were when it was decided: a move opens no second window.
FREES_AT = """
CREATE FUNCTION nudges_frees_at(at timestamptz, seconds integer, unit text, zone text, zone_then text)
RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN seconds IS NOT NULL THEN at + seconds * interval '1 second'
        WHEN zone_then = zone OR zone_then = '' THEN nudges_next_period(at, unit, zone)
        ELSE greatest(nudges_next_period(at, unit, zone), nudges_next_period(at, unit, zone_then)) END
$$;
"""

# The end of the quiet hours in which `at` falls, else null. Each night is one stretch from its local start to its local
# end, so an hour that a clock change repeats or skips neither opens a gap in it nor leaves it open.
QUIET_UNTIL = """
CREATE FUNCTION nudges_quiet_until(at timestamptz, zone text, quiet_start time, quiet_end time)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT max(night.until) FROM (
        SELECT (day + quiet_start) AT TIME ZONE zone AS since,
               (day + CASE WHEN quiet_end <= quiet_start THEN 1 ELSE 0 END + quiet_end) AT TIME ZONE zone AS until
        FROM (VALUES ((at AT TIME ZONE zone)::date - 1), ((at AT TIME ZONE zone)::date)) AS days (day)
        WHERE quiet_start IS NOT NULL AND quiet_end IS NOT NULL
    ) AS night
    WHERE night.since <= at AND at < night.until
$$;
"""

# The first moment from `at` on that lies in neither of two kinds of quiet hours. Where the one's end falls into the
# other's they end together; two steps settle that, unless both together leave no hour of the day.
AWAKE_AT = """
CREATE FUNCTION nudges_awake_at(at timestamptz, zone text, start_1 time, end_1 time, start_2 time, end_2 time)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN start_1 IS NULL AND start_2 IS NULL THEN at ELSE (
        SELECT greatest(
            first.at, nudges_quiet_until(first.at, zone, start_1, end_1), nudges_quiet_until(first.at, zone, start_2, end_2)
        )
        FROM (
            SELECT greatest(at, nudges_quiet_until(at, zone, start_1, end_1), nudges_quiet_until(at, zone, start_2, end_2))
        ) AS first (at)
    ) END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("nudges", "0003_deciding")]
    operations = [
        migrations.RunSQL(NEXT_PERIOD, "DROP FUNCTION nudges_next_period(timestamptz, text, text);"),
        migrations.RunSQL(FREES_AT, "DROP FUNCTION nudges_frees_at(timestamptz, integer, text, text, text);"),
        migrations.RunSQL(QUIET_UNTIL, "DROP FUNCTION nudges_quiet_until(timestamptz, text, time, time);"),
        migrations.RunSQL(AWAKE_AT, "DROP FUNCTION nudges_awake_at(timestamptz, text, time, time, time, time);"),
    ]
