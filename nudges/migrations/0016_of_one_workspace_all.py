"""What 0015 holds of new candidates and messages is held of all; reading them through keeps nobody from writing."""

from django.db import migrations

ALL = """
ALTER TABLE nudges_candidate VALIDATE CONSTRAINT candidate_customer_in_workspace;
ALTER TABLE nudges_message VALIDATE CONSTRAINT message_customer_in_workspace;
"""


class Migration(migrations.Migration):
    dependencies = [("nudges", "0015_of_one_workspace")]

    operations = [migrations.RunSQL(ALL, migrations.RunSQL.noop)]
