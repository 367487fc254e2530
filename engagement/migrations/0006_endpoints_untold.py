"""Who is still to be told that a webhook endpoint was switched off by itself."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0005_webhooks")]

    operations = [
        migrations.AddField(
            model_name="endpoint",
            name="untold",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                blank=True,
                db_default=[],
                default=list,
                help_text="Members to whom a mail shall still say that it was switched off.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="endpoint",
            name="tell_at",
            field=models.DateTimeField(blank=True, help_text="When they are written to.", null=True),
        ),
        migrations.AddIndex(
            model_name="endpoint",
            index=models.Index(
                fields=["tell_at"],
                condition=models.Q(("tell_at__isnull", False)),
                name="endpoints_untold",
            ),
        ),
        migrations.AddConstraint(
            model_name="endpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("tell_at", None), ("untold", [])),
                    models.Q(
                        ("is_enabled", False),
                        ("tell_at__isnull", False),
                        models.Q(("untold", []), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="endpoint_off_tells_members",
            ),
        ),
    ]
