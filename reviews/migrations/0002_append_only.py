"""Moderation entries may only be added."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial"), ("engagement", "0002_partitions_and_triggers")]
    operations = [
        migrations.RunSQL(
            """CREATE TRIGGER moderation_append_only BEFORE UPDATE OR DELETE ON reviews_moderationentry
               FOR EACH ROW EXECUTE FUNCTION touchstone_refuse_change();""",
            "DROP TRIGGER moderation_append_only ON reviews_moderationentry;",
        )
    ]
