"""Who waits since an event that starts a nudge, what settles that, and dry runs."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

BOUND = """
ALTER TABLE nudges_entry ADD CONSTRAINT entry_customer_in_workspace
    FOREIGN KEY (workspace_id, customer_id) REFERENCES engagement_customer (workspace_id, id)
    DEFERRABLE INITIALLY DEFERRED;
"""

# The products that an entry may ask about now: bought and kept, and not reviewed yet; of a follow-up, whose review stands and
# was not touched lately. Neither ratings nor replies are looked at: everybody is asked, or nobody.
PRODUCTS_TO_ASK = """
CREATE FUNCTION nudges_products_to_ask(entry_id bigint, now timestamptz) RETURNS bigint[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(product.id ORDER BY array_position(entry.product_ids, product.id)), '{}')
    FROM nudges_entry AS entry
    JOIN nudges_nudge AS nudge ON nudge.id = entry.nudge_id
    JOIN engagement_product AS product
        ON product.id = ANY (entry.product_ids) AND product.workspace_id = entry.workspace_id AND product.kind = 'own'
    LEFT JOIN reviews_review AS review ON review.customer_id = entry.customer_id AND review.product_id = product.id
    LEFT JOIN LATERAL (
        SELECT bought.properties ->> 'order_id' AS id
        FROM engagement_event AS bought
        WHERE bought.customer_id = entry.customer_id
          AND bought.id = CASE WHEN nudge.purpose = 'review' THEN entry.event_id ELSE review.order_event_id END
    ) AS placed ON true
    WHERE entry.id = entry_id
      AND CASE WHEN nudge.purpose = 'review'
            THEN review.id IS NULL AND NOT EXISTS ( -- bought again: asked about once a year
                SELECT FROM nudges_entry AS other
                JOIN nudges_message AS message ON message.candidate_id = other.candidate_id
                WHERE other.customer_id = entry.customer_id AND other.nudge_id = entry.nudge_id AND other.id <> entry.id
                  AND product.id = ANY (other.product_ids) AND message.decided_at > now - interval '365 days'
                  AND message.state NOT IN ('failed', 'bounced', 'cancelled')
            )
            ELSE review.status IN ('pending', 'published') AND NOT EXISTS (
                SELECT FROM reviews_reviewversion AS version
                WHERE version.review_id = review.id AND version.at > now - interval '14 days'
            )
          END
      AND NOT EXISTS (
          SELECT FROM engagement_event AS back
          WHERE back.customer_id = entry.customer_id AND back.workspace_id = entry.workspace_id
            AND back.name IN ('Order Refunded', 'Order Returned', 'Order Cancelled') AND back.occurred_at <= now
            AND back.properties ->> 'order_id' = placed.id
            AND (
                coalesce(jsonb_typeof(back.properties -> 'products'), '') <> 'array'
                OR back.properties -> 'products' = '[]'
                OR EXISTS (
                    SELECT FROM jsonb_array_elements(back.properties -> 'products') AS given (told)
                    WHERE product.sku IN (told ->> 'product_id', told ->> 'sku')
                )
            )
      )
$$;
"""

# What has settled a candidate that an event started: the event that happened since and says that it is not wanted any
# more; null while nothing has. Asked when deciding and again when sending.
SETTLED_BY_EVENT = """
CREATE FUNCTION nudges_settled_by_event(candidate bigint, now timestamptz) RETURNS text
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

