"""The adaptive cap's formula (docs/adaptive-cap.md), shared by deciding, the pages and the audit."""

from django.db import migrations

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

ARGUMENTS = "timestamptz, timestamptz[], bigint[], text[], bigint[], timestamptz[], double precision[]"


class Migration(migrations.Migration):
    dependencies = [("nudges", "0007_adaptive_caps")]
    operations = [
        migrations.RunSQL(FADED, "DROP FUNCTION nudges_faded(interval, interval);"),
        migrations.RunSQL(RECEPTION, f"DROP FUNCTION nudges_reception({ARGUMENTS});"),
        migrations.RunSQL(ADAPTED, "DROP FUNCTION nudges_adapted(integer, integer, double precision);"),
    ]
