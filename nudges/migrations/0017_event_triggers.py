"""Nudges that an event starts, and who waits since such an event."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


BOUND = """
ALTER TABLE nudges_entry ADD CONSTRAINT entry_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    DEFERRABLE INITIALLY DEFERRED;
"""
UNBOUND = "ALTER TABLE nudges_entry DROP CONSTRAINT entry_customer_in_workspace;"

# What has settled a candidate that an event started: the event that happened since and says that it is not wanted any
# more; null while nothing has. Asked when deciding and again when sending.
SETTLED_BY = """
CREATE FUNCTION nudges_settled_by(candidate bigint, now timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT 'event:' || (exit ->> 'event')
    FROM nudges_entry AS entry
    JOIN nudges_nudge AS nudge ON nudge.id = entry.nudge_id
    CROSS JOIN LATERAL jsonb_array_elements(nudge.trigger_unless) WITH ORDINALITY AS given (exit, place)
    WHERE entry.candidate_id = candidate
      AND EXISTS (
          SELECT FROM engagement_event AS since
          WHERE since.customer_id = entry.customer_id AND since.workspace_id = entry.workspace_id
            AND since.id <> entry.event_id AND since.name = exit ->> 'event'
            AND since.occurred_at BETWEEN entry.event_at AND now AND since.received_at >= entry.event_at
            AND (exit ->> 'same' IS NULL OR since.properties #> string_to_array(exit ->> 'same', '.') = (
                SELECT started.properties #> string_to_array(exit ->> 'same', '.')
                FROM engagement_event AS started
                WHERE started.customer_id = entry.customer_id AND started.id = entry.event_id
            ))
      )
    ORDER BY given.place
    LIMIT 1
$$;
"""
UNSETTLED = "DROP FUNCTION nudges_settled_by(bigint, timestamptz);"


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0010_event_readers'),
        ('journeys', '0009_guide_audience_and_schedule'),
        ('nudges', '0016_opens_and_clicks'),
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.BigIntegerField()),
                ('event_name', models.CharField(max_length=200)),
                ('event_at', models.DateTimeField()),
                ('product_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, help_text='Products of the catalogue that the event names.', size=None)),
                ('due_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting for its time'), ('done', 'Put forward')], default='waiting', max_length=8)),
                ('candidate_id', models.BigIntegerField(null=True)),
            ],
            options={
                'verbose_name_plural': 'entries',
            },
        ),
        migrations.AddField(
            model_name='nudge',
            name='trigger_delay_seconds',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='From the event until it is put forward.'),
        ),
        migrations.AddField(
            model_name='nudge',
            name='trigger_event',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
        migrations.AddField(
            model_name='nudge',
            name='trigger_since',
            field=models.DateTimeField(blank=True, help_text='Events from then on start it; null: it never listened to any.', null=True),
        ),
        migrations.AddField(
            model_name='nudge',
            name='trigger_unless',
            field=models.JSONField(blank=True, db_default=[], default=list, help_text='Not when one of these happened since: [{"event": name, "same": property or absent}].'),
        ),
        migrations.AddField(
            model_name='nudge',
            name='trigger_where',
            field=models.JSONField(blank=True, db_default=[], default=list, help_text="Tests on the event's properties, as the condition language writes them."),
        ),
        migrations.AlterField(
            model_name='nudge',
            name='trigger',
            field=models.CharField(choices=[('stage_change', 'A need reaches a stage'), ('broadcast', 'Sent to everyone a condition fits'), ('api', 'Put forward by the API'), ('event', 'An event happens')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='nudge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('trigger', 'event'), _negated=True), models.Q(('trigger_event', ''), _negated=True), _connector='OR'), name='event_trigger_names_an_event'),
        ),
        migrations.AddConstraint(
            model_name='nudge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'active'), ('trigger', 'event'), _negated=True), ('trigger_since__isnull', False), _connector='OR'), name='active_event_trigger_has_a_beginning'),
        ),
        migrations.AddConstraint(
            model_name='nudge',
            constraint=models.CheckConstraint(condition=models.Q(('trigger_delay_seconds__lte', 31622400)), name='trigger_delay_up_to_a_year'),
        ),
        migrations.AddField(
            model_name='entry',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='engagement.customer'),
        ),
        migrations.AddField(
            model_name='entry',
            name='nudge',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='nudges.nudge'),
        ),
        migrations.AddField(
            model_name='entry',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['workspace', 'due_at'], name='entries_due'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['workspace', 'due_at', 'id'], name='entries_by_age'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(fields=('nudge', 'event_id'), name='entry_once_an_event'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('candidate_id__isnull', False)), fields=('candidate_id',), name='entry_of_candidate'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'done'])), name='entry_state_known'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(('due_at__gte', models.F('event_at'))), name='entry_due_after_its_event'),
        ),
        migrations.RunSQL(BOUND, UNBOUND),
        migrations.RunSQL(SETTLED_BY, UNSETTLED),
    ]
