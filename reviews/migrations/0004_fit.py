"""Fit for people like you: what is asked, what was learned, sums by category and product, and what is due."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0002_partitions_and_triggers'),
        ('reviews', '0003_figures_and_helpfulness'),
    ]

    operations = [
        migrations.CreateModel(
            name='FitCategory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('learned', models.JSONField(help_text='Where it differs from what the topic learned.', null=True)),
                ('cells', models.JSONField(default=list)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='FitDue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('product', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='engagement.product')),
            ],
        ),
        migrations.CreateModel(
            name='FitTopic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(help_text="The need's slug, as reviews carry it.", max_length=60)),
                ('attributes', models.JSONField(default=list, help_text='[{"key", "label", "kind", "options"}] as last asked.')),
                ('options', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, help_text='Answers to the fit question.', size=None)),
                ('good_option', models.CharField(blank=True, help_text='The answer that means a good fit; empty: the best liked one.', max_length=60)),
                ('liked_option', models.CharField(blank=True, help_text='Whose authors give most stars.', max_length=60)),
                ('holdout_percent', models.PositiveSmallIntegerField(default=0, help_text='Share of readers who are shown no fit for people like them, to compare with.')),
                ('half_life_days', models.PositiveIntegerField(blank=True, help_text='After how long a review counts half; empty: it stays as good as new.', null=True)),
                ('scales', models.JSONField(default=list)),
                ('learned', models.JSONField(default=dict)),
                ('everywhere', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), default=list, help_text='Shares of the options over all categories.', size=None)),
                ('gains', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), default=list, help_text='By attribute: what knowing it improves a forecast by, in nats.', size=None)),
                ('learned_from', models.PositiveIntegerField(default=0, help_text='Reviews at that time.')),
                ('learned_at', models.DateTimeField(null=True)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fit_topics', to='engagement.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='FitSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cells', models.JSONField(default=list)),
                ('authors', models.JSONField(default=list, help_text='By cell: the most helpful reviews in it.')),
                ('review_count', models.PositiveIntegerField(default=0)),
                ('signature', models.CharField(blank=True, help_text='Of the reviews it was made from.', max_length=80)),
                ('made_at', models.DateTimeField()),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sheets', to='reviews.fitcategory')),
                ('product', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='fit_sheets', to='engagement.product')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace')),
                ('topic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sheets', to='reviews.fittopic')),
            ],
        ),
        migrations.AddField(
            model_name='fitcategory',
            name='topic',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='reviews.fittopic'),
        ),
        migrations.AddConstraint(
            model_name='fittopic',
            constraint=models.UniqueConstraint(fields=('workspace', 'slug'), name='fit_topic_once'),
        ),
        migrations.AddConstraint(
            model_name='fittopic',
            constraint=models.CheckConstraint(condition=models.Q(('holdout_percent__lte', 100)), name='fit_holdout_percent'),
        ),
        migrations.AddConstraint(
            model_name='fitsheet',
            constraint=models.UniqueConstraint(fields=('product', 'topic'), name='fit_sheet_once'),
        ),
        migrations.AddConstraint(
            model_name='fitcategory',
            constraint=models.UniqueConstraint(fields=('topic', 'name'), name='fit_category_once'),
        ),
    ]
