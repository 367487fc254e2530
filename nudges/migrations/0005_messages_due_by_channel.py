"""Claims are for one channel: what waits for another, such as one whose provider is down, is not looked through."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("nudges", "0004_deciding_functions")]
    operations = [
        migrations.RemoveIndex(model_name="message", name="messages_due"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                models.F("channel"),
                models.F("workspace"),
                models.OrderBy(
                    models.ExpressionWrapper(Q(promise="service"), output_field=models.BooleanField()), descending=True
                ),
                models.F("next_attempt_at"),
                condition=Q(state="decided"),
                name="messages_due",
            ),
        ),
    ]
