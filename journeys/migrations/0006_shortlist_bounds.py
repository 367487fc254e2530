"""Shortlists belong to a customer of their own workspace, and speak for stages where the default evidence does."""

from django.db import migrations

BOUND = """
ALTER TABLE journeys_shortlist ADD CONSTRAINT shortlist_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    DEFERRABLE INITIALLY DEFERRED
"""
UNBOUND = "ALTER TABLE journeys_shortlist DROP CONSTRAINT shortlist_customer_in_workspace"
# A workspace that weighs wishlists as we do gets the same for shortlists.
WEIGH = """
INSERT INTO journeys_evidenceweight (workspace_id, signal, stage, weight)
SELECT known.workspace_id, new.signal, new.stage, new.weight
FROM journeys_evidenceweight AS known
CROSS JOIN (VALUES
    ('shortlist item added', 'shortlist', 3.0),
    ('shortlist item removed', 'shortlist', -2.0),
    ('shortlist item checked', 'shortlist', 1.5),
    ('shortlist shared', 'shortlist', 2.0),
    ('shortlist friend answered', 'shortlist', 0.5),
    ('shortlist item chosen', 'purchase', 3.0)
) AS new (signal, stage, weight)
WHERE known.need_id IS NULL AND known.signal = 'product added to wishlist' AND known.stage = 'shortlist'
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("journeys", "0005_shortlists"), ("engagement", "0001_initial")]

    operations = [
        migrations.RunSQL(BOUND, UNBOUND),
        migrations.RunSQL(WEIGH, migrations.RunSQL.noop),
    ]
