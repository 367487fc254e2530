
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0007_idempotency_kept_whole'),
    ]

    operations = [
        migrations.AddField(
            model_name='address',
            name='details',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text='What a device told with it, such as the keys of a push subscription.'),
        ),
    ]
