"""What readers see stays while the next version of a guide is being written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("journeys", "0002_inferring")]
    operations = [
        migrations.AddField(
            model_name="guide",
            name="published_version",
            field=models.PositiveIntegerField(blank=True, help_text="What readers see.", null=True),
        ),
    ]
