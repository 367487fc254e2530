"""Figures ready to show, an order by helpfulness, blocked words."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import reviews.models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0002_partitions_and_triggers'),
        ('reviews', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='RatingTally',
            fields=[
                ('product', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='tally', serialize=False, to='engagement.product')),
                ('stars', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), default=reviews.models.no_stars, help_text='How many gave 1 to 5.', size=5)),
                ('fits', models.JSONField(default=dict, help_text='{fit option: how many}')),
                ('published_count', models.PositiveIntegerField(default=0, help_text='With those that give no figure.')),
                ('verified_count', models.PositiveIntegerField(default=0)),
                ('stale_since', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='ReviewPolicy',
            fields=[
                ('workspace', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='review_policy', serialize=False, to='engagement.workspace')),
                ('blocked_words', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
            ],
        ),
        migrations.AddField(
            model_name='review',
            name='helpful_score',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Cast(models.F('helpful_count'), models.FloatField()), '+', models.Value(1.0)), '/', django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Cast(django.db.models.expressions.CombinedExpression(models.F('helpful_count'), '+', models.F('unhelpful_count')), models.FloatField()), '+', models.Value(2.0))), help_text='Mean of what the votes leave us to believe, from an even start.', output_field=models.FloatField()),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('status', 'published')), fields=['product', '-helpful_score', '-published_at', '-id'], name='reviews_by_help'),
        ),
        migrations.AddField(
            model_name='ratingtally',
            name='workspace',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace'),
        ),
        migrations.AddIndex(
            model_name='ratingtally',
            index=models.Index(condition=models.Q(('stale_since__isnull', False)), fields=['stale_since'], name='tallies_due'),
        ),
    ]
