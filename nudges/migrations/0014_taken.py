"""A claim that was taken from a worker that seemed dead: it cannot say that it goes further."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("nudges", "0013_sweeps")]

    operations = [
        migrations.AddField(
            model_name="reach",
            name="is_taken",
            field=models.BooleanField(default=False, db_default=False),
        ),
    ]
