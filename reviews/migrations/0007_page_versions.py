"""A number for each product that rises whenever a page of its reviews would look different."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0006_versions_drafts_photos")]
    operations = [
        migrations.AddField(
            model_name="ratingtally",
            name="version",
            field=models.PositiveBigIntegerField(
                db_default=1, default=1, help_text="Raised by whatever changes a page of its reviews."
            ),
        )
    ]
