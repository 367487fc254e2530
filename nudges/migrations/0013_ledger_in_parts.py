"""The ledger in parts by candidate number, and rollups that the database keeps beside it.

Candidates are numbered in the order in which they are put forward, so a part of the ledger is a stretch of time; and as
the number is the part's key, the database still holds that a candidate is decided once.
"""

import django.db.models.deletion
from django.db import migrations, models

PARTS = """
CREATE FUNCTION nudges_make_decision_part(part bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    name text := 'nudges_decision_' || part;
    size bigint := 5000000;
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    LOCK TABLE nudges_decision IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE nudges_decision INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', name);
    EXECUTE format(  -- what came while the part was missing; Postgres makes no part over it
        'WITH late AS (DELETE FROM nudges_decision_default WHERE candidate_id >= %L AND candidate_id < %L RETURNING *)
         INSERT INTO %I SELECT * FROM late', part * size, (part + 1) * size, name
    );
    EXECUTE format(
        'ALTER TABLE nudges_decision ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, part * size, (part + 1) * size
    );
    RETURN true;
END $$;
CREATE FUNCTION nudges_drop_decision_part(name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
END $$;
"""
DROP_PARTS = "DROP FUNCTION nudges_make_decision_part(bigint); DROP FUNCTION nudges_drop_decision_part(text);"

