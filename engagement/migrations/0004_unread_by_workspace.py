from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0003_customer_traits_told")]

    operations = [
        migrations.RemoveIndex(model_name="unread", name="unread_oldest"),
        migrations.AddIndex(
            model_name="unread",
            index=models.Index(fields=["reader", "workspace", "since"], name="unread_by_workspace"),
        ),
    ]
