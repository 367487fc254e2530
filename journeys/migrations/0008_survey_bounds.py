"""Answers belong to a customer of their own workspace, and their figures stand on a scale."""

from django.db import migrations

BOUND = """
ALTER TABLE journeys_surveyanswer ADD CONSTRAINT answer_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE journeys_surveyanswer ADD CONSTRAINT answer_scores_on_a_scale
    CHECK (cardinality(scores) <= 10 AND 0 <= ALL (scores) AND 10 >= ALL (scores))
"""
UNBOUND = """
ALTER TABLE journeys_surveyanswer DROP CONSTRAINT answer_customer_in_workspace;
ALTER TABLE journeys_surveyanswer DROP CONSTRAINT answer_scores_on_a_scale
"""


class Migration(migrations.Migration):
    dependencies = [("journeys", "0007_surveys")]

    operations = [migrations.RunSQL(BOUND, UNBOUND)]
