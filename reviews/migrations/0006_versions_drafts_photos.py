"""Newer versions wait beside what readers see; drafts; photos."""

import django.db.models.deletion
from django.db import migrations, models


# What stands now: readers see the newest version, what is pending waits, and figures leave the words they came with.
MOVE = """
UPDATE reviews_review SET shown_version = version,
    waiting_since = CASE WHEN status = 'pending' THEN submitted_at END;
UPDATE reviews_reviewrating rating SET version = review.version FROM reviews_review review WHERE review.id = review_id;
UPDATE reviews_reviewversion SET
    figures = jsonb_build_object('overall', content -> 'overall', 'quality', content -> 'quality',
                                 'value', content -> 'value', 'fit', coalesce(content -> 'fit', '""')),
    content = content - '{overall,quality,value,fit}'::text[];
"""
MOVE_BACK = "UPDATE reviews_reviewversion SET content = content || figures;"


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0008_channels'),
        ('reviews', '0005_unconfirmed_reviews'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReviewDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fields', models.JSONField()),
                ('saved_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='ReviewPhoto',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Random: the address tells nothing.', max_length=40, unique=True)),
                ('alt', models.CharField(blank=True, help_text='What is to be seen, by the author.', max_length=150)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('thumb_width', models.PositiveIntegerField()),
                ('thumb_height', models.PositiveIntegerField()),
                ('size', models.PositiveIntegerField(help_text='Bytes of both files.')),
                ('since', models.PositiveIntegerField()),
                ('until', models.PositiveIntegerField(blank=True, null=True)),
                ('added_at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name='review',
            name='reviews_waiting',
        ),
        migrations.AddField(
            model_name='review',
            name='appeal',
            field=models.TextField(blank=True, help_text='Why its author wants it looked at once more.'),
        ),
        migrations.AddField(
            model_name='review',
            name='edit',
            field=models.JSONField(blank=True, help_text='Words of the newest version, where readers see an older one.', null=True),
        ),
        migrations.AddField(
            model_name='review',
            name='replaced_version',
            field=models.PositiveIntegerField(blank=True, help_text='What readers saw before the last publication, to take that back.', null=True),
        ),
        migrations.AddField(
            model_name='review',
            name='shown_version',
            field=models.PositiveIntegerField(default=1, help_text='Which version these fields hold.'),
        ),
        migrations.AddField(
            model_name='review',
            name='tell_author_at',
            field=models.DateTimeField(blank=True, help_text='When its author is to be told that it was turned down.', null=True),
        ),
        migrations.AddField(
            model_name='review',
            name='waiting_since',
            field=models.DateTimeField(blank=True, help_text='Since when the newest version waits for a moderator.', null=True),
        ),
        migrations.AddField(
            model_name='reviewrating',
            name='version',
            field=models.PositiveIntegerField(default=1, help_text='Which version of the review gave them.'),
        ),
        migrations.AddField(
            model_name='reviewversion',
            name='figures',
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name='moderationentry',
            name='action',
            field=models.CharField(help_text='submit, hold, publish, reject, undo, resubmit, respond, appeal, withdraw', max_length=20),
        ),
        migrations.AlterField(
            model_name='review',
            name='version',
            field=models.PositiveIntegerField(default=1, help_text='The newest that its author wrote.'),
        ),
        migrations.AlterField(
            model_name='reviewversion',
            name='content',
            field=models.JSONField(help_text='The words.'),
        ),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('waiting_since__isnull', False)), fields=['workspace', 'waiting_since'], name='reviews_to_moderate'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('tell_author_at__isnull', False)), fields=['tell_author_at'], name='reviews_to_tell'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'pending'), _negated=True), ('waiting_since__isnull', False), _connector='OR'), name='pending_review_waits'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('waiting_since', None), ('status', 'pending'), models.Q(('edit__isnull', False), ('status', 'published')), _connector='OR'), name='waiting_review_has_news'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('edit', None), models.Q(('status', 'published'), ('version__gt', models.F('shown_version'))), _connector='OR'), name='edit_of_what_is_shown'),
        ),
        migrations.AddField(
            model_name='reviewdraft',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='review_drafts', to='engagement.customer'),
        ),
        migrations.AddField(
            model_name='reviewdraft',
            name='product',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='engagement.product'),
        ),
        migrations.AddField(
            model_name='reviewdraft',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace'),
        ),
        migrations.AddField(
            model_name='reviewphoto',
            name='review',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='photos', to='reviews.review'),
        ),
        migrations.AddField(
            model_name='reviewphoto',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace'),
        ),
        migrations.AddConstraint(
            model_name='reviewdraft',
            constraint=models.UniqueConstraint(fields=('customer', 'product'), name='one_draft_a_review'),
        ),
        migrations.AddIndex(
            model_name='reviewphoto',
            index=models.Index(condition=models.Q(('review', None)), fields=['added_at'], name='photos_without_review'),
        ),
        migrations.AddConstraint(
            model_name='reviewphoto',
            constraint=models.CheckConstraint(condition=models.Q(('until', None), ('until__gt', models.F('since')), _connector='OR'), name='photo_until_after_since'),
        ),
    ]
