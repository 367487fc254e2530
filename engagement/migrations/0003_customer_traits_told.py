from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0002_partitions_and_triggers")]
    operations = [
        migrations.AddField(
            model_name="customer",
            name="traits_told",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="When each trait was told, in ms: calls arrive out of order.",
            ),
        ),
    ]
