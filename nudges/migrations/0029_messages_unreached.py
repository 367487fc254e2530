"""What never came to anybody is found among all that did: who didn't get a nudge has not ignored it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("nudges", "0028_waiting")]
    operations = [
        migrations.AddIndex(
            "message",
            models.Index(
                condition=models.Q(state__in=["bounced", "failed"]),
                fields=["decided_at"],
                name="messages_unreached",
            ),
        ),
    ]
