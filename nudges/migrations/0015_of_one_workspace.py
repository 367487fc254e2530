"""Candidates and messages are of a customer of their own workspace: one look instead of two that let them differ.

What is there already is looked at by the migration after this one, which keeps nobody from writing meanwhile.
"""

import django.db.models.deletion
from django.db import migrations, models

HOLD = """
ALTER TABLE nudges_candidate ADD CONSTRAINT candidate_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    DEFERRABLE INITIALLY DEFERRED NOT VALID;
ALTER TABLE nudges_message ADD CONSTRAINT message_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    DEFERRABLE INITIALLY DEFERRED NOT VALID;
"""
LET_GO = """
ALTER TABLE nudges_candidate DROP CONSTRAINT candidate_customer_in_workspace;
ALTER TABLE nudges_message DROP CONSTRAINT message_customer_in_workspace;
"""


def unheld(model_name: str, related_name: str) -> list[migrations.AlterField]:
    """Workspace and customer, no longer each by a constraint of its own."""
    of = {"on_delete": django.db.models.deletion.CASCADE, "db_index": False, "db_constraint": False}
    return [
        migrations.AlterField(
            model_name=model_name,
            name="workspace",
            field=models.ForeignKey(to="engagement.workspace", **of),
        ),
        migrations.AlterField(
            model_name=model_name,
            name="customer",
            field=models.ForeignKey(to="engagement.customer", related_name=related_name, **of),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("nudges", "0014_taken")]

    operations = [
        migrations.RunSQL(HOLD, LET_GO),
        *unheld("candidate", "candidates"),
        *unheld("message", "messages"),
    ]
