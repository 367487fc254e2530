"""Questions and answers, owners who may be asked, reports; decisions taken back together."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0008_channels'),
        ('reviews', '0007_page_versions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Owner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('situation', models.JSONField(blank=True, default=dict)),
                ('agreed_at', models.DateTimeField()),
                ('asked_at', models.DateTimeField(blank=True, help_text='Last, about anything they own.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='OwnerAsked',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('question', 'Question'), ('answer', 'Answer')], max_length=8)),
                ('is_company', models.BooleanField(default=False, help_text='The company answers.')),
                ('is_owner', models.BooleanField(default=False, help_text='An order of its author stands behind the answer.')),
                ('author_name', models.CharField(max_length=80)),
                ('body', models.TextField(max_length=2000)),
                ('language', models.CharField(default='en', max_length=16)),
                ('situation', models.JSONField(blank=True, default=dict, help_text='Of who asks: owners like them are asked.')),
                ('need_slug', models.CharField(blank=True, max_length=60)),
                ('status', models.CharField(choices=[('unconfirmed', "Waiting for the author's confirmation"), ('pending', 'Waiting for moderation'), ('published', 'Published'), ('rejected', 'Rejected')], default='pending', max_length=12)),
                ('rejection_reason', models.CharField(blank=True, max_length=20)),
                ('flags', models.JSONField(blank=True, default=list)),
                ('waiting_since', models.DateTimeField(blank=True, null=True)),
                ('submitted_at', models.DateTimeField()),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('ask_owners_at', models.DateTimeField(blank=True, help_text='When owners who agreed are to be asked.', null=True)),
                ('tell_asker_at', models.DateTimeField(blank=True, help_text='When who asked is to be told of this answer.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reporter', models.CharField(max_length=64)),
                ('reason', models.CharField(max_length=20)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='moderationentry',
            name='batch',
            field=models.CharField(blank=True, help_text='Decisions made, and taken back, together.', max_length=32),
        ),
        migrations.AddField(
            model_name='moderationentry',
            name='post_id',
            field=models.BigIntegerField(db_index=True, help_text='A question or an answer instead.', null=True),
        ),
        migrations.AddField(
            model_name='reviewpolicy',
            name='asks_owners',
            field=models.BooleanField(default=True, help_text="Owners who agreed are asked readers' questions."),
        ),
        migrations.AddField(
            model_name='reviewpolicy',
            name='incentives',
            field=models.CharField(blank=True, help_text='What authors get for writing, whatever they write; shown to readers.', max_length=500),
        ),
        migrations.AlterField(
            model_name='moderationentry',
            name='review_id',
            field=models.BigIntegerField(db_index=True, null=True),
        ),
        migrations.AddIndex(
            model_name='moderationentry',
            index=models.Index(fields=['workspace', 'actor', '-id'], name='moderation_by_actor'),
        ),
        migrations.AddIndex(
            model_name='moderationentry',
            index=models.Index(fields=['workspace', 'at'], name='moderation_recent'),
        ),
        migrations.AddConstraint(
            model_name='moderationentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('post_id__isnull', False), ('review_id', None)), models.Q(('post_id', None), ('review_id__isnull', False)), _connector='OR'), name='moderation_of_one_thing'),
        ),
        migrations.AddField(
            model_name='owner',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='owned', to='engagement.customer'),
        ),
        migrations.AddField(
            model_name='owner',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='owners', to='engagement.product'),
        ),
        migrations.AddField(
            model_name='owner',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace'),
        ),
        migrations.AddField(
            model_name='ownerasked',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='engagement.customer'),
        ),
        migrations.AddField(
            model_name='ownerasked',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace'),
        ),
        migrations.AddField(
            model_name='post',
            name='customer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='posts', to='engagement.customer'),
        ),
        migrations.AddField(
            model_name='post',
            name='product',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='posts', to='engagement.product'),
        ),
        migrations.AddField(
            model_name='post',
            name='question',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='reviews.post'),
        ),
        migrations.AddField(
            model_name='post',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace'),
        ),
        migrations.AddField(
            model_name='ownerasked',
            name='question',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='asked', to='reviews.post'),
        ),
        migrations.AddField(
            model_name='report',
            name='post',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='reviews.post'),
        ),
        migrations.AddField(
            model_name='report',
            name='review',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='reviews.review'),
        ),
        migrations.AddField(
            model_name='report',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='engagement.workspace'),
        ),
        migrations.AddConstraint(
            model_name='owner',
            constraint=models.UniqueConstraint(fields=('customer', 'product'), name='owner_once'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=models.Q(('kind', 'question'), ('status', 'published')), fields=['product', '-published_at'], name='questions_shown'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=models.Q(('waiting_since__isnull', False)), fields=['workspace', 'waiting_since'], name='posts_to_moderate'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(fields=['workspace', 'kind', '-submitted_at'], name='posts_recent'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=models.Q(('ask_owners_at__isnull', False)), fields=['ask_owners_at'], name='questions_for_owners'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=models.Q(('tell_asker_at__isnull', False)), fields=['tell_asker_at'], name='answers_to_tell'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=models.Q(('status', 'unconfirmed')), fields=['submitted_at'], name='posts_unconfirmed'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['unconfirmed', 'pending', 'published', 'rejected'])), name='post_status_known'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'question'), ('question', None)), models.Q(('kind', 'answer'), ('question__isnull', False)), _connector='OR'), name='answer_has_question'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('customer', None), ('is_company', True)), models.Q(('customer__isnull', False), ('is_company', False)), _connector='OR'), name='post_has_author'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'pending'), _negated=True), ('waiting_since__isnull', False), _connector='OR'), name='pending_post_waits'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'rejected'), _negated=True), models.Q(('rejection_reason', ''), _negated=True), _connector='OR'), name='post_rejection_says_why'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'published'), _negated=True), ('published_at__isnull', False), _connector='OR'), name='published_post_dated'),
        ),
        migrations.AddConstraint(
            model_name='ownerasked',
            constraint=models.UniqueConstraint(fields=('question', 'customer'), name='owner_asked_once'),
        ),
        migrations.AddIndex(
            model_name='report',
            index=models.Index(condition=models.Q(('resolved_at', None)), fields=['workspace', 'at'], name='reports_open'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('review', 'reporter'), name='report_of_review_once'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('post', 'reporter'), name='report_of_post_once'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('post__isnull', False), ('review', None)), models.Q(('post', None), ('review__isnull', False)), _connector='OR'), name='report_of_one_thing'),
        ),
    ]
