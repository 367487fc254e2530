"""The language in which a member reads and is written to; empty: the browser's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0010_event_readers")]

    operations = [
        migrations.AddField(
            "member",
            "language",
            models.CharField(
                blank=True,
                default="",
                help_text="In which they read the dashboard and are written to; empty: the browser's.",
                max_length=16,
            ),
            preserve_default=False,
        ),
    ]
