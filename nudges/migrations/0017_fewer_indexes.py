"""Every index of a message is written at its deciding and at each of the three steps of its sending: two fewer.

Concurrently, so that messages are written meanwhile; if it is broken off, drop what is left of `messages_of_workspace` and
run it again.
"""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("engagement", "0008_sealed_factors"), ("nudges", "0016_of_one_workspace_all")]

    operations = [
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["workspace", "-decided_at", "-id"],
                include=["interest", "counts"],
                name="messages_of_workspace",
            ),
        ),
        RemoveIndexConcurrently("message", "messages_recent"),
        RemoveIndexConcurrently("message", "messages_counting"),
        migrations.AlterField(
            "message",
            "category",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="engagement.category"
            ),
        ),
    ]
