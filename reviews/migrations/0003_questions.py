"""Questions and answers, owners who are asked, and reports."""

from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_moderation")]
    replaces = [("reviews", "0008_questions_owners_reports")]
    operations = [
        migrations.CreateModel(
            "Post",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("product", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="posts", to="engagement.product"
                )),
                ("kind", models.CharField(
                    choices=[("question", "Question"), ("answer", "Answer")], max_length=8
                )),
                ("question", models.ForeignKey(
                    blank=True, null=True, on_delete=models.CASCADE, related_name="answers", to="reviews.post"
                )),
                ("customer", models.ForeignKey(
                    blank=True, null=True, on_delete=models.CASCADE, related_name="posts",
                    to="engagement.customer"
                )),
                ("is_company", models.BooleanField(default=False, help_text="The company answers.")),
                ("is_owner", models.BooleanField(
                    default=False, help_text="An order of its author stands behind the answer."
                )),
                ("author_name", models.CharField(max_length=80)),
                ("body", models.TextField(max_length=2000)),
                ("language", models.CharField(default="en", max_length=16)),
                ("incentive", models.CharField(
                    blank=True, db_default="", help_text="What an owner got for their review; shown.",
                    max_length=120
                )),
                ("situation", models.JSONField(
                    blank=True, default=dict, help_text="Of who asks: owners like them are asked."
                )),
                ("need_slug", models.CharField(blank=True, max_length=60)),
                ("status", models.CharField(
                    choices=[
                        ("unconfirmed", "Waiting for the author's confirmation"),
                        ("pending", "Waiting for moderation"), ("published", "Published"),
                        ("rejected", "Rejected")
                    ],
                    default="pending", max_length=12
                )),
                ("rejection_reason", models.CharField(blank=True, max_length=20)),
                ("flags", models.JSONField(blank=True, default=list)),
                ("is_program_asked", models.BooleanField(
                    db_default=False, default=False, help_text="The company's own program was asked about it."
                )),
                ("waiting_since", models.DateTimeField(blank=True, null=True)),
                ("submitted_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("ask_owners_at", models.DateTimeField(
                    blank=True, help_text="When owners who agreed are to be asked.", null=True
                )),
                ("tell_asker_at", models.DateTimeField(
                    blank=True, help_text="When who asked is to be told of this answer.", null=True
                )),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["product", "-published_at"],
                        condition=models.Q(kind="question", status="published"), name="questions_shown"
                    ),
                    models.Index(
                        fields=["workspace", "waiting_since"],
                        condition=models.Q(waiting_since__isnull=False), name="posts_to_moderate"
                    ),
                    models.Index(fields=["workspace", "kind", "-submitted_at"], name="posts_recent"),
                    models.Index(
                        fields=["ask_owners_at"], condition=models.Q(ask_owners_at__isnull=False),
                        name="questions_for_owners"
                    ),
                    models.Index(
                        fields=["tell_asker_at"], condition=models.Q(tell_asker_at__isnull=False),
                        name="answers_to_tell"
                    ),
                    models.Index(
                        fields=["submitted_at"], condition=models.Q(status="unconfirmed"),
                        name="posts_unconfirmed"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(status__in=["unconfirmed", "pending", "published", "rejected"]),
                        name="post_status_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(kind="question", question=None)
                        | models.Q(kind="answer", question__isnull=False),
                        name="answer_has_question"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(customer=None, is_company=True)
                        | models.Q(customer__isnull=False, is_company=False),
                        name="post_has_author"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(status="pending") | models.Q(waiting_since__isnull=False),
                        name="pending_post_waits"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(status="rejected") | ~models.Q(rejection_reason=""),
                        name="post_rejection_says_why"
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(status="published") | models.Q(published_at__isnull=False),
                        name="published_post_dated"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Owner",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="owned", to="engagement.customer"
                )),
                ("product", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="owners", to="engagement.product"
                )),
                ("situation", models.JSONField(blank=True, default=dict)),
                ("agreed_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(
                    blank=True, help_text="Last, about anything they own.", null=True
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "product"), name="owner_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "OwnerAsked",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("question", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="asked", to="reviews.post"
                )),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="+", to="engagement.customer"
                )),
                ("asked_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("question", "customer"), name="owner_asked_once"),
                ],
            },
        ),
        migrations.CreateModel(
            "Report",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("review", models.ForeignKey(
                    null=True, on_delete=models.CASCADE, related_name="reports", to="reviews.review"
                )),
                ("post", models.ForeignKey(
                    null=True, on_delete=models.CASCADE, related_name="reports", to="reviews.post"
                )),
                ("reporter", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=20)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["workspace", "at"], condition=models.Q(resolved_at=None), name="reports_open"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("review", "reporter"), name="report_of_review_once"),
                    models.UniqueConstraint(fields=("post", "reporter"), name="report_of_post_once"),
                    models.CheckConstraint(
                        condition=models.Q(post__isnull=False, review=None)
                        | models.Q(post=None, review__isnull=False),
                        name="report_of_one_thing"
                    ),
                ],
            },
        ),
    ]
