"""Finds who met a fit without reading all events. Reads every event once, and holds next to none of them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reviews", "0010_feeds"), ("engagement", "0010_event_readers")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX event_fit_seen ON engagement_event (workspace_id, received_at) WHERE name = 'Fit Seen'",
            "DROP INDEX event_fit_seen",
        )
    ]
