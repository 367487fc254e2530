"""What waits to be decided stands in a table of its own, from which it is deleted: a candidate is written once."""

import django.db.models.deletion
from django.db import migrations, models

# What waits moves over. What is decided is only a candidate from now on.
MOVE = """
INSERT INTO nudges_waiting (candidate_id, workspace_id, customer_id, broadcast_id, is_urgent, due_at)
SELECT id, workspace_id, customer_id, broadcast_id, is_urgent, due_at FROM nudges_candidate WHERE state = 'due';
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE nudges_candidate DROP COLUMN state, DROP COLUMN is_urgent, DROP COLUMN due_at;
ALTER TABLE nudges_waiting ADD CONSTRAINT waiting_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id) DEFERRABLE INITIALLY DEFERRED;
SET CONSTRAINTS ALL DEFERRED;
"""
MOVE_BACK = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE nudges_candidate
    ADD COLUMN state varchar(8) NOT NULL DEFAULT 'decided', ADD COLUMN is_urgent boolean NOT NULL DEFAULT false,
    ADD COLUMN due_at timestamptz NOT NULL DEFAULT now(),
    ADD CONSTRAINT candidate_state_known CHECK (state IN ('due', 'decided'));
ALTER TABLE nudges_candidate
    ALTER COLUMN state DROP DEFAULT, ALTER COLUMN is_urgent DROP DEFAULT, ALTER COLUMN due_at DROP DEFAULT;
UPDATE nudges_candidate AS c SET state = 'due', is_urgent = w.is_urgent, due_at = w.due_at
FROM nudges_waiting AS w WHERE w.candidate_id = c.id;
CREATE INDEX candidates_due ON nudges_candidate (workspace_id, is_urgent DESC, due_at, customer_id) WHERE state = 'due';
CREATE INDEX candidates_of_customer ON nudges_candidate (customer_id) WHERE state = 'due';
CREATE INDEX candidates_of_broadcast ON nudges_candidate (broadcast_id) WHERE state = 'due' AND broadcast_id IS NOT NULL;
SET CONSTRAINTS ALL DEFERRED;
"""


def copied(to, **options):
    """A key that is the candidate's; the customer's is held by waiting_customer_in_workspace."""
    return models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to=to, **options
    )


class Migration(migrations.Migration):
    dependencies = [("nudges", "0027_refusals")]
    operations = [
        migrations.CreateModel(
            name="Waiting",
            fields=[
                (
                    "candidate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="waiting",
                        serialize=False,
                        to="nudges.candidate",
                    ),
                ),
                ("workspace", copied("engagement.workspace")),
                ("customer", copied("engagement.customer", related_name="+")),
                ("broadcast", copied("nudges.broadcast", null=True, related_name="waiting")),
                (
                    "is_urgent",
                    models.BooleanField(default=False, help_text="Service: decided before any backlog."),
                ),
                ("due_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "-is_urgent", "due_at", "customer"], name="waiting_due"),
                    models.Index(fields=["customer"], name="waiting_of_customer"),
                    models.Index(
                        condition=models.Q(broadcast__isnull=False),
                        fields=["broadcast"],
                        name="waiting_of_broadcast",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            MOVE,
            MOVE_BACK,
            state_operations=[
                migrations.RemoveIndex("candidate", "candidates_due"),
                migrations.RemoveIndex("candidate", "candidates_of_customer"),
                migrations.RemoveIndex("candidate", "candidates_of_broadcast"),
                migrations.RemoveConstraint("candidate", "candidate_state_known"),
                migrations.RemoveField("candidate", "state"),
                migrations.RemoveField("candidate", "is_urgent"),
                migrations.RemoveField("candidate", "due_at"),
            ],
        ),
    ]
