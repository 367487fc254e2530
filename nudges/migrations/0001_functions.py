"""Small pure functions that statements of deciding, the pages and the audit share.

What these files replace, and how: see the first of engagement.
"""

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

# The first moment from `at` on that lies in neither of two kinds of quiet hours. Where the one's end falls into the
# other's they end together; two steps settle that, unless both together leave no hour of the day.
AWAKE_AT = """
CREATE FUNCTION nudges_awake_at(at timestamptz, zone text, start_1 time, end_1 time, start_2 time, end_2 time)
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

# The adaptive cap's formula is explained in docs/adaptive-cap.md.
# What is left after `age` of something that fades by half in each half-life.
FADED = """
CREATE FUNCTION nudges_faded(age interval, half_life interval) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT power(2::float8, -greatest(extract(epoch FROM age), 0)::float8 / extract(epoch FROM half_life)::float8)
$$;
"""

# How a customer received what we sent, from the arrays of their pressure and reception rows, as of a moment.
# nudges/receptions.py has the same in Python, for simulations; a test holds them equal.
RECEPTION = """
CREATE FUNCTION nudges_reception(
    now timestamptz, sent_at timestamptz[], ids bigint[], promises text[],
    signed bigint[], signs_at timestamptz[], worths double precision[]
)
RETURNS TABLE (recent double precision, in_a_row integer, ignored double precision, bad double precision,
               good double precision, level double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT felt.recent, felt.in_a_row, felt.ignored, felt.bad, felt.good,
        round(((2 + felt.good) / (2 + felt.good + felt.bad + felt.ignored + felt.recent))::numeric, 4)::float8
    FROM (
        SELECT pushed.recent, pushed.in_a_row, pushed.ignored, heard.bad, heard.good
        FROM (
            SELECT coalesce(sum(0.25 * nudges_faded(now - p.at, interval '3 days')), 0)::float8 AS recent,
                count(*) FILTER (WHERE p.is_ignored)::integer AS in_a_row,
                coalesce(sum(nudges_faded(now - p.at, interval '15 days')) FILTER (WHERE p.is_ignored), 0)::float8 AS ignored
            FROM (
                SELECT u.at, u.promise <> 'service' AND u.at <= now - interval '72 hours' AND u.at > coalesce(
                    (SELECT max(x.at) FROM unnest(sent_at, ids) AS x (at, id) WHERE x.id = ANY (signed)), '-infinity'
                ) AS is_ignored
                FROM unnest(sent_at, promises) AS u (at, promise)
                WHERE u.at > now - interval '90 days'
            ) AS p
        ) AS pushed,
        (
            SELECT coalesce(sum(-s.worth * nudges_faded(now - s.at, interval '15 days')) FILTER (WHERE s.worth < 0), 0)::float8 AS bad,
                coalesce(sum(s.worth * nudges_faded(now - s.at, interval '15 days')) FILTER (WHERE s.worth > 0), 0)::float8 AS good
            FROM unnest(signs_at, worths) AS s (at, worth)
            WHERE s.at > now - interval '90 days'
        ) AS heard
    ) AS felt
$$;
"""

# A cap's limit for a customer of that level: between floor and limit, rounded half up, never above the limit.
ADAPTED = """
CREATE FUNCTION nudges_adapted("limit" integer, floor integer, level double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN floor IS NULL OR level IS NULL THEN "limit"
        ELSE least("limit", floor + floor(level * ("limit" - floor) + 0.5)::integer) END
$$;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    replaces = [
        ("nudges", "0001_initial"), ("nudges", "0004_deciding_functions"),
        ("nudges", "0008_adaptive_functions"), ("nudges", "0011_deciding_faster"),
        ("nudges", "0029_messages_unreached")
    ]
    operations = [
        migrations.RunSQL(NEXT_PERIOD, "DROP FUNCTION nudges_next_period(timestamptz, text, text)"),
        migrations.RunSQL(
            FREES_AT,
            "DROP FUNCTION nudges_frees_at(timestamptz, integer, text, text, text)",
        ),
        migrations.RunSQL(
            QUIET_UNTIL,
            "DROP FUNCTION nudges_quiet_until(timestamptz, text, time, time)",
        ),
        migrations.RunSQL(
            AWAKE_AT,
            "DROP FUNCTION nudges_awake_at(timestamptz, text, time, time, time, time)",
        ),
        migrations.RunSQL(WEEK, "DROP FUNCTION nudges_week(jsonb)"),
        migrations.RunSQL(OPEN_AT, "DROP FUNCTION nudges_open_at(timestamptz, text, int4multirange)"),
        migrations.RunSQL(
            OPEN_AND_AWAKE_AT,
            "DROP FUNCTION nudges_open_and_awake_at(timestamptz, text, time, time, time, time, int4multirange)",
        ),
        migrations.RunSQL(
            SENDABLE_AT,
            "DROP FUNCTION nudges_sendable_at(timestamptz, text, time, time, time, time, int4multirange)",
        ),
        migrations.RunSQL(FADED, "DROP FUNCTION nudges_faded(interval, interval)"),
        migrations.RunSQL(
            RECEPTION,
            "DROP FUNCTION nudges_reception(timestamptz, timestamptz[], bigint[], text[], bigint[], timestamptz[], double precision[])",
        ),
        migrations.RunSQL(
            ADAPTED,
            "DROP FUNCTION nudges_adapted(integer, integer, double precision)",
        ),
    ]
