"""An idempotency record is written with its answer, in one transaction: it is never without one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0006_keeping_events")]
    operations = [
        migrations.AlterField(
            model_name="idempotencyrecord", name="status", field=models.PositiveSmallIntegerField()
        ),
        migrations.AlterField(
            model_name="idempotencyrecord",
            name="response",
            field=models.JSONField(help_text='{"body": text, "headers": {name: value}}'),
        ),
    ]
