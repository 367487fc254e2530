"""Reviews that nobody confirmed are found by their age, and merges that reviews have not absorbed without a scan."""

from django.db import migrations, models

MERGES = """
CREATE INDEX merges_due_for_reviews ON engagement_merge (id)
WHERE NOT (absorbed_by @> ARRAY['reviews']::varchar(20)[])
"""


class Migration(migrations.Migration):
    dependencies = [("engagement", "0001_initial"), ("reviews", "0004_fit")]
    operations = [
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("status", "unconfirmed")),
                fields=["submitted_at"],
                name="reviews_unconfirmed",
            ),
        ),
        migrations.RunSQL(MERGES, "DROP INDEX merges_due_for_reviews"),
    ]