SWAP = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE nudges_decision RENAME TO nudges_decision_before;
CREATE TABLE nudges_decision (LIKE nudges_decision_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY)
    {partition};
{add_broadcast}
INSERT INTO nudges_decision ({columns}) SELECT {columns} FROM nudges_decision_before;
DROP TABLE nudges_decision_before;
SELECT setval(pg_get_serial_sequence('nudges_decision', 'id'), coalesce(max(id), 0) + 1, false) FROM nudges_decision;
ALTER TABLE nudges_decision
    {keys},
    ADD CONSTRAINT decision_of_candidate FOREIGN KEY (candidate_id) REFERENCES nudges_candidate DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT decision_customer_in_workspace FOREIGN KEY (workspace_id, customer_id)
        REFERENCES engagement_customer (workspace_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT decision_of_nudge FOREIGN KEY (nudge_id) REFERENCES nudges_nudge DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT decision_of_need FOREIGN KEY (customer_need_id)
        REFERENCES journeys_customerneed DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX decisions_of_customer ON nudges_decision (customer_id, decided_at DESC);
CREATE INDEX decisions_recent ON nudges_decision (workspace_id, decided_at DESC, id DESC);
CREATE INDEX decisions_of_nudge ON nudges_decision (nudge_id, decided_at DESC);
CREATE INDEX decisions_of_need ON nudges_decision (customer_need_id) WHERE customer_need_id IS NOT NULL;
"""
COLUMNS = (
    "id, workspace_id, candidate_id, customer_id, nudge_id, nudge_version, customer_need_id, outcome, reason, rule, "
    'policy_version, "limit", count, used_by, allowed_at, winner_id, stage, channel, in_holdout, context, earlier, decided_at'
)
APART = (
    SWAP.format(
        partition="PARTITION BY RANGE (candidate_id)",
        add_broadcast="""ALTER TABLE nudges_decision ADD COLUMN broadcast_id bigint;
CREATE TABLE nudges_decision_default PARTITION OF nudges_decision DEFAULT;
SELECT nudges_make_decision_part(part)
FROM generate_series(0, (SELECT coalesce(max(id), 0) / 5000000 + 1 FROM nudges_candidate)) AS part;""",
        keys="ADD PRIMARY KEY (candidate_id)",
        columns=COLUMNS,
    )
    + """CREATE INDEX decisions_by_id ON nudges_decision (id);
UPDATE nudges_decision AS d SET broadcast_id = c.broadcast_id
FROM nudges_candidate AS c WHERE c.id = d.candidate_id AND c.broadcast_id IS NOT NULL;
SET CONSTRAINTS ALL DEFERRED;
"""
)
TOGETHER = (
    SWAP.format(
        partition="",
        add_broadcast="ALTER TABLE nudges_decision DROP COLUMN broadcast_id;",  # it stands on the candidate
        keys="ADD PRIMARY KEY (id), ADD UNIQUE (candidate_id)",
        columns=COLUMNS,
    )
    + "SET CONSTRAINTS ALL DEFERRED;"
)

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
    INSERT INTO nudges_decisiontally (workspace_id, nudge_id, broadcast_id, day, outcome, reason, n)
    SELECT made.workspace_id, made.nudge_id, made.broadcast_id, nudges_local_day(made.decided_at, workspace.timezone),
           made.outcome, made.reason, made.n
    FROM (
        SELECT workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, count(*) AS n
        FROM added GROUP BY workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason
    ) AS made
    JOIN engagement_workspace AS workspace ON workspace.id = made.workspace_id;
    RETURN NULL;
END $$;
CREATE FUNCTION nudges_tally_redecided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO nudges_decisiontally (workspace_id, nudge_id, broadcast_id, day, outcome, reason, n)
    SELECT changed.workspace_id, changed.nudge_id, changed.broadcast_id,
           nudges_local_day(changed.decided_at, workspace.timezone), changed.outcome, changed.reason, changed.n
    FROM (
        SELECT workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, sum(n) AS n
        FROM (
            SELECT workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, 1 AS n FROM added
            UNION ALL
            SELECT workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason, -1 FROM removed
        ) AS one
        GROUP BY workspace_id, nudge_id, broadcast_id, decided_at, outcome, reason HAVING sum(n) <> 0
    ) AS changed
    JOIN engagement_workspace AS workspace ON workspace.id = changed.workspace_id;
    RETURN NULL;
END $$;
CREATE TRIGGER tally_decided AFTER INSERT ON nudges_decision
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION nudges_tally_decided();
CREATE TRIGGER tally_redecided AFTER UPDATE ON nudges_decision
    REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION nudges_tally_redecided();
INSERT INTO nudges_decisiontally (workspace_id, nudge_id, broadcast_id, day, outcome, reason, n)
SELECT d.workspace_id, d.nudge_id, d.broadcast_id, nudges_local_day(d.decided_at, w.timezone), d.outcome, d.reason, count(*)
FROM nudges_decision AS d JOIN engagement_workspace AS w ON w.id = d.workspace_id GROUP BY 1, 2, 3, 4, 5, 6;
"""
UNTALLY_DECISIONS = """
DROP TRIGGER tally_decided ON nudges_decision;
DROP TRIGGER tally_redecided ON nudges_decision;
DROP FUNCTION nudges_tally_decided();
DROP FUNCTION nudges_tally_redecided();
DROP FUNCTION nudges_local_day(timestamptz, text);
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
INSERT INTO nudges_pushtally (workspace_id, hour, interest, n)
SELECT workspace_id, date_trunc('hour', decided_at, 'UTC'), interest, count(*) FROM nudges_message WHERE counts GROUP BY 1, 2, 3;
"""
UNTALLY_PUSHES = """
DROP TRIGGER tally_pushes ON nudges_message;
DROP TRIGGER tally_released ON nudges_message;
DROP TRIGGER tally_erased ON nudges_message;
DROP FUNCTION nudges_tally_pushes();
DROP FUNCTION nudges_tally_push();
"""


def foreign_key(to, **options):
    return models.ForeignKey(
        **{"db_index": False, "on_delete": django.db.models.deletion.CASCADE, "to": to} | options
    )


class Migration(migrations.Migration):
    dependencies = [("nudges", "0012_texts")]
    operations = [
        migrations.RunSQL(PARTS, DROP_PARTS),
        migrations.RunSQL(
            APART,
            TOGETHER,
            state_operations=[
                migrations.AlterField("decision", "workspace", foreign_key("engagement.workspace")),
                migrations.AlterField(
                    "decision", "customer", foreign_key("engagement.customer", related_name="decisions")
                ),
                migrations.AlterField(
                    "decision", "nudge", foreign_key("nudges.nudge", related_name="decisions")
                ),
                migrations.AlterField(
                    "decision",
                    "customer_need",
                    foreign_key(
                        "journeys.customerneed", null=True, on_delete=django.db.models.deletion.SET_NULL
                    ),
                ),
                migrations.AlterField(
                    "decision",
                    "winner",
                    foreign_key(
                        "nudges.candidate",
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                    ),
                ),
                migrations.AddField(
                    "decision",
                    "broadcast",
                    foreign_key(
                        "nudges.broadcast",
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                    ),
                ),
                migrations.AddIndex(
                    "decision",
                    models.Index(
                        condition=models.Q(customer_need__isnull=False),
                        fields=["customer_need"],
                        name="decisions_of_need",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            "DecisionTally",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("workspace", foreign_key("engagement.workspace")),
                ("nudge", foreign_key("nudges.nudge")),
                ("broadcast", foreign_key("nudges.broadcast", null=True)),
                ("day", models.DateField(help_text="The workspace's, by its zone then.")),
                ("outcome", models.CharField(max_length=8)),
                ("reason", models.CharField(max_length=24)),
                ("n", models.IntegerField()),
            ],
            options={
                "verbose_name_plural": "decision tallies",
                "indexes": [
                    models.Index(fields=["workspace", "day"], name="tally_of_day"),
                    models.Index(fields=["nudge", "day"], name="tally_of_nudge"),
                    models.Index(
                        condition=models.Q(broadcast__isnull=False),
                        fields=["broadcast"],
                        name="tally_of_broadcast",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "PushTally",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("workspace", foreign_key("engagement.workspace")),
                ("hour", models.DateTimeField()),
                ("interest", models.CharField(max_length=8)),
                ("n", models.IntegerField()),
            ],
            options={
                "verbose_name_plural": "push tallies",
                "indexes": [
                    models.Index(fields=["workspace", "hour"], include=["interest", "n"], name="push_tally")
                ],
            },
        ),
        migrations.RunSQL(TALLY_DECISIONS, UNTALLY_DECISIONS),
        migrations.RunSQL(TALLY_PUSHES, UNTALLY_PUSHES),
    ]
