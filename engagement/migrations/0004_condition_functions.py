"""What the tests of a condition ask of a JSON value: null where the question makes no sense, and never an error."""

from django.db import migrations

JSON_IN = """
CREATE FUNCTION engagement_json_in(value jsonb, wanted jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof(value) IN ('string', 'number', 'boolean') THEN wanted @> value END
$$;
"""

JSON_CONTAINS = """
CREATE FUNCTION engagement_json_contains(value jsonb, wanted jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN jsonb_typeof(value) = 'array' THEN value @> jsonb_build_array(wanted)
        WHEN jsonb_typeof(value) = 'string' AND jsonb_typeof(wanted) = 'string'
            THEN strpos(lower(value #>> '{}'), lower(wanted #>> '{}')) > 0
    END
$$;
"""

JSON_NUMBER = """
CREATE FUNCTION engagement_json_number(value jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN jsonb_typeof(value) = 'number' THEN value::numeric END
$$;
"""

# Only a text that is a moment for sure is cast: anything else would end the statement that asks.
JSON_MOMENT = r"""
CREATE FUNCTION engagement_json_moment(value jsonb) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN jsonb_typeof(value) = 'string'
            AND value #>> '{}' ~
            '^\d{4}-\d{2}-\d{2}([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)?)?$'
            AND pg_input_is_valid(value #>> '{}', 'timestamptz')
        THEN (value #>> '{}')::timestamptz
    END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("engagement", "0003_events")]
    replaces = [("engagement", "0005_condition_functions")]
    operations = [
        migrations.RunSQL(JSON_IN, "DROP FUNCTION engagement_json_in(jsonb, jsonb)"),
        migrations.RunSQL(JSON_CONTAINS, "DROP FUNCTION engagement_json_contains(jsonb, jsonb)"),
        migrations.RunSQL(JSON_NUMBER, "DROP FUNCTION engagement_json_number(jsonb)"),
        migrations.RunSQL(JSON_MOMENT, "DROP FUNCTION engagement_json_moment(jsonb)"),
    ]
