"""A part of the ledger is dropped only if it is empty once nobody else can write to it; open merges are found at once."""

from django.db import migrations

DROP_EMPTY = """
CREATE FUNCTION nudges_drop_empty_decision_part(name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    is_empty boolean;
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', name);
    EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I)', name) INTO is_empty;
    IF is_empty THEN
        EXECUTE format('DROP TABLE %I', name);
    END IF;
    RETURN is_empty;
END $$;
DROP FUNCTION nudges_drop_decision_part(text);
"""
DROP_ANY = """
DROP FUNCTION nudges_drop_empty_decision_part(text);
CREATE FUNCTION nudges_drop_decision_part(name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
END $$;
"""
# As `absorb_merges` asks; nearly all merges are absorbed, so this stays small.
OPEN_MERGES = """
CREATE INDEX merges_open_to_nudges ON engagement_merge (id) WHERE NOT absorbed_by @> ARRAY['nudges']::varchar(20)[];
"""


class Migration(migrations.Migration):
    dependencies = [("engagement", "0008_channels"), ("nudges", "0014_reach")]
    operations = [
        migrations.RunSQL(DROP_EMPTY, DROP_ANY),
        migrations.RunSQL(OPEN_MERGES, "DROP INDEX merges_open_to_nudges;"),
    ]