# A nudge that asks about products is settled, too, when none is left to ask about.
SETTLED_BY = """
CREATE FUNCTION nudges_settled_by(candidate bigint, now timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nudges_settled_by_event(candidate, now), (
        SELECT 'products'
        FROM nudges_entry AS entry
        JOIN nudges_nudge AS nudge ON nudge.id = entry.nudge_id
        WHERE entry.candidate_id = candidate AND nudge.purpose LIKE 'review%'
          AND nudges_products_to_ask(entry.id, now) = '{}'
    ))
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("reviews", "0005_imports"),
        ("nudges", "0010_hearing")
    ]
    replaces = [
        ("nudges", "0017_event_triggers"), ("nudges", "0020_dry_runs"), ("nudges", "0023_review_requests")
    ]
    operations = [
        migrations.CreateModel(
            "Entry",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, to="engagement.workspace"
                )),
                ("customer", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="entries", to="engagement.customer"
                )),
                ("nudge", models.ForeignKey(
                    db_index=False, on_delete=models.CASCADE, related_name="entries", to="nudges.nudge"
                )),
                ("event_id", models.BigIntegerField()),
                ("event_name", models.CharField(max_length=200)),
                ("event_at", models.DateTimeField()),
                ("product_ids", ArrayField(
                    base_field=models.BigIntegerField(), default=list,
                    help_text="Products of the catalogue that the event names.", size=None
                )),
                ("subject", models.CharField(
                    blank=True, db_default="", default="", help_text="The order that it is about, if any.",
                    max_length=200
                )),
                ("due_at", models.DateTimeField()),
                ("state", models.CharField(
                    choices=[("waiting", "Waiting for its time"), ("done", "Put forward")], default="waiting",
                    max_length=8
                )),
                ("candidate_id", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name_plural": "entries",
                "indexes": [
                    models.Index(
                        fields=["workspace", "due_at"], condition=models.Q(state="waiting"),
                        name="entries_due"
                    ),
                    models.Index(fields=["workspace", "due_at", "id"], name="entries_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("nudge", "event_id"), name="entry_once_an_event"),
                    models.UniqueConstraint(
                        fields=("candidate_id",), condition=models.Q(candidate_id__isnull=False),
                        name="entry_of_candidate"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state__in=["waiting", "done"]), name="entry_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(due_at__gte=models.F("event_at")), name="entry_due_after_its_event"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "DryRun",
            [
                ("id", ID),
                ("workspace", models.ForeignKey(on_delete=models.CASCADE, to="engagement.workspace")),
                ("nudge", models.ForeignKey(
                    on_delete=models.CASCADE, related_name="dry_runs", to="nudges.nudge"
                )),
                ("nudge_version", models.PositiveIntegerField()),
                ("state", models.CharField(
                    choices=[
                        ("running", "Running"), ("done", "Done"), ("cancelled", "Cancelled"),
                        ("failed", "Failed")
                    ],
                    default="running", max_length=9
                )),
                ("at", models.DateTimeField(
                    help_text="The moment that is tried: everybody is asked as of it."
                )),
                ("started_at", models.DateTimeField()),
                ("started_by", models.ForeignKey(
                    null=True, on_delete=models.SET_NULL, to=settings.AUTH_USER_MODEL
                )),
                ("finished_at", models.DateTimeField(null=True)),
                ("audience", models.PositiveIntegerField(help_text="Counted when it was started.")),
                ("looked_at", models.PositiveIntegerField(default=0)),
                ("last_customer_id", models.BigIntegerField(default=0)),
                ("counts", models.JSONField(default=dict, help_text='{"<outcome>": {"<reason>": customers}}')),
                ("error", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["nudge", "-id"], name="dry_runs_of_nudge"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(state__in=["running", "done", "cancelled", "failed"]),
                        name="dry_run_state_known"
                    ),
                    models.UniqueConstraint(
                        fields=("nudge",), condition=models.Q(state="running"),
                        name="one_dry_run_of_a_nudge_at_a_time"
                    ),
                ],
            },
        ),
        migrations.RunSQL(BOUND, migrations.RunSQL.noop),
        migrations.RunSQL(
            PRODUCTS_TO_ASK,
            "DROP FUNCTION nudges_products_to_ask(bigint, timestamptz)",
        ),
        migrations.RunSQL(
            SETTLED_BY_EVENT,
            "DROP FUNCTION nudges_settled_by_event(bigint, timestamptz)",
        ),
        migrations.RunSQL(SETTLED_BY, "DROP FUNCTION nudges_settled_by(bigint, timestamptz)"),
    ]
