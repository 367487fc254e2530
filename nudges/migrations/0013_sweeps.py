"""How far flows by condition have come in looking through all customers; and they hear of those with news."""

from django.db import migrations, models

# Flows that are live already: their workspaces leave word from now on (nudges.considering.listening).
LISTEN = """
UPDATE engagement_workspace AS workspace
SET event_readers = event_readers || ARRAY['fitting']::varchar(20)[]
WHERE NOT 'fitting' = ANY (event_readers) AND EXISTS (
    SELECT FROM nudges_flow AS flow JOIN nudges_flowversion AS version ON version.id = flow.version_id
    WHERE flow.workspace_id = workspace.id AND flow.state = 'live' AND version.trigger = 'condition'
);
"""
LISTEN_NO_MORE = """
UPDATE engagement_workspace SET event_readers = array_remove(event_readers, 'fitting')
WHERE 'fitting' = ANY (event_readers);
"""


class Migration(migrations.Migration):
    dependencies = [("nudges", "0012_variants")]

    operations = [
        migrations.AddField(
            model_name="flow",
            name="swept_to",
            field=models.PositiveBigIntegerField(
                default=0,
                db_default=0,
                help_text="The last customer looked at on this way through all; 0: none yet.",
            ),
        ),
        migrations.AddField(
            model_name="flow",
            name="swept_at",
            field=models.DateTimeField(blank=True, help_text="When it last looked through some.", null=True),
        ),
        migrations.RunSQL(LISTEN, LISTEN_NO_MORE),
    ]
