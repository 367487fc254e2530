"""Whether a company gives its published reviews to feeds."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0009_imports")]
    operations = [
        migrations.AddField(
            model_name="reviewpolicy",
            name="gives_to_feeds",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Published reviews may be fetched by Google and Meta; readers and authors are told.",
            ),
        )
    ]
