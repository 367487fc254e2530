"""Imports: files, their lines, and where an imported review is from."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Neither a line nor an origin can belong to a file of another workspace.
ONE_WORKSPACE = """
ALTER TABLE reviews_reviewimportline ADD CONSTRAINT import_line_in_workspace
    FOREIGN KEY (workspace_id, batch_id) REFERENCES reviews_reviewimport (workspace_id, id) ON DELETE CASCADE
    DEFERRABLE INITIALLY DEFERRED;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0008_channels'),
        ('reviews', '0008_questions_owners_reports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='review',
            name='imported_from',
            field=models.CharField(blank=True, db_default='', help_text='The system that it was first written in.', max_length=20),
        ),
        migrations.AddField(
            model_name='review',
            name='is_verified_there',
            field=models.BooleanField(help_text='Whether that system said that its author bought it; empty: it did not say.', null=True),
        ),
        migrations.CreateModel(
            name='ReviewImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=200)),
                ('digest', models.CharField(help_text='SHA-256 of the file.', max_length=64)),
                ('source', models.CharField(help_text='A format of `reviews.importing.formats`.', max_length=20)),
                ('columns', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ('mapping', models.JSONField(default=dict, help_text='{what we keep: the column it stands in}')),
                ('day_first', models.BooleanField(help_text='For dates such as 03/04/2024; empty: not known.', null=True)),
                ('missing_products', models.CharField(choices=[('refuse', "Don't import the line"), ('stub', 'Make a product without a page, to be completed later')], default='refuse', max_length=8)),
                ('unstated', models.CharField(choices=[('publish', 'Publish it'), ('queue', 'Let a moderator decide')], default='publish', max_length=8)),
                ('state', models.CharField(choices=[('uploaded', 'Uploaded'), ('checking', 'Being checked'), ('checked', 'Checked'), ('running', 'Being imported'), ('stopped', 'Stopped'), ('done', 'Imported'), ('undoing', 'Being undone'), ('undone', 'Undone')], default='uploaded', max_length=8)),
                ('line_count', models.PositiveIntegerField(default=0)),
                ('done_count', models.PositiveIntegerField(default=0, help_text='Lines that the present state is done with.')),
                ('counts', models.JSONField(default=dict, help_text='{outcome: lines}, as far as done.')),
                ('uploaded_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='review_imports', to='engagement.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='ReviewImportLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='Where it begins in the file, from 1.')),
                ('cells', models.JSONField(help_text="In the order of the import's columns; more of them when it had more.")),
                ('parsed', models.JSONField(help_text='As `reviews.importing.lines.Parsed`.', null=True)),
                ('external_id', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField(help_text='When it was written.', null=True)),
                ('outcome', models.CharField(blank=True, choices=[('ready', 'Can be imported'), ('imported', 'Imported'), ('known', 'Imported before'), ('earlier', 'Kept with a newer review of the same person'), ('refused', 'Not imported'), ('undone', 'Taken out again')], max_length=8)),
                ('message', models.TextField(blank=True)),
                ('review_id', models.BigIntegerField(null=True)),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='reviews.reviewimport')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='ReviewOrigin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=20)),
                ('external_id', models.CharField(help_text='Its id there; without one, a digest of the line.', max_length=200)),
                ('columns', models.JSONField(help_text='{column: value} as in the file')),
                ('is_shown', models.BooleanField(help_text='False: an older text of the same person about the same product.')),
                ('imported_at', models.DateTimeField()),
                ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='origins', to='reviews.reviewimport')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='origins', to='reviews.review')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace')),
            ],
        ),
        migrations.AddIndex(
            model_name='reviewimport',
            index=models.Index(condition=models.Q(('state__in', ['checking', 'running', 'undoing'])), fields=['changed_at'], name='review_imports_at_work'),
        ),
        migrations.AddIndex(
            model_name='reviewimport',
            index=models.Index(fields=['workspace', '-uploaded_at'], name='review_imports_recent'),
        ),
        migrations.AddConstraint(
            model_name='reviewimport',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['uploaded', 'checking', 'checked', 'running', 'stopped', 'done', 'undoing', 'undone'])), name='review_import_state_known'),
        ),
        migrations.AddConstraint(
            model_name='reviewimport',
            constraint=models.UniqueConstraint(fields=('workspace', 'id'), name='review_import_in_workspace'),
        ),
        migrations.AddIndex(
            model_name='reviewimportline',
            index=models.Index(condition=models.Q(('outcome', '')), fields=['batch', 'number'], name='import_lines_to_check'),
        ),
        migrations.AddIndex(
            model_name='reviewimportline',
            index=models.Index(condition=models.Q(('outcome', 'ready')), fields=['batch', '-at', 'number'], name='import_lines_ready'),
        ),
        migrations.AddIndex(
            model_name='reviewimportline',
            index=models.Index(fields=['batch', 'external_id'], name='import_lines_by_id'),
        ),
        migrations.AddIndex(
            model_name='reviewimportline',
            index=models.Index(condition=models.Q(('review_id__isnull', False)), fields=['review_id'], name='import_lines_by_review'),
        ),
        migrations.AddConstraint(
            model_name='reviewimportline',
            constraint=models.UniqueConstraint(fields=('batch', 'number'), name='import_line_once'),
        ),
        migrations.AddConstraint(
            model_name='reviewimportline',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', ''), ('outcome__in', ['ready', 'imported', 'known', 'earlier', 'refused', 'undone']), _connector='OR'), name='import_line_outcome_known'),
        ),
        migrations.AddConstraint(
            model_name='revieworigin',
            constraint=models.UniqueConstraint(fields=('workspace', 'source', 'external_id'), name='review_origin_once'),
        ),
        migrations.RunSQL(
            ONE_WORKSPACE, "ALTER TABLE reviews_reviewimportline DROP CONSTRAINT import_line_in_workspace"
        ),
    ]
