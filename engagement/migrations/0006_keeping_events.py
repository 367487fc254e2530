"""Partitions that can be made late and dropped, and an index by which old message ids are found."""

import django.contrib.postgres.indexes
from django.db import migrations

# Rows that came while their month had no partition are in the default one; Postgres makes no partition over them.
MAKE = """
CREATE OR REPLACE FUNCTION engagement_make_event_partition(month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    name text := 'engagement_event_' || to_char(month, 'YYYY_MM');
    month_start timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    month_end timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    LOCK TABLE engagement_event IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE engagement_event INCLUDING CONSTRAINTS INCLUDING INDEXES)', name);
    EXECUTE format(
        'WITH late AS (DELETE FROM engagement_event_default WHERE received_at >= %L AND received_at < %L RETURNING *)
         INSERT INTO %I SELECT * FROM late', month_start, month_end, name
    );
    EXECUTE format(
        'ALTER TABLE engagement_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, month_start, month_end
    );
    RETURN true;
END $$;
"""
DROP = """
CREATE FUNCTION engagement_drop_event_partition(name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("engagement", "0005_condition_functions")]
    operations = [
        migrations.RunSQL(MAKE, migrations.RunSQL.noop),
        migrations.RunSQL(DROP, "DROP FUNCTION engagement_drop_event_partition(text);"),
        migrations.AddIndex(
            model_name="eventkey",
            index=django.contrib.postgres.indexes.BrinIndex(
                fields=["received_at"], name="eventkey_age", pages_per_range=32
            ),
        ),
    ]
